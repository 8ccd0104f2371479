"""The doorbell: after a commit that concerns the other runtimes on a store, they are woken within milliseconds.

It only saves time. A ring may be dropped, and a runtime may have no bell at all: whoever was not woken looks at
``PRAGMA data_version`` a little later and finds the same. So a bell never blocks and never fails.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from runtime.store.concern import Concern


class Doorbell(Protocol):
    """One runtime's bell, and its way to ring those of the others. A seam: simulations bring their own."""

    def listen(self, store: Path, owner: int, rung: Callable[[], object]) -> str:
        """Hear this owner's bell until ``close``; returns the address by which others ring it, "" if they can not.

        ``rung`` is called, from any thread, for the first ring after ``heard``.
        """
        ...

    def heard(self) -> Concern:
        """What was rung for since the last call."""
        ...

    def ring(self, address: str, concern: Concern) -> None:
        """Ring another owner's bell; never blocks, and a ring too many is dropped."""
        ...

    def remove(self, address: str) -> None:
        """The owner of the bell at this address is dead: take away what it left."""
        ...

    def close(self) -> None:
        """Hear no more. ``listen`` may be called again."""
        ...


class SilentDoorbell:
    """No bell: others are noticed by looking."""

    def listen(self, store: Path, owner: int, rung: Callable[[], object]) -> str:
        """Nobody can ring."""
        return ""

    def heard(self) -> Concern:
        """Nothing was rung for."""
        return Concern(0)

    def ring(self, address: str, concern: Concern) -> None:
        """Nobody hears."""

    def remove(self, address: str) -> None:
        """Nothing was left."""

    def close(self) -> None:
        """Nothing is open."""
