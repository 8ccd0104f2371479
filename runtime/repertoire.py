"""Repertoire: what one runtime can do: workers, managers and agent types, their settings, the definitions it knows.

Nothing runs here and nothing is opened: what does not go together is refused before a store is touched.
"""

from collections.abc import Iterable
from copy import copy
from typing import Any

import msgspec

from actors.agent import AgentType, AgentTypes
from actors.agent.built_in import BUILT_IN_AGENT_TYPES
from actors.job import JobDefinition
from actors.manager import JobManager, ManagerRegistry
from actors.manager.agent import AgentManager
from actors.manager.crawl import CrawlManager
from actors.manager.database_maintenance import DatabaseMaintenanceManager
from actors.manager.fan_out import FanOutManager
from actors.manager.places_search import PlacesSearchManager
from actors.manager.reindex import ReindexManager
from actors.manager.test_job_generator import GeneratorManager
from actors.manager.transform import TransformManager
from actors.worker import JobWorker, WorkerRegistry
from actors.worker.agent import agent
from actors.worker.crawler_sitemap import crawler_sitemap
from actors.worker.crawler_url import crawler_url
from actors.worker.database_maintenance import database_maintenance_operation
from actors.worker.places_search import places_search
from actors.worker.reindex import reindex
from actors.worker.test_job_generator import generator
from actors.worker.transform.worker import transform
from actors.worker.webhook_delivery import webhook_delivery
from runtime.admission import admitted
from runtime.adoption import library_of
from runtime.modules import import_agent, import_manager, import_worker
from runtime.own_settings import own_settings
from runtime.processes.naming import name_of
from runtime.registration import check_actions, check_child_types
from runtime.settings import RuntimeSettings
from runtime.webhook_settings import webhooks_of

BUILT_IN_WORKERS: tuple[JobWorker, ...] = (
    crawler_url,
    crawler_sitemap,
    database_maintenance_operation,
    generator,
    reindex,
    transform,
    agent,
    places_search,
    webhook_delivery,
)
BUILT_IN_MANAGERS: tuple[type[JobManager], ...] = (
    CrawlManager,
    DatabaseMaintenanceManager,
    FanOutManager,
    GeneratorManager,
    ReindexManager,
    TransformManager,
    AgentManager,
    PlacesSearchManager,
)


class Repertoire:
    """All that is known before a start. It never changes."""

    def __init__(
        self,
        settings: RuntimeSettings,
        *,
        workers: Iterable[JobWorker],
        managers: Iterable[type[JobManager]],
        agents: Iterable[AgentType],
        definitions: Iterable[JobDefinition],
    ) -> None:
        """Bring together what comes with the runtime, what the service gives, and what its configuration names.

        Raises:
            DefinitionError: a definition is wrong, or they do not go together.
            TypeError: a worker is none, or settings are of another type than its own.
            ValueError: two workers have one type, a manager's jobs have no worker, or one can not run as configured.
        """
        self.settings = settings
        if isinstance(workers, JobWorker):
            raise TypeError(f"workers is a list: write workers=[{workers!r}]")
        named = map(import_worker, settings.worker_modules)
        every_worker = dict.fromkeys((*BUILT_IN_WORKERS, *workers, *named))
        self.workers = WorkerRegistry(_configured(worker, settings.worker_options) for worker in every_worker)
        for each in self.workers.values():
            if each.options.dispatcher == "cpu":
                name_of(each)  # refused now, not with its first job
        every_manager = dict.fromkeys(
            (*BUILT_IN_MANAGERS, *managers, *map(import_manager, settings.manager_modules))
        )
        every_agent = dict.fromkeys(
            (*BUILT_IN_AGENT_TYPES, *agents, *map(import_agent, settings.agent_modules))
        )
        self.own_settings, self.warnings = own_settings(
            settings, self.workers, ManagerRegistry(every_manager), AgentTypes(every_agent)
        )
        self.managers = ManagerRegistry(every_manager, self.own_settings)
        check_child_types(self.managers, self.workers)
        self.webhooks, about_webhooks = webhooks_of(settings.webhooks)
        self.warnings += about_webhooks
        self.library = library_of(settings.definitions_directory, definitions, self.managers)

    def check_actions(self) -> None:
        """See that every action of the known definitions has a manager, unless others on the store may have it.

        Raises:
            DefinitionError: one has none.
        """
        if not self.settings.allow_unknown_actions:
            check_actions(self.library, self.managers)

    def admitted(self, definition: JobDefinition) -> JobDefinition:
        """The definition, if it can be run here.

        Raises:
            RefusedError: it can not; see ``admission``.
        """
        return admitted(definition, self.managers, self.workers)


def _configured(worker: JobWorker, overrides: dict[str, dict[str, Any]]) -> JobWorker:
    """The worker with its options as the configuration wants them; the worker itself stays as it is."""
    wanted = overrides.get(getattr(worker, "worker_type", ""))
    if not wanted:
        return worker
    configured = copy(worker)
    configured.options = msgspec.structs.replace(worker.options, **wanted)
    return configured
