"""Documents for agents in tests."""

from typing import Any

from actors.agent.config import AgentConfig
from actors.agent.contract import AgentInput

TEXT = """# Places Search: restaurants near Wheelers Hill

Dr. Ada Lovelace met Charles Babbage in London on 5 May 1843. The University of Cambridge paid $2.5 million for the
engine, 12% of its budget, and Ada Lovelace wrote the first program for the engine.

Write to ada@example.org or visit <https://example.org/x>. The [museum](http://inside.example/z) in Wheelers Hill shows
the engine to everybody. Call +61 3 9561 1234.

```python
secret_code = "is no text"
```
"""


def given(text: str = TEXT, *, title: str = "Ada and the engine", **config: Any) -> AgentInput:
    """An input with that text and configuration."""
    whole = AgentConfig(**{"agent_type": "keyword_extractor", **config})
    return AgentInput(1, title, None, text, (), {}, whole, whole.options)
