"""Doorbells between simulated runtimes: a ring comes at once, or is lost."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.store.concern import Concern

if TYPE_CHECKING:
    from tests.simulation.machine import Machine


class SimulatedDoorbell:
    """The bell of one runtime. See ``runtime.store.doorbell``."""

    def __init__(self, machine: "Machine") -> None:
        self._machine = machine
        self._bells = machine.world.bells
        self._address = ""
        self._concern = Concern(0)
        self._rung: Callable[[], object] = lambda: None

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
        if other is not None and other._machine.alive and not self._machine.world.loses_ring():
            first, other._concern = not other._concern, other._concern | concern
            if first:
                other._rung()

    def remove(self, address: str) -> None:
        """Its owner is dead."""
        self._bells.pop(address, None)

    def close(self) -> None:
        """Hear no more."""
        self._bells.pop(self._address, None)
