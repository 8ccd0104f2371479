"""The protocol: every message the runtime's actors exchange. Commands go down the tree, reports go up.

Every message is a frozen, tagged Struct, passed by reference in the process and encoded whenever it leaves it. The
stores' rows are the truth; a message is a hint about them, so every report can be lost and made up for from the rows.

- to the store:        Submit, StagePage, NameChildren, NamingFailed, Settle, SetDemand, ExtendLeases, GiveBack,
                       CancelJob, CloseParent, WatchParent, Sweep, IndexDocuments
- from the store:      Submitted, Staged, Named, Settled, CancelAcknowledged, Leased, ParentPicture, Committed, NextDue
- processor ↔ tree:    SuperviseRun, SuperviseStep, Monitoring, RunChildren, Retiring, Retired, LeasesLost
- orchestrator ↔ tree: StartMonitoring, StopMonitoring, GetMonitoringStatus, MonitoringStatus, ParentJobEnded
- manager and worker:  CreateChildren, StartWorker, RunJob, StopJob, AttemptEnded
- the runtime's life:  Wiring, Start, Started, Drain, Drained, Stop
- to subscribers:      Subscribe, Unsubscribe, Event, Progress
"""

from typing import Any

import msgspec

from actors.job import (
    Attempt,
    AttemptError,
    Closing,
    Counts,
    JobDefinition,
    JobState,
    LeasedJob,
    Page,
    Step,
    StepStart,
)
from actors.receive import Address


class Command(msgspec.Struct, frozen=True, tag=True):
    """Goes down: tells an actor to do something."""


class Report(msgspec.Struct, frozen=True, tag=True):
    """Goes up: tells an actor what has happened."""


# -- to the store --------------------------------------------------------------------------------------------------


class Submit(Command, frozen=True):
    """Write a run with all its steps. Answered by ``Submitted`` once durable, or ``Refused``."""

    definition: JobDefinition
    run_id: int
    submit_key: str | None = None
    staged_pages: int = 0  # pages staged for the single step of a fan-out
    name: str | None = None


class StagePage(Command, frozen=True):
    """Store children of a fan-out beforehand: ``rows`` is a JSON array of [id, payload, crc, unique_key].

    Staged pages are invisible until a ``Submit`` of the same run names them. Answered by ``Staged``.
    """

    run_id: int
    number: int
    rows: bytes
    children: int


class NameChildren(Command, frozen=True):
    """Commit one page of a step's children under the naming lease. Answered by ``Named``."""

    start: StepStart
    page: Page


class NamingFailed(Command, frozen=True):
    """A manager could not name children: try again later, or close the step as failed. Answered by ``Named``."""

    start: StepStart
    error: AttemptError
    permanent: bool
    retry_in_ms: int


class Settle(Command, frozen=True, gc=False):
    """Record ended attempts, each whole and under its token. Answered by ``Settled`` with the same number."""

    number: int
    attempts: tuple[Attempt, ...]


class SetDemand(Command, frozen=True):
    """Standing order of the JobProcessor: lease at most this many jobs of each type at once; replaces the last one."""

    slots: dict[str, int]
    naming: int  # step starts at once
    actions: tuple[str, ...]  # the actions this runtime has a manager for


class ExtendLeases(Command, frozen=True):
    """Keep these leases of this runtime: their workers live."""

    job_ids: tuple[int, ...]


class GiveBack(Command, frozen=True):
    """Leases of this runtime no actor of it holds any more: of one step, or all. Attempts are not consumed."""

    step_id: int | None
    reason: str


class CancelJob(Command, frozen=True):
    """Cancel a run, a step or a job with all below it. Answered by ``CancelAcknowledged`` once durable."""

    job_id: int
    reason: str = ""


class CloseParent(Command, frozen=True):
    """Close a parent that its orchestrators can not supervise (restart intensity exceeded)."""

    job_id: int
    closing: Closing
    reason: str


class WatchParent(Command, frozen=True):
    """Send me ``ParentPicture`` now and after every commit that touches this parent."""

    job_id: int


class Sweep(Command, frozen=True):
    """Do what is due: wake scheduled jobs and rates, take over leases of dead owners, notice other processes' commits."""


class IndexDocuments(Command, frozen=True):
    """Fill the search index from the queue, one small transaction at a time."""


# -- from the store ------------------------------------------------------------------------------------------------


class Submitted(Report, frozen=True):
    """The run is durable. ``created`` is False when the submit key already had one."""

    run_id: int
    created: bool


class Staged(Report, frozen=True):
    """The page is durable."""

    number: int


class Refused(Report, frozen=True):
    """The request changed nothing. ``hint`` tells what to do."""

    message: str
    hint: str = ""


class Named(Report, frozen=True):
    """What became of a page. Not ``accepted``: another claim had replaced the lease, or the step was closing."""

    step_id: int
    accepted: bool
    inserted: int = 0


class Settled(Report, frozen=True):
    """The attempts of that ``Settle`` are durable, but for the ``refused`` jobs: their lease was lost."""

    number: int
    refused: tuple[int, ...] = ()


class CancelAcknowledged(Report, frozen=True):
    """Durable: from this commit on nothing below the job is leased. ``changed`` is False if it had ended before."""

    job_id: int
    changed: bool
    state: JobState


class Leased(Report, frozen=True):
    """Work of this runtime, durable as running: jobs grouped by step, and steps whose children are to be named."""

    jobs: tuple[LeasedJob, ...]
    starts: tuple[StepStart, ...] = ()


class ParentPicture(Report, frozen=True):
    """A run or step as of the last commit that touched it."""

    id: int
    run_id: int
    state: JobState
    counts: Counts
    named: bool
    closing: Closing | None = None
    step: Step | None = None
    reason: str | None = None
    definition_id: str = ""
    tags: tuple[str, ...] = ()


class Committed(Report, frozen=True):
    """A transaction is durable and wrote the events ``first_seq`` … ``last_seq``."""

    first_seq: int
    last_seq: int
    batch: bytes  # as stored, see EventService


class NextDue(Report, frozen=True):
    """The earliest time (Unix ms) at which a scheduled job or a rate comes due; None = nothing waits for time."""

    at_ms: int | None


# -- processor and tree --------------------------------------------------------------------------------------------


class SuperviseStep(Command, frozen=True):
    """There is work of this step: see that it has an orchestrator, which will introduce itself by ``Monitoring``."""

    run_id: int
    step_id: int


class Monitoring(Report, frozen=True):
    """The sender is the orchestrator of this step and takes ``RunChildren``."""

    step_id: int


class RunChildren(Command, frozen=True):
    """Run these leased jobs, each in a worker actor of its own."""

    jobs: tuple[LeasedJob, ...]


class Retiring(Report, frozen=True):
    """The sender has nothing to supervise: send it no more work. Answered by ``Retired``."""

    step_id: int


class Retired(Command, frozen=True):
    """No ``RunChildren`` comes after this: the orchestrator may leave memory."""

    step_id: int


class LeasesLost(Report, frozen=True):
    """The orchestrator of this step died: its leases are given back, forget its address."""

    step_id: int


# -- orchestrators -------------------------------------------------------------------------------------------------


class StartMonitoring(Command, frozen=True):
    """Supervise this parent job to its end: a step of the run, or the run itself (``step_id`` None)."""

    run_id: int
    step_id: int | None
    wiring: "Wiring"


class StopMonitoring(Command, frozen=True):
    """Stop supervising: running children are interrupted and given back."""

    reason: str


class GetMonitoringStatus(Command, frozen=True):
    """Answered by ``MonitoringStatus``."""


class MonitoringStatus(Report, frozen=True):
    """What an orchestrator knows: a cache of the rows."""

    job_id: int
    state: JobState
    counts: Counts
    running_here: int
    restarts: int


class ParentJobEnded(Report, frozen=True):
    """A step's orchestrator tells the run's that the parent job reached a terminal state."""

    job_id: int
    state: JobState


# -- manager and worker --------------------------------------------------------------------------------------------


class CreateChildren(Command, frozen=True):
    """Name the next page of this step's children."""

    start: StepStart


class StartWorker(Command, frozen=True):
    """What a worker actor needs to know of its step before the first job."""

    type: str
    run_id: int
    step: Step
    tags: tuple[str, ...]
    definition_id: str


class RunJob(Command, frozen=True, gc=False):
    """Run this job's body. Answered by ``AttemptEnded``."""

    job: LeasedJob


class StopJob(Command, frozen=True):
    """The attempt is to end: the step is cancelled, or the runtime stops and gives the lease back."""

    interrupted: bool
    reason: str


class AttemptEnded(Report, frozen=True, gc=False):
    """The body ended, one way or another; this is its whole record."""

    attempt: Attempt


# -- the runtime's life --------------------------------------------------------------------------------------------


class Wiring(Command, frozen=True):
    """The addresses of the runtime's own actors. Sent again whenever one of them was restarted."""

    supervisor: Address
    store: Address
    events: Address
    processor: Address
    scheduler: Address
    managers: dict[str, Address]


class Start(Command, frozen=True):
    """Start the runtime. Answered by ``Started``, or ``Refused``."""


class Started(Report, frozen=True):
    """The store is open and every actor of the runtime runs."""

    store: Address
    events: Address
    warnings: tuple[str, ...] = ()


class Drain(Command, frozen=True):
    """Take no more work; running attempts get the grace, what remains is given back. Answered by ``Drained``."""

    grace_seconds: float


class Drained(Report, frozen=True):
    """Nothing runs any more."""

    given_back: int


# -- to subscribers ------------------------------------------------------------------------------------------------


class Subscribe(Command, frozen=True):
    """Send me every event after ``after`` (a sequence number), then each as it is committed."""

    after: int | None = None
    run_id: int | None = None


class Unsubscribe(Command, frozen=True):
    """Send me no more."""


class Event(Report, frozen=True):
    """Something that happened, in the order of the commits."""

    seq: int  # 0 for parent_job_progress, which is never stored
    type: str
    run_id: int
    job_id: int
    time_ms: int
    data: dict[str, Any]
