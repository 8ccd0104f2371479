"""Runtime: the runtime as a service embeds it, with every verb for threads and for asyncio.

with Runtime(store="jobs.db", workers=[resize]) as runtime:
run = runtime.fan_out("resize", [Resize(path) for path in paths])
print(run.wait().counts)
"""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from actors.agent.contract import AgentType
from actors.job import JobDefinition, JobState
from actors.manager import JobManager
from actors.messages import Event
from actors.seams import Clock, Random
from actors.worker import JobWorker
from runtime.assembly import Assembly
from runtime.authentication import Authentication
from runtime.credentials.vault import Vault
from runtime.enqueue import Enqueuer, FanOut
from runtime.explaining import explained
from runtime.operating import identity
from runtime.patience import time_limit
from runtime.refusal import NOT_RUNNING, KeyTakenError, RefusedError, RuntimeStateError
from runtime.run import Run
from runtime.scheduling import Timetable
from runtime.searching import Library
from runtime.settings import RuntimeSettings
from runtime.store.database import StoreError
from runtime.store.doorbell import Doorbell
from runtime.store.explaining.reason import Explanation
from runtime.store.reading.reader import StoreReader
from runtime.submitting import Submitter
from runtime.subscription import follow, follow_async, sequence_number
from runtime.webhook_book import WebhookBook
from runtime.webhooks import Webhooks

_log = logging.getLogger("quaero.config")

ANSWER_SECONDS = 60.0
"""How long a verb waits for its commit before it gives up; the commit may still happen."""


class Runtime(Submitter, Timetable, Authentication, Webhooks, Enqueuer, Library):
    """An embedded runtime on one store. A context manager, plain or async; or ``start`` and ``close``."""

    def __init__(
        self,
        config: str | Path | RuntimeSettings | None = None,
        *,
        store: str | Path | None = None,
        workers: Iterable[JobWorker] = (),
        managers: Iterable[type[JobManager]] = (),
        agents: Iterable[AgentType] = (),
        definitions: Iterable[JobDefinition] = (),
        worker_settings: Mapping[str, Any] | None = None,
        manager_settings: Mapping[str, Any] | None = None,
        clock: Clock | None = None,
        random: Random | None = None,
        resources: dict[str, Any] | None = None,
        doorbell: Doorbell | None = None,
    ) -> None:
        """Prepare a runtime; nothing is opened before ``start``.

        Args:
            config: a ``quaero.toml``, or settings made in code; None = the defaults.
            store: the store's file, instead of the configuration's.
            workers: this service's own workers, besides the ones that come with the runtime.
            managers: its own managers.
            agents: its own agent types.
            definitions: known by their ids, besides those of the configuration's directory; at the start the
                schedules of all of them are set, and those with ``auto_start`` are run.
            worker_settings: by worker type, what ``context.settings(…)`` gives it: its ``settings_type`` or a table,
                instead of the configuration's.
            manager_settings: the same by action.
            clock: for tests.
            random: for tests.
            resources: objects that workers and managers reach by ``context.resource(name)``.
            doorbell: for tests.

        Raises:
            ConfigError: the configuration file is wrong, or the settings of a worker or manager.
            DefinitionError: a file in the directory of definitions is wrong, two definitions have one id, or their
                links lead nowhere or in a circle.
            TypeError: a worker is none, or settings are of another type than its own.
            ValueError: two workers have one type, two managers one action, a manager makes jobs of a type that has no
                worker, or one can not run as it is configured.
        """
        settings = settings_of(config)
        if store is not None:
            settings = msgspec.structs.replace(settings, store=Path(store))
        if worker_settings or manager_settings:
            settings = msgspec.structs.replace(
                settings,
                worker_settings={**settings.worker_settings, **(worker_settings or {})},
                manager_settings={**settings.manager_settings, **(manager_settings or {})},
            )
        self.settings = settings
        self._assembly = self._assembled(
            settings,
            workers=workers,
            managers=managers,
            agents=agents,
            definitions=definitions,
            clock=clock,
            random=random,
            resources=resources or {},
            doorbell=doorbell,
        )
        if not isinstance(config, RuntimeSettings):
            for warning in self._assembly.warnings:
                _log.warning("%s", warning)
        self._reader: StoreReader | None = None
        # Of whoever starts or closes; a signal's handler may close what its own thread starts or closes.
        self._life = threading.RLock()

    def __repr__(self) -> str:
        state = "running" if self._assembly.running else "stopped"
        return f"<Runtime({str(self.settings.store)!r}, {state})>"

    # -- life ---------------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Open the store and start working on whatever it holds; one that runs already goes on.

        A closed runtime may be started again.

        Raises:
            DefinitionError: a definition that is known and enabled has an action that no manager here carries out.
            StoreError: the store can not be used.
        """
        with self._life:
            if self.settings.adopts and not self._assembly.running:
                self._assembly.check_actions()
            self._assembly.start()
            if self._reader is None:
                try:
                    self._assembly.adopt_webhooks(ANSWER_SECONDS)
                    if self.settings.adopts:
                        self._assembly.adopt(ANSWER_SECONDS)
                    self._reader = StoreReader(
                        self.settings.store, busy_timeout_seconds=self.settings.busy_timeout_seconds
                    )
                except BaseException:
                    self._assembly.stop(0.0, fill_index=False)
                    raise
        return self

    def close(self, *, grace_seconds: float | None = None, fill_index: bool = False) -> int:
        """Take no more work, give running attempts the grace, give the rest back, close the store.

        Safe to call twice; what another thread starts or closes is waited for, as ``start`` does. Returns how many
        running jobs were given back.
        """
        grace = self.settings.grace_seconds if grace_seconds is None else grace_seconds
        with self._life:
            given = self._assembly.stop(grace, fill_index=fill_index)
            reader, self._reader = self._reader, None
            if reader is not None:
                reader.close()
                self._assembly.hub.committed((), elsewhere=True)  # whoever has looked too early, looks again
        return given

    def hurry(self) -> None:
        """Called while ``close`` waits in another thread: the grace is over now."""
        self._assembly.hurry()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.close)

    @property
    def reader(self) -> StoreReader:
        """Reads the store; see there for the questions it answers."""
        self._assembly.raise_if_forked()
        if self._reader is None:
            raise RuntimeStateError(NOT_RUNNING)
        return self._reader

    def raise_if_failed(self) -> None:
        """Raise if the runtime's actors died too often and it has given up.

        Raises:
            RuntimeStateError: it has; the message says of what.
        """
        if self._assembly.failure:
            raise RuntimeStateError(f"the runtime has given up: {self._assembly.failure}; its log says why")

    def run(self, run_id: int | str) -> Run:
        """The handle of a run that exists already."""
        return Run(self, identity(run_id))

    # -- events -------------------------------------------------------------------------------------------------

    def events(
        self, after: int | None = None, *, run_id: int | None = None, timeout_seconds: float | None = None
    ) -> Iterator[Event]:
        """Events as they are committed, gap-free, from a sequence number on (None = from this call).

        0 begins with the oldest that is kept. Ends when nothing came for ``timeout_seconds``, or when the runtime is
        closed.

        Raises:
            TypeError: ``after`` is no sequence number, or the time limit no number of seconds.
            EventsPrunedError: while iterating: some that were not seen are kept no longer; it says how to go on.
        """
        limit = time_limit(timeout_seconds)
        return follow(self._assembly.hub, lambda: self._reader, self._cursor(after), run_id, limit)

    def events_async(self, after: int | None = None, *, run_id: int | None = None) -> AsyncIterator[Event]:
        """``events`` for asyncio, without a time limit; ends when the runtime is closed."""
        return follow_async(self._assembly.hub, lambda: self._reader, self._cursor(after), run_id)

    # -- inside -------------------------------------------------------------------------------------------------

    @property
    def assembly(self) -> Assembly:
        """The actors behind this runtime."""
        return self._assembly

    @property
    def vault(self) -> Vault:
        """Seals and opens auth records."""
        return self._assembly.crawling.vault

    @property
    def _book(self) -> WebhookBook:
        return self._assembly.webhook_book

    @property
    def _random(self) -> Random:
        return self._assembly.random

    def _now_ms(self) -> int:
        return self._assembly.clock.wall_ms()

    def _cursor(self, after: int | None) -> int:
        return self.reader.last_event() if after is None else sequence_number(after)

    def _assembled(self, settings: RuntimeSettings, **parts: Any) -> Assembly:
        """Put the actors together: a simulation does it in its own way."""
        return Assembly(settings, **parts)

    def explain(self, job_id: int | str) -> Explanation:
        """Why a run, a step or a job does not move: every reason that holds now, with its values and what to do.

        Raises:
            LookupError: the store has none of that id.
        """
        return explained(self._assembly, self.reader, identity(job_id))

    async def explain_async(self, job_id: int | str) -> Explanation:
        """``explain`` for asyncio."""
        return await asyncio.to_thread(self.explain, job_id)

    def _new_id(self) -> int:
        return self._assembly.ids.next()

    def _ask(self, request: Any) -> Any:
        return self._assembly.ask(request, ANSWER_SECONDS)

    async def _ask_async(self, request: Any) -> Any:
        return await self._assembly.ask_async(request, ANSWER_SECONDS)


def settings_of(config: str | Path | RuntimeSettings | None) -> RuntimeSettings:
    """The settings that a ``quaero.toml`` has, those made in code, or the defaults.

    Raises:
        ConfigError: the file is wrong.
    """
    if isinstance(config, RuntimeSettings):
        return config
    if config is None:
        return RuntimeSettings()
    from runtime.config import load_settings

    return load_settings(Path(config))


__all__ = [
    "FanOut",
    "JobState",
    "KeyTakenError",
    "RefusedError",
    "Run",
    "Runtime",
    "RuntimeStateError",
    "StoreError",
]
