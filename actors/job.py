"""The shared nouns of the runtime. Nothing here decides or does anything.

Every type is a frozen msgspec Struct: it can be a message's field, a row's column and a command's output.
Times are Unix milliseconds (``*_ms`` and ``*_at``); durations carry their unit in the name.
"""

from enum import StrEnum
from typing import Any

import msgspec

from actors.documents import DocumentPatch, DocumentSpec

# The states are nouns too, and looked for here.
from actors.states import Closing as Closing  # noqa: PLC0414
from actors.states import JobKind as JobKind  # noqa: PLC0414
from actors.states import JobState as JobState  # noqa: PLC0414


class OnError(StrEnum):
    """What the run does when a step ends ``failed``."""

    FAIL = "fail"
    CONTINUE = "continue"
    RETRY = "retry"


class WaitRole(StrEnum):
    """Why a step waits for the end of another step, or of another run."""

    STEP = "step"  # it depends on another step of its run
    PRE = "pre"  # its run has a pre-job, which must complete
    PRE_OPTIONAL = (
        "pre_optional"  # its run has a pre-job, which may fail: the first step's on_error is continue
    )
    POST = "post"  # its run is a post-job, for the case that the other run completes


class FailureAction(StrEnum):
    """What happens when an error tolerance is used up."""

    STOP_ALL = "stop_all"
    CONTINUE = "continue"
    MARK_WARNING = "mark_warning"


class LogLevel(StrEnum):
    """Levels of a job's log lines."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Counts(msgspec.Struct, frozen=True, gc=False):
    """Children of a parent by state. ``total`` is the sum of the others."""

    total: int = 0
    scheduled: int = 0
    pending: int = 0
    running: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0

    @property
    def open(self) -> int:
        """Children that have not ended."""
        return self.scheduled + self.pending + self.running

    @property
    def finished(self) -> int:
        """Children that have ended, however."""
        return self.completed + self.failed + self.cancelled

    def text(self) -> str:
        """The progress line people read: "66 pending, 1 running, 41 completed, 0 failed"."""
        words = f"{self.pending + self.scheduled} pending, {self.running} running, "
        words += f"{self.completed} completed, {self.failed} failed"
        return words + (f", {self.cancelled} cancelled" if self.cancelled else "")


class Lease(msgspec.Struct, frozen=True, gc=False):
    """The time-limited right to run one attempt of one job.

    The token grows with every claim and is never reused, so it names exactly one claim; every write of the attempt
    carries it and is refused once another claim has replaced it.
    """

    job_id: int
    token: int


class AttemptError(msgspec.Struct, frozen=True):
    """Why an attempt did not succeed."""

    type: str
    message: str
    traceback: str = ""  # at most 4 000 characters
    attempt: int = 0
    at_ms: int = 0


class ChildSpec(msgspec.Struct, frozen=True, gc=False):
    """A child job to be made. ``payload`` is the JSON text of the worker's payload type."""

    type: str
    payload: str
    name: str | None = None
    unique_key: str | None = None  # at most one child of the step has it
    depth: int = 1
    priority: int = 0  # lower goes first
    rate_key: str = ""  # children of one key start at least rate_ms apart, "" = no rate
    rate_ms: int = 0
    delay_ms: int = 0
    max_attempts: int = 0  # 0 = the worker type's own
    backoff_ms: int = 0  # first backoff, 0 = the worker type's own
    even_if_failed: bool = False  # it is made also if the attempt that spawned it fails
    in_place: bool = False  # of its spawner: the two count as one for max_children


class Page(msgspec.Struct, frozen=True):
    """What one call of a manager's ``create_children`` names.

    ``stored`` names a page that was staged with the submit: the store expands it itself and ``children`` is empty.
    ``next_cursor`` None means that all children are named. ``max_children`` limits how many the step ever admits; a
    later page may raise it, not lower it. ``concurrency`` limits how many of them run at once over all runtimes (0 = no
    limit but the step's own). With ``level_by_level`` none of them starts while a shallower one of the step runs.
    """

    children: tuple[ChildSpec, ...] = ()
    next_cursor: str | None = None
    stored: int | None = None
    max_children: int = 0
    concurrency: int = 0
    level_by_level: bool = False


class LogLine(msgspec.Struct, frozen=True, gc=False):
    """One line of a job's log."""

    at_ms: int
    level: LogLevel
    text: str


class Completed(msgspec.Struct, frozen=True, tag="completed", gc=False):
    """The attempt succeeded. ``result`` is JSON text or None."""

    result: str | None = None


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The attempt failed. It is repeated after ``retry_in_ms`` unless ``permanent`` or out of attempts."""

    error: AttemptError
    permanent: bool = False
    retry_in_ms: int = 0


class Snoozed(msgspec.Struct, frozen=True, tag="snoozed", gc=False):
    """The attempt asks to be run again later; it does not count."""

    delay_ms: int


class Cancelled(msgspec.Struct, frozen=True, tag="cancelled", gc=False):
    """The attempt ended the job as cancelled."""

    reason: str


class Interrupted(msgspec.Struct, frozen=True, tag="interrupted", gc=False):
    """The attempt was broken off by the runtime (shutdown, lost actor); it is given back and does not count."""


Outcome = Completed | Failed | Snoozed | Cancelled | Interrupted


class Attempt(msgspec.Struct, frozen=True, gc=False):
    """The whole record of one ended attempt: committed in one transaction, demanded with its token, or not at all."""

    lease: Lease
    step_id: int  # a hint, proven by the statement that records the attempt
    outcome: Outcome
    children: tuple[ChildSpec, ...] = ()
    documents: tuple[DocumentSpec, ...] = ()
    logs: tuple[LogLine, ...] = ()
    patches: tuple[DocumentPatch, ...] = ()
    trace_context: str | None = None  # of the attempt's span, for the children: they link to it


class LeasedJob(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A job as handed to a runtime together with its lease."""

    id: int
    token: int
    step_id: int
    root_id: int
    type: str
    payload: str
    name: str | None
    attempt: int
    max_attempts: int
    depth: int
    backoff_ms: int
    unique_key: str | None = None
    crc: int = 0  # of the row, verified when it was leased
    trace_context: str | None = None  # of the attempt that spawned it; read only where runs are traced

    @property
    def lease(self) -> Lease:
        """The claim this job is held under."""
        return Lease(self.id, self.token)


class ErrorTolerance(msgspec.Struct, frozen=True):
    """How many children of a step may fail, and what happens then.

    It trips at failed ≥ ``max_child_failures`` (0 = unlimited), or when at least ``min_finished`` children have
    finished and failed / finished ≥ ``max_failure_ratio`` (0 = unlimited).
    """

    max_child_failures: int = 0
    max_failure_ratio: float = 0.0
    min_finished: int = 10
    failure_action: FailureAction = FailureAction.STOP_ALL


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One step of a definition: what its manager is to do and when. ``config`` is the action's own configuration."""

    name: str
    action: str
    config: dict[str, Any] = {}
    depends: tuple[
        str, ...
    ] = ()  # names of earlier steps; the loader fills in file order where none are given
    on_error: OnError = OnError.FAIL
    description: str = ""
    enabled: bool = True
    condition: str | None = None
    timeout_seconds: float = 0.0  # 0 = none
    concurrency: int = 0  # jobs of this step running at once, 0 = only the slots limit it
    max_retries: int = 3  # on_error = retry: added to each child's attempts
    initial_backoff_seconds: float = 0.0  # on_error = retry: before the second attempt; 0 = the worker type's
    max_backoff_seconds: float = 0.0  # the longest wait; 0 = the worker type's
    backoff_multiplier: float = 0.0  # how much longer each further wait is; 0 = the worker type's
    error_tolerance: ErrorTolerance | None = None  # None = the definition's


class JobDefinition(msgspec.Struct, frozen=True, omit_defaults=True):
    """What to run: the normalised form of every definition file and of every definition made in code."""

    id: str
    name: str
    steps: tuple[Step, ...]
    description: str = ""
    tags: tuple[str, ...] = ()
    enabled: bool = True
    auto_start: bool = False
    schedule: str = ""  # five-field cron, "" = none
    time_zone: str = ""
    timeout_seconds: float = 0.0  # of the run, 0 = none
    priority: int = 0  # lower goes first
    source_type: str = ""
    base_url: str = ""
    auth_id: str = ""
    pre_jobs: tuple[str, ...] = ()
    post_jobs: tuple[str, ...] = ()
    error_tolerance: ErrorTolerance | None = None
    variables: dict[str, Any] = {}


class StepTrace(msgspec.Struct, frozen=True):
    """What places a step in its run's trace."""

    context: str | None  # of the run's row
    epoch: int  # of the step


class StepStart(msgspec.Struct, frozen=True):
    """The leased right to name children of one step, with all a manager needs to do it."""

    step_id: int
    run_id: int
    token: int
    cursor: str | None
    attempt: int
    step: Step
    definition: JobDefinition
    trace: StepTrace | None = None  # where runs are traced

    @property
    def lease(self) -> Lease:
        """The claim the page is committed under."""
        return Lease(self.step_id, self.token)


def prepare_types() -> None:
    """Let msgspec look into the nouns before several threads decode to them.

    msgspec 0.22 does that with the first use of a type, and several threads doing it at the same moment can crash the
    process.
    """
    for noun in (StepStart, LeasedJob, Attempt, Page, Counts, AttemptError, ErrorTolerance):
        msgspec.json.Decoder(list[noun])  # type: ignore[valid-type]
