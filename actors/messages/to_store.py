"""What the runtime's own actors, and those who submit, ask of the store."""

import msgspec

from actors.job import Attempt, AttemptError, Closing, JobDefinition, Page, StepStart, WaitRole
from actors.messages.kinds import Command
from actors.upkeep import Operation


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

    Answered by ``Submitted`` once durable, by ``KeyTaken`` if its key is another request's, or ``Refused``.
    """

    definition: JobDefinition
    run_id: int
    step_ids: tuple[int, ...]  # one for each step of the definition
    submit_key: str | None = None
    page: StagedPage | None = None  # the only page of a small fan-out, which needs no staging
    linked: tuple[LinkedRun, ...] = ()
    waits: tuple[RunWait, ...] = ()
    trace_context: str | None = None  # the run's place in a trace, see runtime/telemetry/context.py
    linked_trace_context: str | None = None  # of the linked runs: the caller's own, if there is one
    fingerprint: str | None = (
        None  # with a key: what tells the request from others, see runtime/fingerprint.py
    )


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

    With ``tend`` also: show that this runtime lives, wake what is due, expire what others hold too long. A round that
    began after ``asked_at`` (monotonic seconds) has done that too: what a slow disk lets queue up is left out.
    """

    tend: bool
    asked_at: float | None = None


class TellWhenIdle(Command, frozen=True):
    """Answered by ``StoreIdle`` once this runtime holds no lease, now or later."""


class Gathered(Command, frozen=True):
    """What was ready on the core when the store said ``Gathering`` has had its turn."""


class Prune(Command, frozen=True):
    """Erase a slice of what was deleted, and so on while there is more; ``begin`` looks first for what is too old."""

    begin: bool


class AnnounceEvents(Command, frozen=True):
    """Make deliveries of events that webhooks want, some in one commit. The store's actor sends it to itself."""


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
