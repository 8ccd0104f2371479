"""One simulated process: a whole runtime on a stepped engine, killed between any two turns or inside a commit."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thespian.actors import ActorAddress, ActorSystem

from actors.messages import Drain, Drained, Start, Started
from actors.seams import SeededRandom
from actors.supervisor import RuntimeSupervisor
from runtime.assembly import Assembly
from runtime.engine import EngineConfig, open_system
from runtime.engine.engine import Engine
from runtime.engine.ports import CallbackPort
from runtime.engine.system import engine_of
from runtime.precedence import Precedence
from runtime.settings import RuntimeSettings
from runtime.store.file import StoreFile
from tests.simulation.bell import SimulatedDoorbell
from tests.simulation.connection import FaultyConnection
from tests.simulation.queue import SeededQueue, describe
from tests.simulation.tasks import PlanManager, TaskWorker

if TYPE_CHECKING:
    from tests.simulation.world import World

LEASE_SECONDS = 3.0
MAX_LOST = 3
FIXED_ACTORS = frozenset(
    {"RuntimeSupervisor", "StoreActor", "EventService", "JobProcessor", "Scheduler", "ManagerActor"}
)
"""What an idle runtime consists of."""
DRAIN_SECONDS = 60.0
"""Beyond which a host would kill what does not end."""


class SimulatedAssembly(Assembly):
    """The composition root as it is, but for the connection, which may fail."""

    def __init__(self, machine: "Machine", workers: list[TaskWorker], path: Path) -> None:
        world = machine.world
        super().__init__(
            RuntimeSettings(
                store=path,
                synchronous="OFF",
                busy_timeout_seconds=0.0,
                lease_seconds=LEASE_SECONDS,
                max_lost=MAX_LOST,
            ),
            workers=workers,
            managers=[PlanManager],
            clock=world.clock,
            random=SeededRandom(world.chance.getrandbits(32)),
            resources={"naming_fault": world.naming_fault},
            doorbell=SimulatedDoorbell(machine),
        )
        self._machine = machine
        self.store: ActorAddress | None = None
        """Whom requests go to."""

    def _open_store(self, precedence: Precedence) -> StoreFile:
        file = super()._open_store(precedence)
        if not isinstance(file.connection, FaultyConnection):
            machine = self._machine
            faulty: Any = FaultyConnection(file.connection, machine.world, machine.committed)
            file.connection = file.committer.connection = faulty
            machine.owner = file.owner
            machine.world.owners[file.owner] = machine
        return file

    @property
    def file(self) -> StoreFile | None:
        """The open store."""
        return self._file

    def hear(self, system: ActorSystem) -> None:
        """Others can ring from now on."""
        self._listen(system)

    def _store_opened(self, address: ActorAddress) -> None:
        super()._store_opened(address)
        self.store = address


class Machine:
    """A runtime from its start to its end, however that comes."""

    def __init__(self, world: "World", number: int) -> None:
        self.world = world
        self.number = number
        self.alive = True
        self.owner = 0  # its number in the store, once that is open
        self.draining = False
        self.paused_until = 0.0
        clock = world.clock
        self.queue = SeededQueue(world.chance, world.rates.slow, clock.monotonic)
        self.assembly = SimulatedAssembly(self, world.workers, world.path)
        config = EngineConfig(encode_messages=world.encodes, turn_messages=world.turn_messages)
        self.system = open_system(
            config, resources=self.assembly.resources(), clock=clock, stepped=True, ready=self.queue
        )
        self.engine: Engine = engine_of(self.system)
        self.supervisor = self.system.createActor(RuntimeSupervisor)
        self.ask(self.supervisor, Start(), self._started)

    def __repr__(self) -> str:
        return f"<Machine({self.number})>"

    # -- turns --------------------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether a step would do something now."""
        self.queue.release()
        due = self.engine.dispatchers.next_due()
        return bool(len(self.queue)) or (due is not None and due <= self.world.clock.monotonic())

    @property
    def next_due(self) -> float | None:
        """When there is something to do again."""
        times = [
            each for each in (self.engine.dispatchers.next_due(), self.queue.next_due) if each is not None
        ]
        return min(times, default=None)

    @property
    def busy(self) -> bool:
        """Whether more than the actors of an idle runtime live, or one of them has work."""
        return bool(self.queue.waiting) or len(self.engine.cells) > len(self.assembly.managers) + 5

    @property
    def doing(self) -> list[str]:
        """What lives besides the actors of an idle runtime, and what has work."""
        names = [cell.plan.name.rpartition(".")[2] for cell in self.engine.cells]
        return [name for name in names if name not in FIXED_ACTORS] + list(map(describe, self.queue.waiting))

    def step(self) -> bool:
        """One turn."""
        return self.engine.dispatchers.step()

    def ask(
        self, address: ActorAddress, message: object, settle: Callable[[object, Exception | None], None]
    ) -> None:
        """Ask an actor from outside."""
        self.engine.ask_through(CallbackPort(self.engine, settle), address, self.engine.passed(message))

    def _started(self, reply: object, error: Exception | None) -> None:
        if self.alive and isinstance(reply, Started):
            self.assembly.hear(self.system)
        elif self.alive:
            self.world.failures.append(f"{self} did not start: {reply or error}")

    def committed(self, connection: Any) -> None:
        """A transaction of this runtime is durable."""
        self.world.committed(self, connection)

    # -- ends ---------------------------------------------------------------------------------------------------

    def drain(self, grace_seconds: float) -> None:
        """Stop as the host asks for it."""
        self.draining = True
        self.ask(self.supervisor, Drain(grace_seconds), self._drained)

    def _drained(self, reply: object, error: Exception | None) -> None:
        if isinstance(reply, Drained) and self.alive:
            self.alive = False
            self.world.after_this_step.append(self.end)

    def kill(self) -> None:
        """End as a killed process does: no farewell, its locks and its open transaction are dropped by the kernel."""
        self.alive = False
        file = self.assembly.file
        if file is not None:
            file._database.close()
            if file._lock._descriptor >= 0:
                file._lock.drop()
        self.end()

    def end(self) -> None:
        """Nothing of it runs any more."""
        engine = self.engine
        engine.closing = engine.closed = True
        engine.release_clock()
        self.system._systemBase = None
        loop: Any = engine.dispatchers.loop  # type: ignore[attr-defined]
        if loop._loop is not None:
            for task in list(loop._tasks):
                task._log_destroy_pending = False
                task.get_coro().close()
            loop._loop.close()
            loop._loop = None
        engine.cells.clear()
