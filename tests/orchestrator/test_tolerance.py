"""When a step has failed too often: the limits themselves, and that judging in groups equals judging one by one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.job import Counts, ErrorTolerance
from actors.orchestrator.tolerance import exceeded, exceeded_text, exceeded_within


def ended(completed: int = 0, failed: int = 0, cancelled: int = 0) -> Counts:
    return Counts(completed + failed + cancelled, completed=completed, failed=failed, cancelled=cancelled)


def test_without_a_tolerance_everything_is_borne() -> None:
    assert not exceeded(None, ended(failed=1000))
    assert not exceeded_within(None, ended(failed=1000), 0)


def test_a_number_of_failures_trips_exactly_when_it_is_reached() -> None:
    tolerance = ErrorTolerance(max_child_failures=3)
    assert [exceeded(tolerance, ended(100, failures)) for failures in range(6)] == [False] * 3 + [True] * 3


def test_the_first_failure_may_be_one_too_many() -> None:
    assert exceeded(ErrorTolerance(max_child_failures=1), ended(100, 1))


def test_no_limit_is_unlimited() -> None:
    assert not exceeded(ErrorTolerance(), ended(0, 100_000))


def test_a_ratio_trips_exactly_when_it_is_reached() -> None:
    tolerance = ErrorTolerance(max_failure_ratio=0.25, min_finished=1)
    assert not exceeded(tolerance, ended(4, 1))
    assert exceeded(tolerance, ended(3, 1))


def test_a_ratio_is_not_judged_before_enough_children_have_ended() -> None:
    tolerance = ErrorTolerance(max_failure_ratio=0.5)
    assert not exceeded(tolerance, ended(failed=9))
    assert exceeded(tolerance, ended(failed=10))
    assert exceeded(tolerance, ended(failed=9, cancelled=1))


def test_without_a_failure_nothing_trips() -> None:
    assert not exceeded(ErrorTolerance(max_failure_ratio=0.01, min_finished=0), ended(0, 0, 20))


@pytest.mark.parametrize(
    ("tolerance", "limit"),
    [
        (ErrorTolerance(max_child_failures=2), "max 2"),
        (ErrorTolerance(max_failure_ratio=0.05), "max ratio 0.05"),
        (ErrorTolerance(max_child_failures=2, max_failure_ratio=0.5), "max 2, max ratio 0.5"),
    ],
)
def test_the_sentence_names_the_counts_and_the_limits(tolerance: ErrorTolerance, limit: str) -> None:
    expected = f"Error tolerance exceeded: 3 of 8 ended children failed ({limit})"
    assert exceeded_text(tolerance, ended(5, 3)) == expected


def test_successes_are_judged_from_the_first_of_them_at_which_enough_have_ended() -> None:
    tenth = ErrorTolerance(max_failure_ratio=0.4, min_finished=10)
    assert exceeded_within(tenth, ended(6, 4), 1)
    assert exceeded_within(tenth, ended(7, 4), 2)
    assert not exceeded_within(tenth, ended(5, 4), 2)


def test_what_was_before_the_successes_is_not_judged_again() -> None:
    any_end = ErrorTolerance(max_failure_ratio=0.4, min_finished=1)
    assert exceeded(any_end, ended(1, 1))
    assert not exceeded_within(any_end, ended(2, 1), 1)


@given(
    st.builds(
        ErrorTolerance,
        max_child_failures=st.integers(0, 5),
        max_failure_ratio=st.sampled_from([0.0, 0.1, 0.3, 0.5, 1.0]),
        min_finished=st.integers(0, 20),
    ),
    st.integers(0, 12),
    st.integers(0, 6),
    st.integers(0, 4),
    st.integers(1, 20),
)
def test_successes_judged_together_trip_as_if_judged_one_by_one(
    tolerance: ErrorTolerance, completed: int, failed: int, cancelled: int, successes: int
) -> None:
    """Given that what was before had not tripped, as the store makes sure."""
    if exceeded(tolerance, ended(completed, failed, cancelled)):
        return
    singly = any(
        exceeded(tolerance, ended(completed + number, failed, cancelled))
        for number in range(1, successes + 1)
    )
    assert exceeded_within(tolerance, ended(completed + successes, failed, cancelled), successes) == singly
