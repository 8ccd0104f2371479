"""What a step's end means for the rest of its run."""

from itertools import product

import pytest

from actors.job import Closing, JobState, OnError
from actors.orchestrator.plan import UNDONE, PlanDecision, StepPosition, after_step_end
from actors.states import TERMINAL

STARTED = StepPosition(2, JobState.RUNNING, started=True, on_error=OnError.FAIL)
WAITING = StepPosition(3, JobState.PENDING, started=False, on_error=OnError.FAIL)


def ended(state: JobState, on_error: OnError = OnError.FAIL) -> StepPosition:
    return StepPosition(1, state, started=True, on_error=on_error)


@pytest.mark.parametrize("on_error", [OnError.FAIL, OnError.RETRY])
def test_a_failed_step_closes_the_run_its_branches_and_what_has_not_begun(on_error: OnError) -> None:
    decision = after_step_end(ended(JobState.FAILED, on_error), "crawl", (STARTED, WAITING), (3,))
    assert decision == PlanDecision(close_run="step 'crawl' failed", close=(2,), cancel=(3,), start=())


def test_a_failed_step_that_may_be_passed_over_starts_what_waited_for_it() -> None:
    decision = after_step_end(ended(JobState.FAILED, OnError.CONTINUE), "crawl", (STARTED, WAITING), (3,))
    assert decision == PlanDecision(start=(3,))


@pytest.mark.parametrize("on_error", [OnError.FAIL, OnError.RETRY])
def test_a_cancelled_step_cancels_the_run_its_branches_and_what_has_not_begun(on_error: OnError) -> None:
    decision = after_step_end(ended(JobState.CANCELLED, on_error), "crawl", (STARTED, WAITING), (3,))
    assert decision == PlanDecision(
        close_run="step 'crawl' was cancelled", closing=Closing.CANCEL, close=(2,), cancel=(3,)
    )


def test_a_cancelled_step_that_may_be_passed_over_starts_what_waited_for_it() -> None:
    decision = after_step_end(ended(JobState.CANCELLED, OnError.CONTINUE), "crawl", (STARTED, WAITING), (3,))
    assert decision == PlanDecision(start=(3,))


@pytest.mark.parametrize(("state", "on_error"), list(product(sorted(TERMINAL - UNDONE), OnError)))
def test_any_other_end_starts_what_waited_only_for_it(state: JobState, on_error: OnError) -> None:
    assert after_step_end(ended(state, on_error), "crawl", (STARTED, WAITING), (3,)) == PlanDecision(
        start=(3,)
    )
    assert after_step_end(ended(state, on_error), "crawl", (STARTED, WAITING), ()) == PlanDecision()
