"""The state machines of runs, steps and jobs: one table, from which everything else is derived.

``TABLE`` lists every way from one state to another, each with its cause. From it come the statements that change a
job's state (``runtime/store/moves.py``), the check of every change of a run or step (``Transaction.transition``), the
ends that a closing reason leads to, what the tests call legal, the exhaustive check (``tests/exhaustive``) and the
diagrams of ``docs/reference/states.md``. A way that is not listed does not exist.
"""

from collections.abc import Iterable
from enum import StrEnum

import msgspec


class JobState(StrEnum):
    """Where a job is in its life. The last four are terminal: within an epoch they are never left."""

    SCHEDULED = "scheduled"  # not before a time: a delay or a backoff
    PENDING = "pending"  # ready, waiting for a slot
    RUNNING = "running"  # leased: one attempt is under way
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    COMPLETED_WITH_FAILURES = "completed_with_failures"  # parents only

    @property
    def terminal(self) -> bool:
        """Whether the job has ended."""
        return self in TERMINAL


class JobKind(StrEnum):
    """The three levels of the job tree: a run has steps, a step has jobs."""

    RUN = "run"
    STEP = "step"
    JOB = "job"


class Closing(StrEnum):
    """Why a parent takes no more work. The first reason wins."""

    CANCEL = "cancel"
    FAILED = "failed"
    TIMEOUT = "timeout"
    TOLERANCE = "tolerance"


class Cause(StrEnum):
    """What makes a run, a step or a job go from one state to another."""

    # of a job
    NAMED = "named"
    DELAYED = "delayed"
    DUE = "due"
    LEASED = "leased"
    SUCCEEDED = "succeeded"
    GAVE_UP = "gave up"
    BACKED_OFF = "backed off"
    SNOOZED = "snoozed"
    REPEATED = "repeated"
    SPENT = "spent"
    GIVEN_BACK = "given back"
    LOST = "lost"
    LOST_TOO_OFTEN = "lost too often"
    STOPPED = "stopped"
    CANCELLED = "cancelled"
    SWEPT = "swept"
    DAMAGED = "damaged"
    # of a run or a step
    SUBMITTED = "submitted"
    BEGUN = "begun"
    SKIPPED = "skipped"
    ALL_COMPLETED = "all completed"
    SOME_FAILED = "some failed"
    NONE_COMPLETED = "none completed"
    ALL_CANCELLED = "all cancelled"
    CLOSED_BY_CANCEL = "closed by a cancel"
    CLOSED_BY_FAILURE = "closed by a failure"
    TIMED_OUT = "timed out"
    INTOLERABLE = "intolerable"
    NEVER_BEGUN = "never begun"
    # of all
    REOPENED = "reopened"


class Move(msgspec.Struct, frozen=True):
    """One line of the table: whichever of the states ``before`` it is in, it is in ``after`` afterwards."""

    kind: JobKind
    cause: Cause
    before: tuple[JobState, ...]  # none: the row is made
    after: JobState
    meaning: str

    @property
    def transitions(self) -> frozenset["Transition"]:
        """The single ways of this line."""
        return frozenset((self.kind, before, self.after) for before in self.before or (None,))


Transition = tuple[JobKind, JobState | None, JobState]
"""Kind, from, to; from None if the row is made."""

_S, _P, _R = JobState.SCHEDULED, JobState.PENDING, JobState.RUNNING
_C, _F, _X = JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED
_W = JobState.COMPLETED_WITH_FAILURES
_RUN, _STEP, _JOB = JobKind.RUN, JobKind.STEP, JobKind.JOB
_OPEN = (_P, _R)

TABLE: tuple[Move, ...] = (
    Move(_JOB, Cause.NAMED, (), _P, "a page of its step's manager, or an accepted attempt, makes it"),
    Move(_JOB, Cause.DELAYED, (), _S, "it is made with a delay"),
    Move(_JOB, Cause.DUE, (_S,), _P, "its time has come"),
    Move(_JOB, Cause.LEASED, (_P,), _R, "a runtime takes it under a new token; the attempt is counted"),
    Move(_JOB, Cause.SUCCEEDED, (_R,), _C, "its attempt returned"),
    Move(_JOB, Cause.GAVE_UP, (_R,), _X, "its attempt returned `Cancel`"),
    Move(_JOB, Cause.BACKED_OFF, (_R,), _S, "its attempt failed, attempts are left: again after the backoff"),
    Move(_JOB, Cause.SNOOZED, (_R,), _S, "its attempt returned `Snooze`; the attempt does not count"),
    Move(
        _JOB,
        Cause.REPEATED,
        (_R,),
        _P,
        "its attempt failed, or snoozed, and asked for no delay: again at once",
    ),
    Move(_JOB, Cause.SPENT, (_R,), _F, "its attempt failed for good, was the last, or its step is closing"),
    Move(_JOB, Cause.GIVEN_BACK, (_R,), _P, "its runtime stops, or has lost its actor; does not count"),
    Move(_JOB, Cause.LOST, (_R,), _P, "its runtime died, or the lease ran out; does not count, but as lost"),
    Move(_JOB, Cause.LOST_TOO_OFTEN, (_R,), _F, "its attempt was lost more than `max_lost` times"),
    Move(_JOB, Cause.STOPPED, (_R,), _X, "it was to end, and its attempt did not succeed"),
    Move(_JOB, Cause.CANCELLED, (_S, _P), _X, "an operator cancelled it while it waited"),
    Move(_JOB, Cause.SWEPT, (_S, _P), _X, "it waited below a step that takes no more work"),
    Move(_JOB, Cause.DAMAGED, (_S, _P, _R), _F, "its row does not match its checksum, or has no lane"),
    Move(_JOB, Cause.REOPENED, (_F, _X), _P, "an operator retries it, or what it belongs to: a new epoch"),
    Move(_STEP, Cause.SUBMITTED, (), _P, "its run was submitted"),
    Move(_STEP, Cause.BEGUN, (_P,), _R, "its manager begins to name children, or they came with the submit"),
    Move(_STEP, Cause.SKIPPED, (_P,), _C, "it is not enabled, or its condition is false"),
    Move(
        _STEP,
        Cause.ALL_COMPLETED,
        _OPEN,
        _C,
        "its last child ended: none failed and one completed, or none was",
    ),
    Move(_STEP, Cause.SOME_FAILED, _OPEN, _W, "its last child ended: some completed, some failed"),
    Move(_STEP, Cause.NONE_COMPLETED, _OPEN, _F, "its last child ended: some failed, none completed"),
    Move(_STEP, Cause.ALL_CANCELLED, _OPEN, _X, "its last child ended: all were cancelled"),
    Move(_STEP, Cause.CLOSED_BY_CANCEL, _OPEN, _X, "it was cancelled, and nothing below it is open any more"),
    Move(_STEP, Cause.CLOSED_BY_FAILURE, _OPEN, _F, "its naming, its condition, or a step beside it failed"),
    Move(_STEP, Cause.TIMED_OUT, _OPEN, _F, "its time, or its run's, is over"),
    Move(_STEP, Cause.INTOLERABLE, _OPEN, _F, "its error tolerance is used up"),
    Move(
        _STEP, Cause.NEVER_BEGUN, (_P,), _X, "its run closed, by a failure or its time limit, before it began"
    ),
    Move(_STEP, Cause.REOPENED, (_C, _W, _F, _X), _P, "an operator retries it or its run: a new epoch"),
    Move(_RUN, Cause.SUBMITTED, (), _P, "it was submitted, or its schedule was due"),
    Move(_RUN, Cause.BEGUN, (_P,), _R, "its first step begins"),
    Move(_RUN, Cause.ALL_COMPLETED, _OPEN, _C, "its last step ended: all completed"),
    Move(
        _RUN,
        Cause.SOME_FAILED,
        _OPEN,
        _W,
        "its last step ended: neither all completed nor all that ran failed",
    ),
    Move(_RUN, Cause.NONE_COMPLETED, _OPEN, _F, "its last step ended: all that ran failed"),
    Move(_RUN, Cause.ALL_CANCELLED, _OPEN, _X, "its last step ended: all were cancelled"),
    Move(_RUN, Cause.CLOSED_BY_CANCEL, _OPEN, _X, "it, or a step it needs, was cancelled"),
    Move(_RUN, Cause.CLOSED_BY_FAILURE, _OPEN, _F, "a step that may not fail has failed, or a pre-job"),
    Move(_RUN, Cause.TIMED_OUT, _OPEN, _F, "its time is over"),
    Move(_RUN, Cause.INTOLERABLE, _OPEN, _F, "it was closed as its steps are, by `CloseParent`"),
    Move(_RUN, Cause.REOPENED, (_C, _W, _F, _X), _P, "an operator retries it, or some of it: a new epoch"),
)

MOVES: dict[tuple[JobKind, Cause], Move] = {(move.kind, move.cause): move for move in TABLE}
"""The table by kind and cause, which name a line."""

CLOSED_BY: dict[Closing, Cause] = {
    Closing.CANCEL: Cause.CLOSED_BY_CANCEL,
    Closing.FAILED: Cause.CLOSED_BY_FAILURE,
    Closing.TIMEOUT: Cause.TIMED_OUT,
    Closing.TOLERANCE: Cause.INTOLERABLE,
}
"""The end of a run or step that is closing."""


def _transitions(moves: Iterable[Move]) -> frozenset[Transition]:
    return frozenset(transition for move in moves for transition in move.transitions)


LEGAL = _transitions(move for move in TABLE if move.cause is not Cause.REOPENED)
"""The transitions within one epoch."""

REOPENINGS = _transitions(move for move in TABLE if move.cause is Cause.REOPENED)
"""Those that open a new epoch."""

TERMINAL = frozenset(JobState) - {before for _, before, _ in LEGAL if before is not None}
"""States that are never left within an epoch."""

OPEN: dict[JobKind, tuple[JobState, ...]] = {
    kind: tuple(
        state
        for state in JobState
        if state not in TERMINAL and any(move.kind is kind and move.after is state for move in TABLE)
    )
    for kind in JobKind
}
"""The states of what has not ended, by kind."""


def is_legal(kind: JobKind, before: JobState | None, after: JobState) -> bool:
    """Whether one epoch has this transition; ``before`` None means that the row is made."""
    return (kind, before, after) in LEGAL
