"""Pace: how many bodies of one step are worth having under way on a dispatcher that does them one after the other."""

from typing import Protocol

UNLIMITED = 1 << 30
"""Room for whatever there is."""
FEWEST_BODIES = 4
"""Of each step that has some, however many steps have."""


def shared_room(bodies: int, sharing: int) -> int:
    """The room of each of ``sharing`` steps, if one step alone should have so many bodies under way."""
    return max(bodies // sharing, FEWEST_BODIES)


class Pace(Protocol):
    """What the dispatchers say of their bodies."""

    def room(self, dispatcher: str, sharing: int) -> int:
        """Bodies that one of ``sharing`` steps should have there; at least one."""
        ...
