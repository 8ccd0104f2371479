"""Parts: what one runtime is put together from, and what its actors may ask for by name.

All of it is made anew or kept across a stop and a start; nothing runs here. The store's file is opened when the store's
actor asks for it, and handed on to an actor that takes a dead one's place.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from actors.agent import AgentType
from actors.ids import IdSource
from actors.job import JobDefinition, prepare_types
from actors.manager import JobManager
from actors.seams import Clock, Random, SystemClock, SystemRandom
from actors.worker import JobWorker
from actors.worker.crawler.config import CrawlerSettings
from actors.worker.crawler_url import crawler_url
from runtime.crawling import Crawling
from runtime.events.hub import EventHub
from runtime.events.service import EventService
from runtime.precedence import Precedence
from runtime.processes.crew import WorkerProcesses
from runtime.refusal import NOT_RUNNING, RuntimeStateError
from runtime.repertoire import Repertoire
from runtime.settings import RuntimeSettings
from runtime.store.actor import StoreActor
from runtime.store.database import WritingDatabase
from runtime.store.datagrams import SocketDoorbell
from runtime.store.doorbell import Doorbell
from runtime.store.file import StoreFile
from runtime.store.reading.document_source import StoredDocuments
from runtime.telemetry.opening import observer_of

if TYPE_CHECKING:
    from runtime.telemetry.telemetry import Telemetry

RESERVED = frozenset(
    {
        "clock",
        "documents",
        "event_hub",
        "events_actor",
        "lease_seconds",
        "managers",
        "observer",
        "on_failure",
        "on_restart",
        "on_store",
        "open_store",
        "pace",
        "processes",
        "precedence",
        "random",
        "restart_intensity",
        "settings",
        "store_actor",
        "upkeep",
        "webhooks",
        "workers",
    }
)
"""Names of resources that are the runtime's own."""


class Parts(Repertoire):
    """What is there before the actors are, and outlives them."""

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
        """Make them; the arguments are those of ``Runtime``.

        Raises:
            ValueError: a resource has the name of one of the runtime's own, telemetry is wanted and can not be had, or
                as of ``Repertoire``.
        """
        prepare_types()
        if settings.telemetry.problem:
            raise ValueError(f"telemetry {settings.telemetry.problem}: {settings.telemetry.remedy}")
        self.clock = clock or SystemClock()
        self.random = random or SystemRandom()
        self.doorbell = doorbell or SocketDoorbell()
        self.hub = EventHub()
        reserved = sorted(RESERVED & resources.keys())
        if reserved:
            raise ValueError(f"the resource {reserved[0]!r} is the runtime's own: give yours another name")
        super().__init__(settings, workers=workers, definitions=definitions, managers=managers, agents=agents)
        crawler = self.own_settings.worker(crawler_url.worker_type, CrawlerSettings)
        self.crawling = Crawling(
            settings.store,
            self.clock,
            busy_timeout_seconds=settings.busy_timeout_seconds,
            allow_private_addresses=crawler.allow_private_addresses,
            user_agent=crawler.user_agent,
            browser_path=crawler.browser_path,
            browser_pages=crawler.browser_pages,
            key_file=settings.key_file,
        )
        self.documents = self._stored_documents()
        self._processes = self._worker_processes()
        self._resources = resources
        self._file: StoreFile | None = None
        self._telemetry: Telemetry | None = None

    @property
    def name(self) -> str:
        """The running runtime's number among the owners of its store; "" while it has none."""
        return "" if self._file is None else str(self._file.owner)

    @property
    def ids(self) -> IdSource:
        """Where this runtime's ids come from."""
        if self._file is None:
            raise RuntimeStateError(NOT_RUNNING)
        return self._file.ids

    def resources(self) -> dict[str, Any]:
        """What the actors may ask for by name, but for what tells of their life."""
        return {
            **self.crawling.resources(),
            **self._resources,
            "clock": self.clock,
            "documents": self.documents,
            "processes": self._processes,
            "random": self.random,
            "workers": self.workers,
            "managers": self.managers,
            "settings": self.own_settings,
            "open_store": self._open_store,
            "store_actor": StoreActor,
            "events_actor": EventService,
            "event_hub": self.hub,
            "lease_seconds": self.settings.lease_seconds,
            "observer": observer_of(self._telemetry, self.settings, self.clock),
            "restart_intensity": self.settings.restart_intensity,
        }

    def _open_store(self, precedence: Precedence) -> StoreFile:
        """Called by the store's actor on its thread; an actor that replaces a dead one goes on with the same file."""
        if self._file is not None:
            self._file.take_over()
            return self._file
        self._file = self._opened(precedence)
        return self._file

    def _opened(self, precedence: Precedence, database: WritingDatabase | None = None) -> StoreFile:
        settings = self.settings
        return StoreFile(
            settings.store,
            self.clock,
            synchronous=settings.synchronous,
            busy_timeout_seconds=settings.busy_timeout_seconds,
            lease_seconds=settings.lease_seconds,
            max_attempts={name: worker.options.max_attempts for name, worker in self.workers.items()},
            max_lost=settings.max_lost,
            retention=settings.retention,
            precedence=precedence,
            doorbell=self.doorbell,
            database=database,
            on_end=None if self._telemetry is None else self._telemetry.on_end,
        )

    def _worker_processes(self) -> WorkerProcesses:
        """Where bodies of dispatcher ``cpu`` run; none is started before one of them is to."""
        settings = self.settings
        return WorkerProcesses(
            settings.store,
            self.own_settings,
            busy_timeout_seconds=settings.busy_timeout_seconds,
            logging=settings.logging if settings.binds_logs else None,
            name=lambda: self.name,
        )

    def _stored_documents(self) -> StoredDocuments:
        """The documents for managers and workers; nothing is opened before one of them reads."""
        settings = self.settings
        return StoredDocuments(settings.store, busy_timeout_seconds=settings.busy_timeout_seconds)
