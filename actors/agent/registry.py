"""Which agent types a runtime has."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

import msgspec

from actors.agent.contract import AgentType
from actors.settings import Settings


class DuplicateAgentTypeError(ValueError):
    """Two agent types have one name."""


class AgentTypes(Mapping[str, AgentType]):
    """The agent types of one runtime by name; fixed once made."""

    def __init__(self, agent_types: Iterable[AgentType] = ()) -> None:
        self._types: dict[str, AgentType] = {}
        for each in agent_types:
            if not isinstance(each, AgentType):
                raise TypeError(f"{each!r} is no agent type: decorate the function with @agent_type(...)")
            if self._types.setdefault(each.name, each) is not each:
                raise DuplicateAgentTypeError(f"two agent types are called {each.name!r}: rename one")
            msgspec.json.Decoder(each.output_type)  # before several threads decode to it, see prepare_types

    def __repr__(self) -> str:
        return f"<AgentTypes({sorted(self._types)})>"

    def __getitem__(self, name: str) -> AgentType:
        return self._types[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def unknown(self, name: str) -> str:
        """What to say of a name that none has."""
        close = get_close_matches(name, self._types, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(sorted(self._types))}"
        return f"there is no agent type {name[:80]!r}; {hint}"


def agent_types_of(settings: Settings) -> AgentTypes:
    """The agent types of the runtime whose settings these are."""
    found = settings.agents
    return found if isinstance(found, AgentTypes) else AgentTypes()
