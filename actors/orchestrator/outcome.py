"""The state a parent ends in: one pure function each for steps and runs, used for the row, the API and the event."""

from collections.abc import Iterable

from actors.job import Closing, Counts, JobState


def step_outcome(counts: Counts, closing: Closing | None) -> JobState:
    """How a step whose children have all ended ends itself.

    The closing reason comes first. Then: no children, or no failure and at least one success, is ``completed``; only
    cancelled children is ``cancelled``; successes and failures is ``completed_with_failures``; else ``failed``.
    """
    if closing is not None:
        return JobState.CANCELLED if closing is Closing.CANCEL else JobState.FAILED
    if counts.failed:
        return JobState.COMPLETED_WITH_FAILURES if counts.completed else JobState.FAILED
    if counts.completed or not counts.cancelled:
        return JobState.COMPLETED
    return JobState.CANCELLED


def run_outcome(steps: Iterable[JobState], closing: Closing | None) -> JobState:
    """How a run whose steps have all ended ends itself.

    The closing reason comes first. Then: every step completed is ``completed``; every step that ran (was not
    cancelled before it started) failed is ``failed``; else ``completed_with_failures``.
    """
    if closing is not None:
        return JobState.CANCELLED if closing is Closing.CANCEL else JobState.FAILED
    states = list(steps)
    if all(state is JobState.COMPLETED for state in states):
        return JobState.COMPLETED
    ran = [state for state in states if state is not JobState.CANCELLED]
    if not ran:
        return JobState.CANCELLED
    if all(state is JobState.FAILED for state in ran):
        return JobState.FAILED
    return JobState.COMPLETED_WITH_FAILURES
