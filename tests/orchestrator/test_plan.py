"""What a step's end means for the rest of its run, and a run's end for those that wait for it."""

from itertools import product

import pytest

from actors.job import Closing, JobState, OnError, WaitRole
from actors.orchestrator.plan import (
    UNDONE,
    LinkDecision,
    PlanDecision,
    StepPosition,
    after_run_end,
    after_step_end,
)
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


@pytest.mark.parametrize(
    ("state", "how"), [(JobState.FAILED, "failed"), (JobState.CANCELLED, "was cancelled")]
)
def test_a_run_that_was_not_done_stops_what_needs_it_and_nothing_else(state: JobState, how: str) -> None:
    assert after_run_end(state, WaitRole.PRE, "'a' (run 1)") == LinkDecision(
        Closing.FAILED, f"pre-job 'a' (run 1) {how}"
    )
    assert after_run_end(state, WaitRole.POST, "'a' (run 1)") == LinkDecision(
        Closing.CANCEL, f"not run: 'a' (run 1), after which it was to run, {how}"
    )
    for role in (WaitRole.STEP, WaitRole.PRE_OPTIONAL):
        assert after_run_end(state, role, "'a' (run 1)") is None


@pytest.mark.parametrize("role", WaitRole)
@pytest.mark.parametrize("state", sorted(TERMINAL - UNDONE))
def test_a_run_that_was_done_lets_all_go_on_that_wait_for_it(state: JobState, role: WaitRole) -> None:
    assert after_run_end(state, role, "'a' (run 1)") is None
