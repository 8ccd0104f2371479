"""The contract between the runtime and the code that names a step's children."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import msgspec

from actors.documents import DocumentSource
from actors.job import ChildSpec, JobDefinition, Page, Step, StepStart
from actors.seams import Clock
from actors.settings import NoSettings, Settings
from actors.worker.errors import PermanentError

OwnSettings = TypeVar("OwnSettings", bound=msgspec.Struct)


class ManagerContext(msgspec.Struct, frozen=True):
    """What a manager has of the runtime while it names children."""

    clock: Clock
    resource: Callable[[str], Any]  # whatever the runtime was given under a name
    action: str = ""

    def settings(self, settings_type: type[OwnSettings]) -> OwnSettings:
        """This runtime's settings of the manager: ``[managers.<action>]`` as its ``settings_type``.

        Raises:
            TypeError: that is not the manager's ``settings_type``.
        """
        return self.resource("settings").manager(self.action, settings_type)  # type: ignore[no-any-return]

    def worker_settings(self, worker_type: str, settings_type: type[OwnSettings]) -> OwnSettings:
        """The settings of a worker whose jobs the manager makes.

        Raises:
            TypeError: that is not the worker's ``settings_type``.
        """
        return self.resource("settings").worker(worker_type, settings_type)  # type: ignore[no-any-return]

    @property
    def stored_documents(self) -> DocumentSource:
        """The documents in the store."""
        source: DocumentSource = self.resource("documents")
        return source


class JobManager(ABC):
    """What carries out one action: it turns a step into a parent job and names its children, page by page.

    A manager is restartable: ``create_children`` may be called again with the same cursor after a crash, and the
    page of the repeated call replaces the lost one, since a page is committed with the cursor that follows it or not
    at all. It keeps no state between calls. It runs on the dispatcher its class names and may block there.
    """

    manager_type: ClassVar[str]
    """The action whose steps it carries out."""
    config_type: ClassVar[type[msgspec.Struct]]
    """The step's configuration; checked when the definition is loaded."""
    settings_type: ClassVar[type[msgspec.Struct]] = NoSettings
    """What ``[managers.<action>]`` may say: a Struct, best with a default for every field."""
    child_types: ClassVar[tuple[str, ...]] = ()
    """The job types it makes; each must have a worker."""
    dispatcher: ClassVar[str] = "io"

    def __init__(self, context: ManagerContext) -> None:
        self.context = context
        self.page: Page | None = None

    def create_parent_job(self, step: StepStart, definition: JobDefinition, parent_id: int) -> int:
        """Fill the step's row, which is the parent job, with its first page of children, and return the row's id.

        The run (``parent_id``) and the row exist since the submit; the page is committed under the step's lease when
        this returns. ``definition`` is the run's. Errors are those of ``create_children``.
        """
        if parent_id != step.run_id or definition != step.definition:
            raise PermanentError(f"step {step.step_id} belongs to run {step.run_id}, not to {parent_id}")
        self.page = self.create_children(step, step.cursor)
        return step.step_id

    @abstractmethod
    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        """The page of children that follows ``cursor`` (None = the first), with the cursor of the next.

        Raises:
            PermanentError: no repetition can help; the step ends ``failed`` with this reason.
            Exception: tried again with backoff, a few times.
        """

    @classmethod
    def problems(cls, step: Step) -> list[tuple[str, str]]:
        """What is wrong with a step's configuration beyond its types: pairs of key and sentence; [] = nothing."""
        return []

    @classmethod
    def unmet(cls, step: Step, settings: Settings) -> list[tuple[str, str]]:
        """What the step needs and this runtime's settings do not give, such as credentials: as ``problems``.

        The definition loads, and is not run here. ``settings`` are those of all workers and managers.
        """
        return []

    @classmethod
    def missing(cls, step: Step, definition: JobDefinition) -> list[tuple[str, str]]:
        """What a run of the step still needs, though its definition may be loaded and kept: as of ``problems``.

        Asked only of a step without problems; a definition of which something is missing is not run.
        """
        return []

    @classmethod
    def auth_ids(cls, step: Step, definition: JobDefinition) -> tuple[str, ...]:
        """The auth records that the step's jobs log in with; a submit is refused if one of them is not there."""
        return ()

    @staticmethod
    def child(job_type: str, payload: msgspec.Struct, **fields: Any) -> ChildSpec:
        """A child with this payload; ``fields`` are those of ``ChildSpec``."""
        return ChildSpec(type=job_type, payload=msgspec.json.encode(payload).decode(), **fields)
