"""The protocol: every message the runtime's actors exchange. Commands go down the tree, reports go up.

Every message is a frozen, tagged Struct, passed by reference in the process and encoded whenever it leaves it. The
stores' rows are the truth; a message is a hint about them, so every report can be lost and made up for from the rows.

- to the store:        OpenStore, CloseStore, Submit, StagePage, NameChildren, NamingFailed, Settle, SetDemand,
                       ExtendLeases, GiveBack, CancelJob, CloseParent, WatchParent, UnwatchParent, Sweep,
                       IndexDocuments, TellWhenIdle, PauseJob, ResumeJob, PauseType, ResumeType, RetryJob, RerunJob,
                       DeleteJob, Prune, Rung, ScheduleRuns, Unschedule, PauseSchedule, ResumeSchedule,
                       AdoptDefinitions, GetHealth, BuildSearchIndex, MaintainStore
- from the store:      StoreOpened, StoreClosed, Submitted, Staged, Refused, Named, Settled, CancelAcknowledged, Leased,
                       JobsToStop, ParentPicture, Committed, NextDue, StoreIdle, PauseAcknowledged,
                       TypePauseAcknowledged, Recorded, DeleteAcknowledged, ScheduleAcknowledged, Adopted,
                       StoreHealth, RetryAcknowledged, RerunGoesOn, SearchIndexBuilt, StoreMaintained
- processor and tree:  SuperviseStep, Monitoring, RunChildren, Retiring, Retired, LeasesLost, SeeToIt,
                       HoldBack
- orchestrators:       StartMonitoring, StopMonitoring, GetMonitoringStatus, MonitoringStatus
- manager and worker:  CreateChildren, StartWorker, RunJob, StopJob, BodyEnded, AttemptEnded,
                       BodyAbandoned, BodyReturned
- the runtime's life:  Start, Started, Wiring, Drain, Drained
- to those outside:    Event, ParentProgress
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
    Lease,
    LeasedJob,
    Page,
    Step,
    StepStart,
    WaitRole,
)
from actors.receive import Address
from actors.upkeep import Operation


class Command(msgspec.Struct, frozen=True, tag=True, tag_field="tag"):
    """Goes down: tells an actor to do something."""


class Report(msgspec.Struct, frozen=True, tag=True, tag_field="tag"):
    """Goes up: tells an actor what has happened."""


# -- to the store --------------------------------------------------------------------------------------------------


class OpenStore(Command, frozen=True):
    """Open the store the runtime was configured with. Answered by ``StoreOpened`` or ``Refused``."""


class CloseStore(Command, frozen=True):
    """Commit what waits, give back what is leased, close the file. Answered by ``StoreClosed``."""

    fill_index: bool = False  # fill the search index first


class StagedPage(msgspec.Struct, frozen=True):
    """Children of a fan-out: ``rows`` is a JSON array of [id, payload, crc, unique_key]."""

    number: int
    rows: bytes
    children: int


class LinkedRun(msgspec.Struct, frozen=True):
    """A run that is written with another: its pre-job or post-job, or one of theirs."""

    definition: JobDefinition
    run_id: int
    step_ids: tuple[int, ...]


class RunWait(msgspec.Struct, frozen=True):
    """The steps of a run wait for the end of another run of the same submit."""

    run_id: int
    needs_id: int
    role: WaitRole


class Submit(Command, frozen=True):
    """Write a run with all its steps, and the runs linked with it, all or none.

    Answered by ``Submitted`` once durable, or ``Refused``.
    """

    definition: JobDefinition
    run_id: int
    step_ids: tuple[int, ...]  # one for each step of the definition
    submit_key: str | None = None
    page: StagedPage | None = None  # the only page of a small fan-out, which needs no staging
    linked: tuple[LinkedRun, ...] = ()
    waits: tuple[RunWait, ...] = ()


class StagePage(Command, frozen=True):
    """Store children of a fan-out beforehand; invisible until a ``Submit`` of the same run. Answered by ``Staged``."""

    run_id: int
    page: StagedPage


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
    held_back: dict[str, str] = {}  # types it has workers for and takes no jobs of, and why
    draining: bool = False


class ExtendLeases(Command, frozen=True):
    """Keep these leases of this runtime: their workers live."""

    job_ids: tuple[int, ...]


class GiveBack(Command, frozen=True):
    """Leases of this runtime no actor of it holds any more: below a parent, or all. Attempts are not consumed.

    Answered by ``Recorded`` if it has a number.
    """

    parent_id: int | None
    reason: str
    namings_only: bool = False  # only the leases of managers
    number: int = 0


class CancelJob(Command, frozen=True):
    """Cancel a run, a step or a job with all below it. Answered by ``CancelAcknowledged`` once durable."""

    job_id: int
    reason: str = ""


class PauseJob(Command, frozen=True):
    """Lease nothing new of a run, a step or a job. Answered by ``PauseAcknowledged`` once durable, or ``Refused``."""

    job_id: int


class ResumeJob(Command, frozen=True):
    """Take the pause of a run, a step or a job back. Answered as ``PauseJob``."""

    job_id: int


class RetryJob(Command, frozen=True):
    """Open what failed or was cancelled of an ended run, or of a step or job of one, again, in a new epoch.

    With ``failed_only`` what was cancelled stays so. Answered by ``RetryAcknowledged`` once durable, or ``Refused``.
    """

    job_id: int
    failed_only: bool = False


class CopyProgress(msgspec.Struct, frozen=True):
    """How far the children of a fan-out are copied for a new run."""

    step_ids: tuple[int, ...]  # of the new run
    after: int = 0  # the last job that was copied
    staged: int = 0  # the page that it was in, if it was not named yet
    pages: int = 0  # of the new run


class RerunJob(Command, frozen=True):
    """Make a new run of that id of what a run, a step or a job was asked to do.

    Answered by ``Submitted`` once durable, by ``RerunGoesOn`` while there is more to be copied, or ``Refused``.
    """

    job_id: int
    run_id: int
    progress: CopyProgress | None = None  # as the last answer said


class PauseType(Command, frozen=True):
    """Lease no job of this worker type, in any runtime on the store. Answered by ``TypePauseAcknowledged``."""

    type: str


class ResumeType(Command, frozen=True):
    """Take the pause of a worker type back. Answered as ``PauseType``."""

    type: str


class DeleteJob(Command, frozen=True):
    """Delete an ended run, or a step or job of one, with all below it.

    Answered by ``DeleteAcknowledged`` once durable, or ``Refused``.
    """

    job_id: int


class ScheduleRuns(Command, frozen=True):
    """Submit the first definition whenever its schedule fires; in place of an older schedule of the same id.

    Answered by ``ScheduleAcknowledged`` once durable, or ``Refused``.
    """

    definitions: tuple[JobDefinition, ...]  # after the first one, all that run before or after it
    origin: str = (
        ""  # the directory of definitions it was read from; "" = a service or a command asked for it
    )


class Unschedule(Command, frozen=True):
    """Forget the schedule of a definition. Answered by ``ScheduleAcknowledged``."""

    id: str


class PauseSchedule(Command, frozen=True):
    """Let a schedule not fire, also when it is set anew. Answered by ``ScheduleAcknowledged``, or ``Refused``."""

    id: str


class ResumeSchedule(Command, frozen=True):
    """Let a schedule fire again, from its next time on. Answered by ``ScheduleAcknowledged``, or ``Refused``."""

    id: str


class SaveAuthRecord(Command, frozen=True):
    """Keep an auth record, in place of an older one of its id. Answered by ``AuthRecordAcknowledged`` once durable."""

    id: str
    site: str
    sealed: bytes  # no actor can open it


class RemoveAuthRecord(Command, frozen=True):
    """Forget an auth record. Answered by ``AuthRecordAcknowledged`` once durable."""

    id: str


class AdoptDefinitions(Command, frozen=True):
    """What a runtime that starts has in its definitions: set these schedules and start these runs, in one commit.

    Schedules of the same directory that are none of these are forgotten; a run is started unless its definition has one
    that has not ended. Answered by ``Adopted`` once durable, or ``Refused``.
    """

    directory: str
    schedules: tuple[ScheduleRuns, ...] = ()
    starts: tuple[Submit, ...] = ()


class CloseParent(Command, frozen=True):
    """Close a parent that its orchestrators can not supervise (restart intensity exceeded).

    Answered by ``Recorded`` if it has a number.
    """

    job_id: int
    closing: Closing
    reason: str
    number: int = 0


class WatchParent(Command, frozen=True):
    """Send me ``ParentPicture`` now and after every commit that touches this parent."""

    job_id: int


class UnwatchParent(Command, frozen=True):
    """Send me no more pictures of this parent, which has not ended."""

    job_id: int


class Sweep(Command, frozen=True):
    """Notice what other processes committed and whether one died.

    With ``tend`` also: show that this runtime lives, wake what is due, expire what others hold too long.
    """

    tend: bool


class TellWhenIdle(Command, frozen=True):
    """Answered by ``StoreIdle`` once this runtime holds no lease, now or later."""


class Prune(Command, frozen=True):
    """Erase a slice of what was deleted, and so on while there is more; ``begin`` looks first for what is too old."""

    begin: bool


class IndexDocuments(Command, frozen=True):
    """Fill the search index from the queue, one small transaction at a time."""


class BuildSearchIndex(Command, frozen=True):
    """Make a slice of a new search index; None for a number begins one, or joins the one under way.

    Answered by ``SearchIndexBuilt`` once durable, or ``Refused``.
    """

    number: int | None


class MaintainStore(Command, frozen=True):
    """Do this operation to the whole store, or to a part of it, after all that was asked before.

    Answered by ``StoreMaintained``, or ``Refused``.
    """

    operation: Operation
    part: str = ""


class GetHealth(Command, frozen=True):
    """Answered by ``StoreHealth``, whether commits come about or not."""


# -- from the store ------------------------------------------------------------------------------------------------


class StoreOpened(Report, frozen=True):
    """The store is open, under this owner's number."""

    owner: int


class StoreClosed(Report, frozen=True):
    """The store is closed; that many running jobs were given back."""

    given_back: int


class StoreIdle(Report, frozen=True):
    """This runtime holds no lease."""


class StoreHealth(Report, frozen=True):
    """``unavailable`` says why nothing can be committed now; "" = commits come about."""

    unavailable: str


class SearchIndexBuilt(Report, frozen=True):
    """How far the new search index is; ``documents`` were indexed in this slice. ``number`` None = ask again."""

    number: int | None
    done: bool
    documents: int


class StoreMaintained(Report, frozen=True):
    """It is done; ``note`` is what there is to tell of it."""

    note: str = ""


class Recorded(Report, frozen=True):
    """The ``GiveBack`` or ``CloseParent`` of that number is durable."""

    number: int


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


class PauseAcknowledged(Report, frozen=True):
    """Durable: the job is paused, or resumed. ``changed`` is False if it was so before, or takes no more work anyway.

    ``held`` tells that it waits although it was resumed: what is above it is paused.
    """

    job_id: int
    changed: bool
    state: JobState
    held: bool = False


class RetryAcknowledged(Report, frozen=True):
    """Durable: so many jobs wait again; steps whose children were never named are named besides."""

    job_id: int
    run_id: int
    jobs: int
    state: JobState  # of what was retried


class RerunGoesOn(Report, frozen=True):
    """Some of the children are copied: ask again with this."""

    progress: CopyProgress


class TypePauseAcknowledged(Report, frozen=True):
    """Durable: the worker type is paused, or resumed. ``changed`` is False if it was so before."""

    type: str
    changed: bool


class DeleteAcknowledged(Report, frozen=True):
    """Durable: from this commit on nobody sees it. So many jobs go with it."""

    job_id: int
    jobs: int


class ScheduleAcknowledged(Report, frozen=True):
    """A schedule as it is now. ``changed`` is False when it was so before."""

    id: str
    changed: bool
    next_at_ms: int | None = None  # None = it was forgotten
    paused: bool = False
    origin: str = ""  # as it is, or as it was


class AuthRecordAcknowledged(Report, frozen=True):
    """Durable. ``changed`` says whether there was a record of that id before."""

    id: str
    changed: bool


class Adopted(Report, frozen=True):
    """What became of a runtime's definitions; ids of definitions, and the runs that were started."""

    scheduled: tuple[str, ...]  # whose schedule is new or has changed
    forgotten: tuple[str, ...]
    started: tuple[int, ...]


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


class JobsToStop(Report, frozen=True):
    """Running jobs of this runtime that were cancelled by themselves."""

    job_ids: tuple[int, ...]


class Committed(Report, frozen=True):
    """A transaction is durable. ``last_seq`` is its last event; 0 = another process committed, look at the rows."""

    last_seq: int
    ended_runs: tuple[int, ...] = ()


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

    run_id: int
    step_id: int


class RunChildren(Command, frozen=True):
    """Run these leased jobs, each in a worker actor; ``resting``: how many to keep that have nothing to do."""

    jobs: tuple[LeasedJob, ...]
    resting: int = 16


class Retiring(Report, frozen=True):
    """The sender has nothing to supervise, and has got so many messages with work.

    Answered by ``Retired``, unless more were sent: they are under way, and the sender asks again after them.
    """

    parent_id: int
    received: int


class Retired(Command, frozen=True):
    """No work comes after this: the orchestrator leaves memory. The next work makes a new one."""

    parent_id: int


class LeasesLost(Report, frozen=True):
    """The orchestrator of this run or step died: its leases are given back, forget its address."""

    parent_id: int


class SeeToIt(Command, frozen=True):
    """To the supervisor, who outlives every store actor: have the store record this, however often its actor dies."""

    request: GiveBack | CloseParent


class HoldBack(Command, frozen=True):
    """To the processor: take no jobs of these types, for the reasons given; replaces the last one."""

    types: dict[str, str]


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


# -- manager and worker --------------------------------------------------------------------------------------------


class CreateChildren(Command, frozen=True):
    """Name the next page of this step's children."""

    start: StepStart


class StartWorker(Command, frozen=True):
    """What a worker actor needs to know of its step before the first job."""

    job_type: str
    step: Step
    tags: tuple[str, ...]
    supervisor: Address  # hears of bodies that do not end


class RunJob(Command, frozen=True, gc=False):
    """Run this job's body. Answered by ``AttemptEnded``."""

    job: LeasedJob


class StopJob(Command, frozen=True):
    """The attempt is to end: the step is cancelled, or the runtime stops and gives the lease back."""

    interrupted: bool
    reason: str


class BodyEnded(Report, frozen=True, gc=False):
    """A body's own report to its worker actor."""

    attempt: Attempt


class BodyAbandoned(Report, frozen=True):
    """A body did not end when it was told: it was given up and runs on. To the supervisor."""

    job_type: str
    lease: Lease


class BodyReturned(Report, frozen=True):
    """That body has ended after all, or has never begun. To the supervisor; always after the other one."""

    job_type: str
    lease: Lease


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
    lease_seconds: float
    managers: dict[str, Address]


class Rung(Report, frozen=True):
    """Another runtime on the store rang, after a commit that concerns this one: the store looks."""


class Start(Command, frozen=True):
    """Start the runtime. Answered by ``Started``, or ``Refused``."""


class Started(Report, frozen=True):
    """The store is open and every actor of the runtime runs."""

    wiring: Wiring


class Drain(Command, frozen=True):
    """Take no more work; running attempts get the grace, what remains is given back. Answered by ``Drained``."""

    grace_seconds: float
    fill_index: bool = False


class Drained(Report, frozen=True):
    """Nothing runs any more and the store is closed."""

    given_back: int


# -- to those outside ----------------------------------------------------------------------------------------------


class Event(msgspec.Struct, frozen=True):
    """Something that happened, in the order of the commits."""

    seq: int
    type: str
    run_id: int
    job_id: int
    time_ms: int
    data: dict[str, Any]


class ParentProgress(Report, frozen=True):
    """The live picture of a parent, published by its orchestrator after a commit and never stored."""

    picture: ParentPicture
