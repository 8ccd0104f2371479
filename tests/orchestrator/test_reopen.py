"""Which steps a retry opens again: what is undone, what never began because of it, and nothing that is done."""

from typing import Any

import pytest

from actors.job import Closing, JobState
from actors.orchestrator.reopen import EndedStep, steps_to_reopen

A, B, C, D = 1, 2, 3, 4


def ended(step_id: int, state: JobState, **options: Any) -> EndedStep:
    facts = {"closing": None, "total": 5, "failed": 0, "cancelled": 0, "named": True}
    return EndedStep(step_id, state, **{**facts, **options})


def completed(step_id: int, **options: Any) -> EndedStep:
    return ended(step_id, JobState.COMPLETED, **options)


def failed(step_id: int, **options: Any) -> EndedStep:
    return ended(step_id, JobState.FAILED, **{"failed": 2, **options})


def never_began(step_id: int, *needs: int, closing: Closing = Closing.FAILED) -> EndedStep:
    return ended(step_id, JobState.CANCELLED, closing=closing, total=0, named=False, needs=needs)


def opened(
    *steps: EndedStep, target: int | None = None, failed_only: bool = False, whole: bool = True
) -> set[int]:
    return set(steps_to_reopen(steps, target, failed_only=failed_only, whole=whole))


@pytest.mark.parametrize("failed_only", [False, True])
def test_completed_steps_stay_ended(failed_only: bool) -> None:
    assert opened(completed(A), completed(B), failed_only=failed_only) == set()
    assert opened(completed(A), failed(B), failed_only=failed_only) == {B}


def test_a_completed_step_with_cancelled_children_is_opened_for_them_unless_only_failed_ones_are_asked_for() -> (
    None
):
    assert opened(completed(A, cancelled=1)) == {A}
    assert opened(completed(A, cancelled=1), failed_only=True) == set()


@pytest.mark.parametrize("failed_only", [False, True])
def test_steps_that_the_failure_cancelled_are_opened_with_it(failed_only: bool) -> None:
    assert opened(failed(A), never_began(B, A), never_began(C, B), failed_only=failed_only) == {A, B, C}


@pytest.mark.parametrize("target", [A, B])
def test_a_retry_of_one_step_opens_only_it_and_what_never_began(target: int) -> None:
    assert opened(failed(A), failed(B), never_began(C, target), target=target) == {target, C}


def test_nothing_is_opened_if_the_step_that_is_retried_has_nothing_to_do() -> None:
    assert opened(completed(A), failed(B), never_began(C, B), target=A) == set()
    assert opened(completed(A), failed(B), never_began(C), target=A) == set()


def test_a_step_that_the_failure_kept_from_beginning_is_opened_although_it_waits_for_nothing() -> None:
    assert opened(failed(A), never_began(B)) == {A, B}
    assert opened(failed(A), never_began(B), failed_only=True) == {A, B}
    assert opened(failed(A), failed(C), never_began(B), target=A) == {A, B}


def test_only_what_never_began_or_was_skipped_is_opened_because_of_others() -> None:
    """A step that completed without children has been done, and one whose children were cancelled had begun."""
    empty = completed(B, total=0, needs=(A,))
    begun = ended(C, JobState.CANCELLED, closing=Closing.FAILED, cancelled=5, needs=(A,))
    assert opened(failed(A), empty, begun, completed(D, needs=(A,)), failed_only=True) == {A}


def test_what_the_operator_cancelled_stays_so_when_only_failed_ones_are_asked_for() -> None:
    steps = failed(A), never_began(B, closing=Closing.CANCEL)
    assert opened(*steps, failed_only=True) == {A}
    assert opened(*steps) == {A, B}


def test_what_waits_for_an_opened_step_is_opened_whoever_cancelled_it() -> None:
    steps = failed(A), never_began(B, A, closing=Closing.CANCEL), never_began(C, B, closing=Closing.CANCEL)
    assert opened(*steps, failed_only=True) == {A, B, C}


def test_what_waits_for_a_step_that_stays_undone_stays_ended() -> None:
    steps = failed(A), failed(B), never_began(C, A, B), never_began(D, C)
    assert opened(*steps, target=A) == {A}
    assert opened(*steps) == {A, B, C, D}


def test_what_waits_for_a_step_that_is_done_waits_for_it_no_more() -> None:
    assert opened(failed(A), completed(B), never_began(C, A, B), target=A) == {A, C}


def test_what_waits_for_a_failed_step_that_may_fail_goes_on() -> None:
    assert opened(failed(A), failed(B, may_fail=True), never_began(C, A, B), target=A) == {A, C}


def test_a_skipped_step_behind_an_opened_one_is_judged_again() -> None:
    skipped = completed(B, total=0, skipped=True, needs=(A,))
    assert opened(failed(A), skipped, never_began(C, B)) == {A, B, C}
    assert opened(completed(A), skipped) == set()


@pytest.mark.parametrize("failed_only", [False, True])
def test_a_step_whose_naming_or_time_failed_is_opened_although_no_child_did(failed_only: bool) -> None:
    assert opened(failed(A, failed=0, named=False), failed_only=failed_only) == {A}
    # Also if children that were named before were cancelled by that.
    assert opened(failed(A, failed=0, named=False, cancelled=2), failed_only=failed_only) == {A}
    assert opened(failed(A, failed=0, closing=Closing.TIMEOUT), failed_only=failed_only) == {A}


def test_a_parallel_step_of_which_only_waiting_children_were_cancelled_has_no_failed_ones() -> None:
    parallel = failed(A, failed=0, cancelled=4, closing=Closing.FAILED)
    assert opened(parallel) == {A}
    assert opened(parallel, failed_only=True) == set()


def test_a_retry_of_one_job_opens_its_step_and_what_never_began_because_of_it() -> None:
    assert opened(failed(A, failed=7), never_began(B, A), target=A, whole=False) == {A, B}


def test_a_job_that_was_found_to_be_retriable_opens_its_step_whatever_the_step_says() -> None:
    assert opened(completed(A), completed(B), target=A, whole=False) == {A}
