"""What the routes answer, as types: the OpenAPI document is made of them. The same objects as ``--json`` shows."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType


class CountsObject(msgspec.Struct, frozen=True):
    """Children by state; of a run, all jobs below its steps."""

    total: int
    scheduled: int
    pending: int
    running: int
    completed: int
    failed: int
    cancelled: int


class ProgressObject(msgspec.Struct, frozen=True):
    """How far a parent is; ``total_final``: no more children can come."""

    total: int
    total_final: bool
    pending: int
    running: int
    completed: int
    failed: int
    cancelled: int
    percentage: float
    text: str


class JobObject(msgspec.Struct, frozen=True):
    """A run, a step or a job. Times are Unix milliseconds."""

    id: str
    parent_id: str | None
    root_id: str
    kind: str
    type: str
    name: str
    state: str
    attempt: int
    max_attempts: int
    created_at: int
    started_at: int | None
    finished_at: int | None
    payload: Any
    depth: int | UnsetType = UNSET
    error: str | UnsetType = UNSET
    errors: Any = UNSET
    result: Any = UNSET
    not_before: int | UnsetType | None = UNSET
    lost: int | UnsetType = UNSET
    epoch: int | UnsetType = UNSET
    paused: bool | UnsetType = UNSET
    counts: CountsObject | UnsetType = UNSET
    progress: ProgressObject | UnsetType = UNSET
    links: Any = UNSET
    children: "list[JobObject] | UnsetType" = UNSET
    children_not_shown: int | UnsetType = UNSET
    spawned: "list[JobObject] | UnsetType" = UNSET


class JobsPage(msgspec.Struct, frozen=True):
    """Some jobs; ``next_cursor`` as ``after`` gives those that follow, null = these were the last."""

    jobs: list[JobObject]
    next_cursor: str | None


class JobStatistics(msgspec.Struct, frozen=True):
    """Rows of one kind by state, at one moment."""

    total: int
    scheduled: int
    pending: int
    running: int
    completed: int
    completed_with_failures: int
    failed: int
    cancelled: int


class Statistics(msgspec.Struct, frozen=True):
    """How many runs, steps and jobs the store holds, each by state, and documents."""

    runs: JobStatistics
    steps: JobStatistics
    jobs: JobStatistics
    documents: int


class RecentlyEnded(msgspec.Struct, frozen=True):
    """Jobs that ended within the last ``seconds``, by how."""

    seconds: float
    completed: int
    failed: int
    cancelled: int


class TypeQueue(msgspec.Struct, frozen=True):
    """The queue of one job type: what waits and runs in the store, the slots of this runtime, what ended lately."""

    type: str
    pending: int
    running: int
    scheduled: int
    slots: int | None  # None: no worker of that type here
    paused: bool
    ended: RecentlyEnded


class LogObject(msgspec.Struct, frozen=True):
    """A log line; ``number`` is its cursor."""

    number: int
    job_id: str
    time: int
    level: str
    text: str


class LogsPage(msgspec.Struct, frozen=True):
    """Some log lines, in order."""

    logs: list[LogObject]
    next_cursor: int | None


class Made(msgspec.Struct, frozen=True):
    """A run was made; ``Location`` leads to it."""

    job_id: str
    job_name: str
    status: str
    message: str


class Rerun(msgspec.Struct, frozen=True):
    """A run was made of an old one."""

    original_job_id: str
    new_job_id: str
    message: str


class Done(msgspec.Struct, frozen=True):
    """An operator's verb is durable; ``changed`` false: things were as asked for already."""

    job_id: str
    changed: bool
    message: str


class Retried(msgspec.Struct, frozen=True):
    """So many jobs wait again."""

    job_id: str
    jobs: int
    message: str


class Deleted(msgspec.Struct, frozen=True):
    """A run is gone, with so many below it."""

    job_id: str
    cascade_deleted: int
    message: str


class DocumentsPage(msgspec.Struct, frozen=True):
    """Documents, ``next_cursor`` as ``after`` gives those that follow; or what a search found, the best first."""

    documents: list[dict[str, Any]]
    next_cursor: str | None


class FoundFault(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a definition's author should know."""

    message: str
    severity: str
    path: str = ""
    line: int | None = None
    hint: str = ""


class DefinitionObject(msgspec.Struct, frozen=True):
    """A definition that is known here; ``source`` is its file, "" = made in code."""

    id: str
    name: str
    enabled: bool
    schedule: str
    tags: list[str]
    steps: list[str]
    source: str
    findings: list[FoundFault]


class DefinitionText(msgspec.Struct, frozen=True):
    """A definition with its normalised content, and with its file's text if it has one."""

    definition: DefinitionObject
    content: dict[str, Any]
    toml: str | None


class Validation(msgspec.Struct, frozen=True):
    """What was found in a definition; ``runnable``: this runtime can run it."""

    valid: bool
    runnable: bool
    id: str | None
    findings: list[FoundFault]


class Health(msgspec.Struct, frozen=True):
    """``status`` is "ok", or what is wrong."""

    status: str


class Version(msgspec.Struct, frozen=True):
    """What runs here."""

    name: str
    version: str
    python: str
    sqlite: str
    instance: str  # another one after each start
    role: str  # of who asks: "read" or "operate"


class QuickCrawl(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A crawl without a definition."""

    url: str
    name: str = ""
    max_depth: int = 2
    max_pages: int = 10
    include_patterns: list[str] = []
    exclude_patterns: list[str] = []


class LoggedIn(msgspec.Struct, frozen=True):
    """The role of the token."""

    role: str
