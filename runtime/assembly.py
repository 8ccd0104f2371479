"""Assembly: starts the actors of one runtime, asks them, and stops them. With ``Parts`` the composition root."""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from actors.agent import AgentType
from actors.job import JobDefinition
from actors.manager import JobManager
from actors.messages import Drain, Refused, Rung, Start, Started, Submit
from actors.seams import Clock, Random
from actors.supervisor import RuntimeSupervisor
from actors.worker import JobWorker
from runtime.adoption import adoption, tell_of
from runtime.authentication import refuse_unknown_records
from runtime.closing import CLOSE_SECONDS, LEAVE_SECONDS, close_file, drained
from runtime.engine import (
    ActorDeadError,
    EngineConfig,
    MailboxFullError,
    ask,
    close_system,
    open_system,
    tell,
)
from runtime.interpreter import tune
from runtime.linking import together_of
from runtime.parts import Parts
from runtime.refusal import NOT_RUNNING, RuntimeStateError
from runtime.settings import RuntimeSettings
from runtime.store.database import StoreError
from runtime.store.doorbell import Doorbell
from runtime.store.file import StoreFile
from runtime.store_access import StoreAccess
from runtime.telemetry.opening import opened, placed
from runtime.upkeep import Upkeep
from runtime.webhook_book import WebhookBook
from runtime.webhooks import adopted, adoption_of, tell_of_webhooks

logger = logging.getLogger("quaero")

START_SECONDS = 60.0


class Assembly(Parts):
    """One runtime's actors. ``start`` and ``stop`` may be called from any thread."""

    def __init__(
        self,
        settings: RuntimeSettings,
        *,
        workers: Iterable[JobWorker],
        definitions: Iterable[JobDefinition] = (),
        managers: Iterable[type[JobManager]],
        agents: Iterable[AgentType] = (),
        clock: Clock | None,
        random: Random | None,
        resources: dict[str, Any],
        doorbell: Doorbell | None = None,
    ) -> None:
        super().__init__(
            settings,
            workers=workers,
            definitions=definitions,
            managers=managers,
            agents=agents,
            clock=clock,
            random=random,
            resources=resources,
            doorbell=doorbell,
        )
        self.webhook_book = WebhookBook(
            settings.store,
            self.clock,
            self._ask_inside,
            key_file=settings.key_file,
            busy_timeout_seconds=settings.busy_timeout_seconds,
        )
        self.failure = ""
        self.restarts: Counter[str] = Counter()
        """How often each of the runtime's actors was started again."""
        self._system: Any = None
        self._stopping: Any = None  # the system, while ``stop`` waits for it
        self._supervisor: Any = None
        self._store = StoreAccess()
        self._process = 0  # that runs the actors
        self._closers: list[Callable[[], None]] = []
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"<Assembly({str(self.settings.store)!r}, workers={len(self.workers)})>"

    @property
    def running(self) -> bool:
        """Whether the actors run."""
        return self._system is not None

    @property
    def system(self) -> Any:
        """The running actor system."""
        return self._running()

    @property
    def file(self) -> StoreFile | None:
        """The running runtime's hold on its store."""
        return self._file if self.running else None

    def start(self) -> None:
        """Start the actors.

        Raises:
            StoreError: the store can not be used; nothing runs.
        """
        self.raise_if_forked()
        with self._lock:
            if self._system is not None:
                return
            self._process, self._file, self.failure = os.getpid(), None, ""
            self._store = StoreAccess()
            self.documents = self._stored_documents()
            processors = os.cpu_count() or 1
            engine = EngineConfig(
                io_threads=self.settings.io_threads, cpu_threads=self.settings.cpu_processes or processors
            )
            self._processes = self._worker_processes()
            self._telemetry = opened(self)
            system = open_system(engine, resources=self.resources(), clock=self.clock)
            try:
                self._supervisor = system.createActor(RuntimeSupervisor)
                reply = ask(system, self._supervisor, Start(), START_SECONDS)
                if not isinstance(reply, Started):
                    raise StoreError(
                        reply.message if isinstance(reply, Refused) else f"the runtime answered {reply!r}"
                    )
            except BaseException:
                close_system(system, CLOSE_SECONDS)
                self._processes.close()
                self.documents.close()
                self._close_telemetry()
                raise
            if self.settings.own_process:
                self._closers.append(tune())
            self._system = system
            self._listen(system)

    def stop(self, grace_seconds: float, *, fill_index: bool) -> int:
        """Drain and stop; returns how many running jobs were given back.

        Bodies and a disk that do not let go are left behind: the rows are safe, and what is not given back here is
        given back by whoever finds this runtime gone.
        """
        with self._lock:
            system, self._system, self._stopping = self._system, None, self._system
        if system is None or self._process != os.getpid():  # a forked child has nothing to stop
            return 0
        reply = None
        try:
            reply = drained(system, self._supervisor, Drain(grace_seconds, fill_index), self.crawling)
        finally:
            self._stopping, self._process = None, 0
            self._store.gone()
            self._processes.close()
            left = close_system(system, CLOSE_SECONDS if reply is None else LEAVE_SECONDS)
            if left:
                logger.warning("stopped, but for bodies that go on: %s", ", ".join(left))
            file, self._file = self._file, None
            close_file(file, left)
            self._close_readers()
            self._close_telemetry()
            self.hub.committed((), elsewhere=True)  # whoever still waits looks, and finds the runtime closed
            while self._closers:
                self._closers.pop()()
        return reply.given_back if reply is not None else 0

    def _close_readers(self) -> None:
        """Close what managers and workers read the store with; a next start opens it anew."""
        self.documents.close()
        self.crawling.close()
        self.webhook_book.close()

    def _close_telemetry(self) -> None:
        telemetry, self._telemetry = self._telemetry, None
        if telemetry is not None:
            telemetry.close()

    def traced(self, request: Submit) -> Submit:
        """The request with the place in a trace that it is made from, if there is one or this runtime traces."""
        return placed(request, self._telemetry)

    def hurry(self) -> None:
        """While ``stop`` waits: the grace is over."""
        system = self._stopping
        if system is not None:
            tell(system, self._supervisor, Drain(0.0))

    def ask(self, request: Any, timeout_seconds: float) -> Any:
        """Ask the store; see ``StoreAccess``."""
        return self._store.ask(self._running(), request, timeout_seconds)

    async def ask_async(self, request: Any, timeout_seconds: float) -> Any:
        """``ask``, from an asyncio loop."""
        return await self._store.ask_async(self._running(), request, timeout_seconds)

    def _ask_inside(self, request: Any, timeout_seconds: float) -> Any:
        """``ask`` for a running body, which may still ask while the runtime waits for its end."""
        return self._store.ask(self._stopping or self._running(), request, timeout_seconds)

    def adopt(self, timeout_seconds: float) -> None:
        """Set going what the definitions want: their schedules, and runs of those with ``auto_start``.

        Raises:
            RefusedError: one that was made in code can not be stored or never fires, or the store refused it.
        """
        settings = self.settings
        if not len(self.library) and settings.definitions_directory is None:
            return
        request = adoption(
            self.library, settings.definitions_directory, self.managers, self.workers, self.ids
        )
        tell_of(self.ask(request, timeout_seconds))

    def adopt_webhooks(self, timeout_seconds: float) -> None:
        """Set the webhooks of the configuration, and forget those that vanished from it.

        Raises:
            CredentialError: the key that seals their secrets can not be used.
            RefusedError: the store refused it.
        """
        file = self.settings.config_file
        if not self.webhooks and file is None:
            return
        origin = "configuration" if file is None else str(file.resolve())
        request = adoption_of(self.webhooks, origin, self.webhook_book, self.random)
        tell_of_webhooks(adopted(self.ask(request, timeout_seconds)))

    def together(self, wanted: JobDefinition | str | Path) -> tuple[JobDefinition, ...]:
        """The definition, and after it those that run before or after it: ``linking``.

        Raises:
            DefinitionError: its file is wrong.
            RefusedError: one of them can not be run here, or names an auth record that there is none of.
        """
        together = together_of(wanted, self.library, self.managers, self.workers)
        refuse_unknown_records(together, self.managers, self.crawling.vault)
        return together

    def raise_if_stopped(self) -> None:
        """Raise if requests can not be answered.

        Raises:
            RuntimeStateError: the runtime is not running in this process.
        """
        self._running()

    def raise_if_forked(self) -> None:
        """Raise in a process that was forked from the one that started the runtime.

        Raises:
            RuntimeStateError: this is such a process.
        """
        if self._process not in {0, os.getpid()}:
            raise RuntimeStateError(
                f"the runtime runs in process {self._process}; this one was forked from it and has none of its"
                " threads: start processes by spawn, or the runtime after the fork"
            )

    def _running(self) -> Any:
        self.raise_if_forked()
        system = self._system
        if system is None:
            raise RuntimeStateError(NOT_RUNNING)
        return system

    def _store_opened(self, address: Any) -> None:
        self._store.opened(address)

    def _listen(self, system: Any) -> None:
        """From now on the others on the store can ring."""

        def rung() -> None:
            with suppress(ActorDeadError, MailboxFullError):  # it is closing, or has enough to do
                self._store.tell(system, Rung())

        if self._file is not None:
            self._file.listen(rung)

    def _restarted(self, name: str) -> None:
        self.restarts[name] += 1

    def _failed(self, text: str) -> None:
        self.failure = text
        self._store.gone()
        self.hub.committed((), elsewhere=True)

    def resources(self) -> dict[str, Any]:
        """What the actors of this runtime may ask for by name."""
        return {
            **super().resources(),
            "webhooks": self.webhook_book,
            "upkeep": Upkeep(
                self.settings.store,
                self._ask_inside,
                busy_timeout_seconds=self.settings.busy_timeout_seconds,
            ),
            "on_failure": self._failed,
            "on_restart": self._restarted,
            "on_store": self._store_opened,
        }
