"""Crew: the runtimes on one simulated store, and what goes wrong with them.

One is the test's own; with the fault ``lost_lease`` there is a second one that takes over what the first one loses.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from actors.seams import ManualClock, SeededRandom
from runtime.settings import RuntimeSettings
from runtime.store.file import StoreFile
from runtime.testing.connection import FaultyConnection
from runtime.testing.driven import DrivenAssembly
from runtime.testing.machine import Machine
from runtime.testing.mischief import DrawnMischief
from runtime.testing.simulation import Simulation
from runtime.testing.turns import SeededQueue, TurnQueue

LEASE_SECONDS = 600.0
"""Where things go wrong and nothing else was chosen. Runtimes watch each other three times a lease."""


class Crew:
    """Puts the runtimes together, and lets things go wrong while it is told to."""

    def __init__(self, clock: ManualClock, seed: int, faults: Collection[str]) -> None:
        """Draw what will go wrong.

        Raises:
            UnknownFaultError: there is no such fault.
        """
        self.seed = seed
        self.chance = SeededRandom(seed)
        self.simulation = Simulation(clock, self.chance)
        self.mischief = DrawnMischief(self.simulation, self.chance, faults) if faults else None
        if self.mischief is not None:
            self.simulation.mischief, self.simulation.killed = self.mischief, self._killed
        self.runtimes: list[DrivenAssembly] = []

    def __repr__(self) -> str:
        return f"<Crew(seed={self.seed}, runtimes={len(self.runtimes)})>"

    def assembled(self, settings: RuntimeSettings, **parts: Any) -> DrivenAssembly:
        """The test's own runtime, and maybe another one of the same parts."""
        if self.mischief is not None and settings.lease_seconds == RuntimeSettings().lease_seconds:
            settings = msgspec.structs.replace(settings, lease_seconds=LEASE_SECONDS)
        first = self._made(settings, self.chance, parts)
        if self.mischief is not None and self.mischief.wants_peer:
            self._made(settings, SeededRandom(self.seed + 1), parts)
        return first

    def _made(self, settings: RuntimeSettings, random: SeededRandom, parts: dict[str, Any]) -> DrivenAssembly:
        faulty = None if self.mischief is None else self._faulty
        made = DrivenAssembly(
            settings, self.simulation, queue=self._queue, random=random, faulty=faulty, **parts
        )
        self.runtimes.append(made)
        if self.mischief is not None:
            self.mischief.runtimes.append(made)
        return made

    # -- life ---------------------------------------------------------------------------------------------------

    def start_others(self) -> None:
        """Start those besides the test's own."""
        for each in self.runtimes[1:]:
            each.start()

    def stop_others(self) -> None:
        """Stop them."""
        for each in self.runtimes[1:]:
            each.stop(0.0, fill_index=False)

    def kill(self) -> None:
        """End all of them as by kill -9."""
        for each in self.runtimes:
            each.kill()

    @contextmanager
    def in_trouble(self) -> Iterator[None]:
        """Meanwhile goes wrong what may; afterwards all of them run."""
        if self.mischief is None:
            yield
            return
        self.mischief.quiet = False
        try:
            yield
        finally:
            self.mischief.calm_down()
            self.simulation.drive(lambda: all(each.started for each in self.runtimes))

    def retire_mischief(self) -> None:
        """From now on nothing goes wrong any more."""
        if self.mischief is not None:
            self.mischief.retire()

    # -- seams --------------------------------------------------------------------------------------------------

    def _queue(self) -> TurnQueue:
        if not self.seed:
            return TurnQueue()
        slow = self.mischief.slow if self.mischief is not None else 0.0
        return SeededQueue(self.chance, slow, self.simulation.clock.monotonic)

    def _faulty(self, file: StoreFile) -> FaultyConnection:
        if self.mischief is None:
            raise RuntimeError("without mischief no connection is faulty")
        return FaultyConnection(file.connection, self.mischief, self._committed)

    def _committed(self, connection: object) -> None:
        self.simulation.note("committed")

    def _killed(self, machine: Machine) -> None:
        """A machine was killed in the middle of its turn."""
        for runtime in self.runtimes:
            if self.mischief is not None and runtime.machine is machine:
                self.mischief.kill(runtime)
