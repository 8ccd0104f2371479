"""How parents end: one pure function each for steps and runs, over every case there is."""

from collections.abc import Iterable
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.job import Closing, Counts, JobKind, JobState
from actors.orchestrator.outcome import run_end, step_end
from actors.states import MOVES, TERMINAL, Cause

COMPLETED, FAILED, CANCELLED, MIXED = (
    JobState.COMPLETED,
    JobState.FAILED,
    JobState.CANCELLED,
    JobState.COMPLETED_WITH_FAILURES,
)


def step_outcome(counts: Counts, closing: Closing | None) -> JobState:
    return MOVES[JobKind.STEP, step_end(counts, closing)].after


def run_outcome(steps: Iterable[JobState], closing: Closing | None) -> JobState:
    return MOVES[JobKind.RUN, run_end(iter(steps), closing)].after


@pytest.mark.parametrize(
    ("completed", "failed", "cancelled", "state"),
    [
        (0, 0, 0, COMPLETED),
        (1, 0, 0, COMPLETED),
        (1, 0, 1, COMPLETED),
        (0, 1, 0, FAILED),
        (0, 1, 1, FAILED),
        (1, 1, 0, MIXED),
        (1, 1, 1, MIXED),
        (0, 0, 1, CANCELLED),
    ],
)
def test_a_step_ends_as_its_children_did(
    completed: int, failed: int, cancelled: int, state: JobState
) -> None:
    for factor in (1, 1000):
        numbers = [each * factor for each in (completed, failed, cancelled)]
        counts = Counts(sum(numbers), completed=numbers[0], failed=numbers[1], cancelled=numbers[2])
        assert step_outcome(counts, None) is state


@pytest.mark.parametrize("closing", Closing)
def test_the_closing_reason_comes_before_what_the_children_did(closing: Closing) -> None:
    expected = CANCELLED if closing is Closing.CANCEL else FAILED
    for completed, failed, cancelled in product((0, 2), repeat=3):
        counts = Counts(
            completed + failed + cancelled, completed=completed, failed=failed, cancelled=cancelled
        )
        assert step_outcome(counts, closing) is expected
    for steps in product((COMPLETED, FAILED, CANCELLED, MIXED), repeat=2):
        assert run_outcome(steps, closing) is expected


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ([], COMPLETED),
        ([COMPLETED, COMPLETED], COMPLETED),
        ([FAILED, FAILED], FAILED),
        ([FAILED, CANCELLED], FAILED),
        ([CANCELLED, CANCELLED], CANCELLED),
        ([COMPLETED, FAILED], MIXED),
        ([COMPLETED, CANCELLED], MIXED),
        ([MIXED], MIXED),
        ([MIXED, FAILED], MIXED),
        ([COMPLETED, MIXED], MIXED),
    ],
)
def test_a_run_folds_the_ends_of_its_steps(steps: list[JobState], state: JobState) -> None:
    assert run_outcome(steps, None) is state


@given(st.lists(st.sampled_from(sorted(TERMINAL))), st.randoms(use_true_random=False))
def test_the_order_of_the_steps_does_not_matter_to_the_runs_end(
    steps: list[JobState], random: object
) -> None:
    shuffled = steps.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert run_outcome(shuffled, None) is run_outcome(steps, None)
    assert run_outcome(steps, None) in TERMINAL


@pytest.mark.parametrize(
    ("closing", "cause"),
    [
        (None, Cause.ALL_COMPLETED),
        (Closing.CANCEL, Cause.CLOSED_BY_CANCEL),
        (Closing.FAILED, Cause.NEVER_BEGUN),
        (Closing.TIMEOUT, Cause.NEVER_BEGUN),
        (Closing.TOLERANCE, Cause.INTOLERABLE),
    ],
)
def test_a_step_that_never_began_in_a_run_that_closes_failed_by_nothing_of_its_own(
    closing: Closing | None, cause: Cause
) -> None:
    assert step_end(Counts(0), closing, closed_by_run_before_it_began=True) is cause
