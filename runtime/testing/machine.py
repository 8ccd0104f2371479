"""One simulated process: a whole runtime on a stepped engine, killed between any two turns or inside a commit."""

from collections.abc import Callable, Iterable
from typing import Any

from thespian.actors import ActorAddress, ActorSystem

from actors.job import JobDefinition
from actors.manager import JobManager
from actors.messages import Drain, Drained, Start, Started, Wiring
from actors.orchestrator.run import LeaveIfIdle
from actors.orchestrator.step import Extend
from actors.pace import Pace
from actors.scheduler import Look, LookForOld, Tend
from actors.seams import Clock, Random
from actors.supervisor import RuntimeSupervisor
from actors.worker import JobWorker
from runtime.assembly import Assembly
from runtime.engine import EngineConfig, kill_system, open_system
from runtime.engine.engine import Engine
from runtime.engine.ports import CallbackPort
from runtime.engine.stepping import stepped_dispatchers
from runtime.engine.system import engine_of
from runtime.engine.timers import NEVER
from runtime.precedence import Precedence
from runtime.settings import RuntimeSettings
from runtime.store.doorbell import Doorbell
from runtime.store.file import StoreFile
from runtime.testing.connection import FaultyConnection
from runtime.testing.turns import TurnQueue, describe

HOUSEKEEPING = (Look, Tend, LookForOld, Extend, LeaveIfIdle)
"""Messages of timers that keep leases and memory in order: they do no work, and make up for each other."""
FIXED_ACTORS = frozenset(
    {"RuntimeSupervisor", "StoreActor", "EventService", "JobProcessor", "Scheduler", "ManagerActor"}
)
"""What an idle runtime consists of."""


class SimulatedAssembly(Assembly):
    """The composition root as it is, but for the connection, which may fail."""

    def __init__(
        self,
        settings: RuntimeSettings,
        *,
        workers: Iterable[JobWorker],
        managers: Iterable[type[JobManager]],
        clock: Clock,
        random: Random,
        doorbell: Doorbell,
        definitions: Iterable[JobDefinition] = (),
        resources: dict[str, Any] | None = None,
        faulty: Callable[[StoreFile], FaultyConnection] | None = None,
    ) -> None:
        """Put a runtime together as ``Assembly`` does; ``faulty`` makes what stands before its store's connection."""
        super().__init__(
            settings,
            workers=workers,
            managers=managers,
            definitions=definitions,
            clock=clock,
            random=random,
            resources=resources or {},
            doorbell=doorbell,
        )
        self._faulty = faulty
        self.store: ActorAddress | None = None
        """Whom requests go to."""

    def _open_store(self, precedence: Precedence) -> StoreFile:
        file = super()._open_store(precedence)
        if self._faulty is not None and not isinstance(file.connection, FaultyConnection):
            faulty: Any = self._faulty(file)
            file.connection = file.committer.connection = faulty
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
    """A runtime from its start to its end, however that comes. It does a turn when it is told to."""

    def __init__(
        self,
        assembly: SimulatedAssembly,
        queue: TurnQueue,
        config: EngineConfig | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.assembly = assembly
        self.queue = queue
        self.alive = True
        self.started = False
        self.draining = False
        self.paused_until = 0.0
        self.wiring: Wiring | None = None
        self.refusal = ""
        """Why it could not start."""
        resources = {**assembly.resources(), "processes": None}
        if pace is not None:
            resources["pace"] = pace
        self.system = open_system(
            config or EngineConfig(),
            resources=resources,
            clock=assembly.clock,
            stepped=True,
            ready=queue,
        )
        self.engine: Engine = engine_of(self.system)
        self.dispatchers = stepped_dispatchers(self.engine)
        self.supervisor = self.system.createActor(RuntimeSupervisor)
        self.ask(self.supervisor, Start(), self._started)

    def __repr__(self) -> str:
        return f"<Machine({self.assembly.settings.store.name!r}, alive={self.alive})>"

    # -- turns --------------------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether a step would do something now."""
        self.queue.release()
        if len(self.queue):
            return True
        due = self.dispatchers.next_due()
        return due is not None and due <= self.assembly.clock.monotonic()

    @property
    def next_due(self) -> float | None:
        """When there is something to do again."""
        times = [each for each in (self.dispatchers.next_due(), self.queue.next_due) if each is not None]
        return min(times, default=None)

    @property
    def next_watch(self) -> float:
        """``next_deed``, or soon enough to show the others on its store that it lives, and to see whether they do."""
        deed, lease = self.next_deed, self.assembly.settings.lease_seconds
        watch = self.assembly.clock.monotonic() + lease / 3
        return watch if deed is None else min(deed, watch)

    @property
    def next_deed(self) -> float | None:
        """When there is something to do besides showing others that it lives: a lone runtime may sleep until then."""
        file = self.assembly.file
        if file is None or file.closed:
            return self.next_due
        clock = self.assembly.clock
        now, due_ms = clock.monotonic(), file.next_due()
        timers = self.engine.timers
        times = [timers.next_of(_is_deed), self.dispatchers.loop.next_due, self.queue.next_due]
        if due_ms is not None:
            wait = (due_ms - clock.wall_ms()) / 1000
            # What is due and was not done is looked at again when the store is tended.
            times.append(now + wait if wait > 0 else timers.next_of(_is_tend))
        return min((each for each in times if each is not None and each != NEVER), default=None)

    @property
    def next_round(self) -> float:
        """When it looks after its store again: the heartbeat, what is due, what others have left."""
        return self.engine.timers.next_of(_is_tend)

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
        """One turn; False if nothing was ready."""
        return self.dispatchers.step()

    def ask(
        self, address: ActorAddress, message: object, settle: Callable[[object, Exception | None], None]
    ) -> None:
        """Ask an actor from outside; ``settle`` is called in some later step, with the reply or with an error."""
        self.engine.ask_through(CallbackPort(self.engine, settle), address, self.engine.passed(message))

    def _started(self, reply: object, error: Exception | None) -> None:
        if not self.alive:
            return
        if isinstance(reply, Started):
            self.started = True
            self.wiring = reply.wiring
            self.assembly.hear(self.system)
        else:
            self.refusal = str(getattr(reply, "message", reply) or error)
            self.not_started()

    def not_started(self) -> None:
        """It could not start; ``refusal`` says why."""

    # -- ends ---------------------------------------------------------------------------------------------------

    def drain(self, grace_seconds: float, *, fill_index: bool = False) -> None:
        """Stop as the host asks for it."""
        self.draining = True
        self.ask(self.supervisor, Drain(grace_seconds, fill_index), self._drained)

    def _drained(self, reply: object, error: Exception | None) -> None:
        if isinstance(reply, Drained) and self.alive:
            self.alive = False
            self.drained(reply)

    def drained(self, reply: Drained) -> None:
        """It has stopped, in the middle of a step: ``end`` is to be called after that."""

    def kill(self) -> None:
        """End as a killed process does: no farewell, its locks and its open transaction are dropped by the kernel."""
        self.alive = False
        if self.assembly.file is not None:
            self.assembly.file.drop()
        self.end()

    def end(self) -> None:
        """Nothing of it runs any more."""
        kill_system(self.system)


def _is_tend(message: object) -> bool:
    return isinstance(message, Tend)


def _is_deed(message: object) -> bool:
    return not isinstance(message, HOUSEKEEPING)
