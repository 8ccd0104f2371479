"""SimulatedRuntime: the runtime as it is, in the test's own thread and on virtual time.

Actors, store and state machine are those of production; what is replaced are clock, chance and threads. Nothing
happens by itself: a run goes on while it is waited for, or while time is let pass. Waiting costs no time: when nothing
can be done now, the clock goes to the moment when something can.
"""

import shutil
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import msgspec

from actors.job import JobDefinition
from actors.manager import JobManager
from actors.messages import Event
from actors.seams import ManualClock, SeededRandom
from actors.worker import JobWorker
from runtime.embedding import Runtime, settings_of
from runtime.operating import identity
from runtime.run import Run, RunResult, WaitTimeoutError
from runtime.settings import RuntimeSettings
from runtime.store.reading.records import EventFilter
from runtime.testing.driven import DrivenAssembly
from runtime.testing.findings import Findings
from runtime.testing.simulation import Halt, Simulation
from runtime.testing.turns import SeededQueue, TurnQueue

MEMORY = Path("/dev/shm")  # noqa: S108 (a directory of the kernel's)
PATIENCE = timedelta(days=7)
"""Virtual time after which a wait without a time limit is given up."""


class StuckError(AssertionError):
    """What was waited for will not come by itself; the message says what holds it."""


class SimulatedRun(Run):
    """A run of a simulated runtime: to wait for it is to let it go on."""

    _runtime: "SimulatedRuntime"

    def wait_for_end(self, timeout_seconds: float | None = None) -> None:
        """Let the runtime work until this run has ended.

        Raises:
            WaitTimeoutError: it had not ended after that much virtual time.
            StuckError: it will not end by itself.
        """
        self._runtime.drive_to_end(self, timeout_seconds)

    async def wait_async(self, timeout_seconds: float | None = None) -> RunResult:
        """``wait``; nothing else of the caller's loop runs meanwhile."""
        return self.wait(timeout_seconds)


class SimulatedRuntime(Runtime, Findings):
    """A runtime for tests. A context manager, as ``Runtime`` is, with all its verbs; and see ``Findings``."""

    def __init__(
        self,
        config: str | Path | RuntimeSettings | None = None,
        *,
        store: str | Path | None = None,
        workers: Iterable[JobWorker] = (),
        managers: Iterable[type[JobManager]] = (),
        definitions: Iterable[JobDefinition] = (),
        resources: dict[str, Any] | None = None,
        clock: ManualClock | None = None,
        seed: int = 0,
    ) -> None:
        """Prepare a runtime; nothing is opened before ``start``.

        Args:
            config: as of ``Runtime``, but for the store, which is never the configuration's own.
            store: the store's file; None = one in a directory of its own in memory, which goes with this object.
            workers: as of ``Runtime``.
            managers: as of ``Runtime``.
            definitions: as of ``Runtime``.
            resources: as of ``Runtime``.
            clock: the virtual clock; by default it is 2026-01-01 00:00 UTC.
            seed: what chance is drawn from. 0: who is ready first goes first; others: any order, as drawn.

        Raises:
            ConfigError, DefinitionError, TypeError, ValueError: as of ``Runtime``.
        """
        settings = msgspec.structs.replace(
            settings_of(config),
            store=Path(store) if store is not None else self._scratch(),
            synchronous="OFF",  # a test does not survive a power loss either
        )
        self.clock = clock or ManualClock()
        self.seed = seed
        self.chance = SeededRandom(seed)
        self.simulation = Simulation(self.clock, self.chance)
        super().__init__(
            settings,
            workers=workers,
            managers=managers,
            definitions=definitions,
            clock=self.clock,
            random=self.chance,
            resources=resources,
        )

    def __repr__(self) -> str:
        state = "running" if self.assembly.running else "stopped"
        return f"<SimulatedRuntime({state}, seed={self.seed}, now={self.now:%Y-%m-%d %H:%M:%S})>"

    # -- life ---------------------------------------------------------------------------------------------------

    def kill(self) -> None:
        """End as by kill -9: what was committed stays, what ran is lost. ``start`` goes on with the same store."""
        self._driven.kill()
        if self._reader is not None:
            self._reader.close()
            self._reader = None

    def restart(self) -> Self:
        """Kill it, and start it again on the same store."""
        self.kill()
        return self.start()

    async def __aenter__(self) -> Self:
        return self.start()

    async def __aexit__(self, *error: object) -> None:
        self.close()

    # -- time ---------------------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The virtual time, UTC."""
        return datetime.fromtimestamp(self.clock.wall_ms() / 1000, UTC)

    def advance(
        self, seconds: float = 0.0, *, minutes: float = 0.0, hours: float = 0.0, days: float = 0.0
    ) -> None:
        """Let time pass, and everything happen that comes due by it: schedules, backoffs, snoozes, timeouts.

        Raises:
            ValueError: the time is negative.
            StuckError: something goes round in a circle and will not let time pass.
        """
        length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()
        if length < 0:
            raise ValueError(f"time does not go back, got {length:g} s")
        _ = self.reader  # it runs
        halt = self.simulation.drive_to(self.clock.monotonic() + length)
        self._raise_if_endless(halt, "time can not pass")

    def run_until_idle(self, *, limit: timedelta = PATIENCE) -> None:
        """Let the runtime work until nothing is left that it can do: what `quaero work --until-idle` does.

        Backoffs, snoozes and delays are waited for; schedules that fire in the future, what is paused, and what lacks
        a worker are not.

        Args:
            limit: virtual time after which it is given up.

        Raises:
            StuckError: it was not idle after that time, or will never be.
        """
        deadline = self.clock.monotonic() + limit.total_seconds()
        halt = self.simulation.drive(lambda: False, rests=self._is_idle, limit=deadline)
        self._raise_if_endless(halt, "the runtime does not come to rest")
        if halt is not Halt.RESTING:
            waited = (
                f"it was not idle after {limit}" if halt is Halt.LATE else "it waits for what never comes"
            )
            raise StuckError("\n".join((waited, *self._what_goes_on())))

    def drive_to_end(self, run: Run, timeout_seconds: float | None) -> None:
        """What ``Run.wait_for_end`` does here."""
        here = self.assembly
        rung: list[bool] = []
        leave = here.hub.on_end(run.number, lambda: rung.append(True))
        limit = PATIENCE.total_seconds() if timeout_seconds is None else timeout_seconds

        def over() -> bool:
            return run.state.terminal or bool(here.failure) or not self._can_move()

        def done() -> bool:
            if not rung:
                return bool(here.failure)
            rung.clear()
            return over()

        try:
            halt = Halt.DONE if over() and run.state.terminal else self._driven_to(done, over, limit)
        finally:
            leave()
        if run.state.terminal:
            return
        self.raise_if_failed()
        if halt is Halt.LATE and timeout_seconds is not None:
            raise WaitTimeoutError(f"run {run.id} had not ended after {timeout_seconds:g} s of virtual time")
        raise StuckError(
            "\n".join((f"run {run.id} does not end: {self._why(halt)}", *self._holds(run.number)))
        )

    def _driven_to(self, done: Any, over: Any, limit: float) -> Halt:
        return self.simulation.drive(done, rests=over, limit=self.clock.monotonic() + limit)

    def _is_idle(self) -> bool:
        return not self._can_move()

    def _can_move(self) -> bool:
        here = self.assembly
        return self.reader.has_work(here.workers, here.managers)

    def name_children(self) -> None:
        """Have the managers name what was submitted, without starting a job and without letting time pass."""
        _ = self.reader  # it runs
        self._driven.hold_back(dict.fromkeys(self.assembly.workers, "a test looks at what was enqueued"))
        try:
            self.simulation.drive(lambda: False, rests=lambda: True)
        finally:
            self._driven.hold_back({})

    # -- the verbs of a runtime -----------------------------------------------------------------------------------

    def run(self, run_id: int | str) -> SimulatedRun:
        """The handle of a run that exists already."""
        return SimulatedRun(self, identity(run_id))

    def events(
        self, after: int | None = None, *, run_id: int | None = None, timeout_seconds: float | None = None
    ) -> Iterator[Event]:
        """The events that were committed so far, from a sequence number on (None = from this call, 0 = all).

        It ends with the last one instead of waiting for more.
        """
        return self._events(self._cursor(after), run_id)

    def _events(self, cursor: int, run_id: int | None) -> Iterator[Event]:
        while True:
            found, cursor = self.reader.events(cursor, EventFilter(run_id))
            yield from found
            if cursor >= self.reader.last_event():
                return

    # -- inside -------------------------------------------------------------------------------------------------

    @property
    def _driven(self) -> DrivenAssembly:
        assembly = self.assembly
        assert isinstance(assembly, DrivenAssembly)  # noqa: S101 (made below)
        return assembly

    def _assembled(self, settings: RuntimeSettings, **parts: Any) -> DrivenAssembly:
        named = ("workers", "managers", "definitions", "resources")
        wanted = {name: parts[name] for name in named}
        return DrivenAssembly(settings, self.simulation, queue=self._queue, random=self.chance, **wanted)

    def _queue(self) -> TurnQueue:
        return SeededQueue(self.chance, 0.0, self.clock.monotonic) if self.seed else TurnQueue()

    def _scratch(self) -> Path:
        place = Path(tempfile.mkdtemp(prefix="quaero-test-", dir=MEMORY if MEMORY.is_dir() else None))
        weakref.finalize(self, shutil.rmtree, place, ignore_errors=True)
        return place / "jobs.db"

    # -- what failures tell ---------------------------------------------------------------------------------------

    def _raise_if_endless(self, halt: Halt, what: str) -> None:
        if halt is Halt.ENDLESS:
            raise StuckError("\n".join((f"{what}: {halt.value}, the last of them:", *self.simulation.tail)))

    def _why(self, halt: Halt) -> str:
        if halt is Halt.ENDLESS:
            return "\n".join((halt.value + ", the last of them:", *self.simulation.tail))
        return f"{PATIENCE.days} days have passed" if halt is Halt.LATE else Halt.STILL.value

    def _holds(self, job_id: int) -> list[str]:
        """Why a run, a step or a job does not move, in lines."""
        reasons = self.explain(job_id).reasons
        return [f"  {each.step + ': ' if each.step else ''}{each.text}" for each in reasons]

    def _what_goes_on(self) -> list[str]:
        open_runs = [each for each in self.runs() if not each.state.terminal]
        return [
            line for run in open_runs for line in (f"run {run.id} ({run.type}):", *self._holds(run.number))
        ]
