"""SimulatedRuntime: the runtime as it is, in the test's own thread and on virtual time.

Actors, store and state machine are those of production; what is replaced are clock, chance and threads. Nothing
happens by itself: a run goes on while it is waited for, or while time is let pass. Waiting costs no time: when nothing
can be done now, the clock goes to the moment when something can.
"""

import shutil
import tempfile
import weakref
from collections.abc import Collection, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import msgspec

from actors.job import JobDefinition
from actors.manager import JobManager
from actors.messages import Event
from actors.seams import ManualClock
from actors.worker import JobWorker
from runtime.assembly import Assembly
from runtime.embedding import Runtime, settings_of
from runtime.operating import identity
from runtime.settings import RuntimeSettings
from runtime.store.reading.records import EventFilter
from runtime.testing.crew import Crew
from runtime.testing.findings import Findings
from runtime.testing.waiting import PATIENCE, SimulatedRun, come_to_rest, raise_if_endless

MEMORY = Path("/dev/shm")  # noqa: S108 (a directory of the kernel's)


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
        faults: Collection[str] = (),
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
            faults: what may go wrong while it works, as drawn from the seed; names of ``FAULTS``.

        Raises:
            ConfigError, DefinitionError, TypeError, ValueError: as of ``Runtime``.
            UnknownFaultError: there is no such fault.
        """
        settings = msgspec.structs.replace(
            settings_of(config),
            store=Path(store) if store is not None else self._scratch(),
            synchronous="OFF",  # a test does not survive a power loss either
        )
        self.clock = clock or ManualClock()
        self.crew = Crew(self.clock, seed, faults)
        self.simulation = self.crew.simulation
        super().__init__(
            settings,
            workers=workers if isinstance(workers, JobWorker) else tuple(workers),
            managers=tuple(managers),
            definitions=tuple(definitions),
            clock=self.clock,
            random=self.crew.chance,
            resources=resources,
        )

    def __repr__(self) -> str:
        state = "running" if self.assembly.running else "stopped"
        return f"<SimulatedRuntime({state}, seed={self.crew.seed}, now={self.now:%Y-%m-%d %H:%M:%S})>"

    # -- life ---------------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Open the store and be ready to work on whatever it holds.

        Raises:
            StoreError: the store can not be used.
        """
        super().start()
        self.crew.start_others()
        return self

    def close(self, *, grace_seconds: float | None = None, fill_index: bool = False) -> int:
        """Take no more work, give running attempts the grace, give the rest back, close the store.

        Safe to call twice. Returns how many running jobs were given back.
        """
        self.crew.stop_others()
        return super().close(grace_seconds=grace_seconds, fill_index=fill_index)

    def kill(self) -> None:
        """End as by kill -9: what was committed stays, what ran is lost. ``start`` goes on with the same store."""
        self.crew.kill()
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
        with self.crew.in_trouble():
            halt = self.simulation.drive_to(self.clock.monotonic() + length)
        raise_if_endless(self, halt)

    def run_until_idle(self, *, limit: timedelta = PATIENCE) -> None:
        """Let the runtime work until nothing is left that it can do, as `quaero work --until-idle` does.

        Backoffs, snoozes and delays are waited for, here also those of deliveries to webhooks; schedules that fire in
        the future, what is paused, and what lacks a worker are not.

        Args:
            limit: virtual time after which it is given up.

        Raises:
            StuckError: it was not idle after that time, or will never be.
        """
        _ = self.reader  # it runs
        come_to_rest(self, limit)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is left that this runtime can do."""
        here = self.assembly
        return not self.reader.has_work(here.workers, here.managers)

    @property
    def has_given_up(self) -> bool:
        """Whether its actors died too often; one that things go wrong with is started anew."""
        return self.crew.mischief is None and bool(self.assembly.failure)

    def name_children(self) -> None:
        """Have the managers name what was submitted, without starting a job and without letting time pass."""
        _ = self.reader  # it runs
        reasons = dict.fromkeys(self.assembly.workers, "a test looks at what was enqueued")
        for each in self.crew.runtimes:
            each.hold_back(reasons)
        try:
            self.simulation.drive(lambda: False, rests=lambda: True)
        finally:
            for each in self.crew.runtimes:
                each.hold_back({})

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

    def _assembled(self, settings: RuntimeSettings, **parts: Any) -> Assembly:
        named = ("workers", "managers", "definitions", "resources")
        return self.crew.assembled(settings, **{name: parts[name] for name in named})

    def _scratch(self) -> Path:
        place = Path(tempfile.mkdtemp(prefix="quaero-test-", dir=MEMORY if MEMORY.is_dir() else None))
        weakref.finalize(self, shutil.rmtree, place, ignore_errors=True)
        return place / "jobs.db"
