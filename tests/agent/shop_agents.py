"""An agent type of a service's own, as ``[modules]`` names it."""

import msgspec

from actors.agent import AgentInput, agent_type


class Length(msgspec.Struct, frozen=True):
    """How long a text is."""

    words: int


@agent_type("length")
def length(given: AgentInput) -> Length:
    """Count the words of the document."""
    return Length(len(given.text.split()))
