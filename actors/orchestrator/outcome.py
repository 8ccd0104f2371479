"""How a parent ends: one pure function each for steps and runs, used for the row, the API and the event.

They name the cause; the state is what the table of ``actors/states.py`` says of it.
"""

from collections.abc import Iterable

from actors.job import Closing, Counts, JobState
from actors.states import CLOSED_BY, Cause


def step_end(
    counts: Counts, closing: Closing | None, *, closed_by_run_before_it_began: bool = False
) -> Cause:
    """Why a step whose children have all ended ends itself.

    The closing reason comes first. Then: no children, or no failure and at least one success, is all completed; only
    cancelled children is all cancelled; successes and failures is some failed; else none completed.

    Args:
        counts: the children, all ended.
        closing: why the step takes no more work; None if it does.
        closed_by_run_before_it_began: whether its run closes, and it never ran: a failure was not of its doing.
    """
    if closed_by_run_before_it_began and closing in {Closing.FAILED, Closing.TIMEOUT}:
        return Cause.NEVER_BEGUN
    if closing is not None:
        return CLOSED_BY[closing]
    if counts.failed:
        return Cause.SOME_FAILED if counts.completed else Cause.NONE_COMPLETED
    if counts.completed or not counts.cancelled:
        return Cause.ALL_COMPLETED
    return Cause.ALL_CANCELLED


def run_end(steps: Iterable[JobState], closing: Closing | None) -> Cause:
    """Why a run whose steps have all ended ends itself.

    The closing reason comes first. Then: every step completed is all completed; every step that ran (was not
    cancelled before it started) failed is none completed; else some failed.
    """
    if closing is not None:
        return CLOSED_BY[closing]
    states = list(steps)
    if all(state is JobState.COMPLETED for state in states):
        return Cause.ALL_COMPLETED
    ran = [state for state in states if state is not JobState.CANCELLED]
    if not ran:
        return Cause.ALL_CANCELLED
    if all(state is JobState.FAILED for state in ran):
        return Cause.NONE_COMPLETED
    return Cause.SOME_FAILED
