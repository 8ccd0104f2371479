"""The error tolerance trips exactly where it is used up, child by child, also in the middle of a batch."""

import pytest

from actors.job import Attempt, AttemptError, Cancelled, ErrorTolerance, FailureAction
from actors.messages import NamingFailed, Settle
from tests.store.driver import StoreDriver, definition, failed, spec, specs, step

BAD = failed(permanent=True)


def tolerant(store: StoreDriver, number: int, tolerance: ErrorTolerance) -> tuple[int, int]:
    run_id = store.run_with(*specs(number), of=definition(step(error_tolerance=tolerance)))
    return run_id, store.steps(run_id)["only"]


def test_it_trips_at_the_third_failure_of_a_batch_and_the_rest_of_the_batch_still_counts(
    store: StoreDriver,
) -> None:
    run_id, step_id = tolerant(store, 10, ErrorTolerance(max_child_failures=3))
    jobs = store.lease(8)
    store.settle(*(store.attempt(job, BAD if number % 2 else None) for number, job in enumerate(jobs)))
    closed = [event for event in store.oracle.events if event[1] == "parent_closing"]
    before = [e for e in store.oracle.events if e[0] < closed[0][0] and e[4].get("state") == "failed"]
    after = [e for e in store.oracle.events if e[0] > closed[0][0] and e[4].get("state") == "failed"]
    assert (len(before), len([e for e in after if e[4].get("parent_id") == step_id])) == (3, 1)
    assert closed[0][4]["reason"] == "Error tolerance exceeded: 3 of 6 ended children failed (max 3)"
    store.sweep()
    parent = store.parent(step_id)
    assert (parent["completed"], parent["failed"], parent["cancelled"]) == (4, 4, 2)
    assert (store.state(step_id), store.state(run_id)) == ("failed", "failed")
    assert store.column("error", step_id) == closed[0][4]["reason"]


def test_one_failure_less_does_not_trip_it(store: StoreDriver) -> None:
    run_id, step_id = tolerant(store, 4, ErrorTolerance(max_child_failures=3))
    jobs = store.lease()
    store.settle(*(store.attempt(job, BAD if number < 2 else None) for number, job in enumerate(jobs)))
    assert store.parent(step_id)["closing"] is None
    assert store.state(run_id) == "completed_with_failures"


def test_nothing_is_leased_after_it_tripped_not_even_in_the_same_commit(store: StoreDriver) -> None:
    tolerant(store, 5, ErrorTolerance(max_child_failures=1))
    (job,) = store.lease(1)
    done = store.commit(Settle(1, (Attempt(job.lease, job.step_id, BAD),)), lease={"work": 9})
    assert done.jobs == []


@pytest.mark.parametrize("together", [True, False])
def test_a_ratio_trips_at_the_success_that_brings_the_least_number_of_ends(
    store: StoreDriver, together: bool
) -> None:
    """Four of nine failed; the tenth end, a success, is the first at which the ratio counts."""
    tolerance = ErrorTolerance(max_failure_ratio=0.4, min_finished=10)
    run_id, step_id = tolerant(store, 20, tolerance)
    jobs = store.lease(15)
    for job in jobs[:4]:
        store.fail(job)
    if together:
        store.complete(*jobs[4:])
    else:
        for job in jobs[4:]:
            store.complete(job)
    store.sweep()
    assert store.parent(step_id)["closing"] == "tolerance"
    assert "4 of 10 ended children failed" in store.column("error", step_id)
    assert store.state(run_id) == "failed"


def test_a_batch_of_successes_trips_one_step_among_others_that_bear_it(store: StoreDriver) -> None:
    tolerance = ErrorTolerance(max_failure_ratio=0.5, min_finished=3)
    _, step_id = tolerant(store, 5, tolerance)
    jobs = store.lease(4)
    store.fail(*jobs[:2])
    run_id = store.run_with(spec())
    store.complete(*jobs[2:], *(job for job in store.lease() if job.root_id == run_id))
    assert store.parent(step_id)["closing"] == "tolerance"
    assert "2 of 3 ended children failed" in store.parent(step_id)["reason"]
    assert store.state(run_id) == "completed"


def test_a_ratio_that_later_successes_repair_in_time_does_not_trip(store: StoreDriver) -> None:
    run_id, _ = tolerant(store, 20, ErrorTolerance(max_failure_ratio=0.5, min_finished=10))
    jobs = store.lease()
    store.fail(*jobs[:4])
    store.complete(*jobs[4:])
    assert store.state(run_id) == "completed_with_failures"


def test_a_cancelled_child_counts_as_ended(store: StoreDriver) -> None:
    _, step_id = tolerant(store, 5, ErrorTolerance(max_failure_ratio=0.5, min_finished=2))
    first, *_ = store.lease(1)
    store.fail(first)
    pending = store.rows("SELECT id FROM job WHERE parent_id = ? AND state = 'pending'", step_id)
    store.cancel(pending[0][0])
    assert store.parent(step_id)["closing"] == "tolerance"


def test_a_failure_behind_a_cancelled_child_is_judged(store: StoreDriver) -> None:
    _, step_id = tolerant(store, 3, ErrorTolerance(max_child_failures=1))
    first, second, _ = store.lease()
    store.settle(store.attempt(first, Cancelled("not needed")), store.attempt(second, BAD))
    assert store.parent(step_id)["closing"] == "tolerance"


def test_spawns_of_attempts_behind_the_one_that_tripped_are_refused(store: StoreDriver) -> None:
    _, step_id = tolerant(store, 3, ErrorTolerance(max_child_failures=1))
    first, second, third = store.lease()
    store.settle(
        store.attempt(first, children=(spec(),)),
        store.attempt(second, BAD),
        store.attempt(third, children=(spec(),)),
    )
    assert store.parent(step_id)["total"] == 4
    assert "were not made: the step is closing" in store.logs(third.id)[0]


def test_a_warning_is_marked_once_and_the_step_goes_on(store: StoreDriver) -> None:
    tolerance = ErrorTolerance(max_child_failures=1, failure_action=FailureAction.MARK_WARNING)
    run_id, step_id = tolerant(store, 5, tolerance)
    jobs = store.lease()
    for job in jobs[:3]:
        store.fail(job)
    store.complete(*jobs[3:])
    warnings = [event for event in store.oracle.events if event[1] == "tolerance_warning"]
    assert len(warnings) == 1
    assert store.column("error", step_id).startswith("Warning: Error tolerance exceeded: 1 of 1")
    assert store.state(run_id) == "completed_with_failures"


def test_a_warning_is_marked_at_the_success_of_a_batch_that_uses_the_tolerance_up(store: StoreDriver) -> None:
    tolerance = ErrorTolerance(
        max_failure_ratio=0.5, min_finished=3, failure_action=FailureAction.MARK_WARNING
    )
    run_id, step_id = tolerant(store, 6, tolerance)
    jobs = store.lease()
    store.fail(*jobs[:2])
    store.complete(*jobs[2:])
    assert "2 of 3 ended children failed" in store.column("error", step_id)
    assert store.state(run_id) == "completed_with_failures"


def test_a_batch_of_successes_beside_failures_is_one_transaction_where_nothing_limits_them(
    store: StoreDriver,
) -> None:
    store.run_with(*specs(4))
    bad, *good = store.lease()
    store.fail(bad)
    before = store.value("SELECT count(*) FROM event_batch")
    store.complete(*good)
    assert store.value("SELECT count(*) FROM event_batch") == before + 1


def test_a_step_that_is_closing_is_warned_of_nothing(store: StoreDriver) -> None:
    tolerance = ErrorTolerance(max_child_failures=1, failure_action=FailureAction.MARK_WARNING)
    store.submit(definition(step(error_tolerance=tolerance)))
    store.name(store.start(), *specs(2), cursor="2")
    job, other = store.lease()
    store.commit(NamingFailed(store.start(), AttemptError("E", "no list"), permanent=True, retry_in_ms=0))
    store.fail(job)
    store.complete(other)
    assert "tolerance_warning" not in {kind for _, kind, *_ in store.oracle.events}


def test_going_on_is_going_on(store: StoreDriver) -> None:
    tolerance = ErrorTolerance(max_child_failures=1, failure_action=FailureAction.CONTINUE)
    run_id, _ = tolerant(store, 4, tolerance)
    jobs = store.lease()
    store.fail(*jobs[:2])
    store.complete(*jobs[2:])
    assert store.state(run_id) == "completed_with_failures"
    assert not [e for e in store.oracle.events if e[1] in ("parent_closing", "tolerance_warning")]


def test_the_definitions_tolerance_holds_for_steps_without_their_own(store: StoreDriver) -> None:
    own = ErrorTolerance(max_child_failures=2)
    run_id = store.submit(
        definition(
            step("a"), step("b", error_tolerance=own), error_tolerance=ErrorTolerance(max_child_failures=1)
        )
    )
    for start in store.commit(starts=2).starts:
        store.name(start, *specs(3))
    jobs = store.lease()
    for step_id in store.steps(run_id).values():
        store.fail(next(job for job in jobs if job.step_id == step_id))
    closing = {name: store.parent(each)["closing"] for name, each in store.steps(run_id).items()}
    assert closing == {"a": "tolerance", "b": None}


def test_a_damaged_row_that_trips_it_stops_other_types_leased_in_the_same_commit(store: StoreDriver) -> None:
    run_id = store.run_with(
        spec(0, type="other"),
        *(spec(each, rate_key=f"host {each}", rate_ms=1) for each in range(3)),
        of=definition(step(error_tolerance=ErrorTolerance(max_child_failures=1))),
    )
    step_id = store.steps(run_id)["only"]
    (first,) = store.rows("SELECT id FROM job WHERE type = 'other'")
    store.damage(first[0], "payload", "{}")
    assert store.commit(lease={"other": 5, "work": 5}).jobs == []
    store.sweep()
    assert store.states(step_id) == ["failed", "cancelled", "cancelled", "cancelled"]


@pytest.mark.parametrize("more", [0, 1])
def test_the_end_of_a_child_by_its_cancel_is_judged_and_told_before_the_end_of_its_step(
    store: StoreDriver, more: int
) -> None:
    run_id, step_id = tolerant(store, 2 + more, ErrorTolerance(max_failure_ratio=0.5, min_finished=2))
    (bad,) = store.lease(1)
    store.fail(bad)
    waiting = store.value("SELECT min(id) FROM job WHERE parent_id = ? AND state = 'pending'", step_id)
    store.cancel(waiting)
    assert store.oracle.happened("cancelled", "parent_closing")[:2] == [waiting, step_id]
    store.sweep()
    assert (store.state(step_id), store.state(run_id)) == ("failed", "failed")
