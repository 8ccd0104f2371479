"""What the store tells: answers, and what a commit has changed."""

from actors.job import Closing, Counts, JobState, LeasedJob, Step, StepStart, StepTrace
from actors.messages.kinds import Report


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


class KeyTaken(Report, frozen=True):
    """The submit key is that of another request, which made this run; nothing was changed."""

    key: str
    run_id: int


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
    trace: StepTrace | None = None  # of a step, where runs are traced


class JobsToStop(Report, frozen=True):
    """Running jobs of this runtime that were cancelled by themselves."""

    job_ids: tuple[int, ...]


class Committed(Report, frozen=True):
    """A transaction is durable. ``last_seq`` is its last event; 0 = another process committed, look at the rows."""

    last_seq: int
    ended_runs: tuple[int, ...] = ()


class Gathering(Report, frozen=True):
    """The next commit waits until what is ready on the core has had its turn. Answered by ``Gathered``."""


class NextDue(Report, frozen=True):
    """The earliest time (Unix ms) at which a scheduled job or a rate comes due; None = nothing waits for time."""

    at_ms: int | None
