"""A runtime of a world: it draws its order of turns and its faults from the world's seed, and is judged by it."""

from typing import TYPE_CHECKING, Any

from actors.messages import Drained
from actors.seams import SeededRandom
from runtime.engine import EngineConfig
from runtime.settings import RuntimeSettings
from runtime.store.file import StoreFile
from runtime.testing.bell import SimulatedDoorbell
from runtime.testing.connection import FaultyConnection
from runtime.testing.machine import Machine as SimulatedMachine
from runtime.testing.machine import SimulatedAssembly
from runtime.testing.turns import SeededQueue
from tests.simulation.tasks import PlanManager

if TYPE_CHECKING:
    from tests.simulation.world import World

LEASE_SECONDS = 3.0
MAX_LOST = 3
DRAIN_SECONDS = 60.0
"""Beyond which a host would kill what does not end."""


class Machine(SimulatedMachine):
    """One of a world's runtimes."""

    queue: SeededQueue

    def __init__(self, world: "World", number: int) -> None:
        self.world = world
        self.number = number
        self.owner = 0  # its number in the store, once that is open
        settings = RuntimeSettings(
            store=world.path,
            synchronous="OFF",
            busy_timeout_seconds=0.0,
            lease_seconds=LEASE_SECONDS,
            max_lost=MAX_LOST,
        )
        queue = SeededQueue(world.chance, world.rates.slow, world.clock.monotonic)
        assembly = SimulatedAssembly(
            settings,
            workers=world.workers,
            managers=[PlanManager],
            clock=world.clock,
            random=SeededRandom(world.chance.getrandbits(32)),
            resources={"naming_fault": world.naming_fault},
            doorbell=SimulatedDoorbell(world.bells, is_alive=lambda: self.alive, loses_ring=world.loses_ring),
            faulty=self._faulty,
        )
        config = EngineConfig(encode_messages=world.encodes, turn_messages=world.turn_messages)
        super().__init__(assembly, queue, config)

    def __repr__(self) -> str:
        return f"<Machine({self.number})>"

    def _faulty(self, file: StoreFile) -> FaultyConnection:
        self.owner = file.owner
        self.world.owners[file.owner] = self
        return FaultyConnection(file.connection, self.world, self.committed)

    def committed(self, connection: Any) -> None:
        """A transaction of this runtime is durable."""
        self.world.committed(self, connection)

    def not_started(self) -> None:
        """In a world every runtime can start."""
        self.world.failures.append(f"{self} did not start: {self.refusal}")

    def drained(self, reply: Drained) -> None:
        """It has stopped, and ends after this step."""
        self.world.after_this_step.append(self.end)
