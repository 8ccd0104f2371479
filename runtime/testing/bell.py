"""Doorbells between simulated runtimes: a ring comes at once, or is lost."""

from collections.abc import Callable
from pathlib import Path

from runtime.store.concern import Concern

Bells = dict[str, "SimulatedDoorbell"]
"""Those of one world, by their addresses."""


class SimulatedDoorbell:
    """The bell of one runtime. See ``runtime.store.doorbell``."""

    def __init__(
        self,
        bells: Bells,
        *,
        is_alive: Callable[[], bool] = lambda: True,
        loses_ring: Callable[[], bool] = lambda: False,
    ) -> None:
        """Make a bell among those; a ring is heard while ``is_alive``, and unless it ``loses_ring``."""
        self._bells = bells
        self.is_alive = is_alive
        self._loses_ring = loses_ring
        self._address = ""
        self._concern = Concern(0)
        self._rung: Callable[[], object] = lambda: None

    def __repr__(self) -> str:
        return f"<SimulatedDoorbell({self._address!r})>"

    def listen(self, store: Path, owner: int, rung: Callable[[], object]) -> str:
        """Hear this owner's bell."""
        self._rung = rung
        self._address = f"bell-{owner}"
        self._bells[self._address] = self
        return self._address

    def heard(self) -> Concern:
        """What was rung for."""
        concern, self._concern = self._concern, Concern(0)
        return concern

    def ring(self, address: str, concern: Concern) -> None:
        """Ring another's, if it lives and the ring is not lost."""
        other = self._bells.get(address)
        if other is not None and other.is_alive() and not self._loses_ring():
            other.rung_for(concern)

    def rung_for(self, concern: Concern) -> None:
        """Somebody rings this one."""
        first, self._concern = not self._concern, self._concern | concern
        if first:
            self._rung()

    def remove(self, address: str) -> None:
        """Its owner is dead."""
        self._bells.pop(address, None)

    def close(self) -> None:
        """Hear no more."""
        self._bells.pop(self._address, None)
