"""Between the processor, the orchestrators, the managers and the workers."""

from actors.job import Attempt, Counts, JobState, Lease, LeasedJob, Step, StepStart, StepTrace
from actors.messages.kinds import Command, Report
from actors.messages.life import Wiring
from actors.messages.to_store import CloseParent, GiveBack
from actors.receive import Address


class SuperviseStep(Command, frozen=True):
    """There is work of this step: see that it has an orchestrator, which will introduce itself by ``Monitoring``."""

    run_id: int
    step_id: int


class Monitoring(Report, frozen=True):
    """The sender is the orchestrator of this step and takes ``RunChildren``."""

    run_id: int
    step_id: int


class RunChildren(Command, frozen=True):
    """Run these leased jobs, each in a worker actor, at once or in turns.

    ``resting``: how many workers to keep that have nothing to do; ``sharing``: how many steps got work together.
    """

    jobs: tuple[LeasedJob, ...]
    resting: int = 16
    sharing: int = 1


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


class CreateChildren(Command, frozen=True):
    """Name the next page of this step's children."""

    start: StepStart


class StartWorker(Command, frozen=True):
    """What a worker actor needs to know of its step before the first job."""

    job_type: str
    step: Step
    tags: tuple[str, ...]
    supervisor: Address  # hears of bodies that do not end
    trace: StepTrace | None = None


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
