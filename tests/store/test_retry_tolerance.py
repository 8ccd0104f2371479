"""The error tolerance of a retried step is judged by what fails in the new epoch."""

import pytest

from actors.job import ErrorTolerance, FailureAction, LeasedJob, Snoozed
from actors.messages import GiveBack
from actors.seams import ManualClock
from tests.store.driver import StoreDriver, definition, failed, only, spec, specs, step
from tests.store.retrying import retried


def test_the_tolerance_is_judged_anew(store: StoreDriver) -> None:
    tolerance = ErrorTolerance(max_child_failures=2)
    run_id = store.run_with(*specs(6), of=definition(step(error_tolerance=tolerance)))
    store.fail(*store.lease(2))
    store.sweep()
    assert (store.state(run_id), store.parent(only(store, run_id))["closing"]) == ("failed", "tolerance")
    retried(store, run_id)
    store.fail(*store.lease(1))
    assert store.state(run_id) == "running"
    store.complete(*store.lease(3))
    store.fail(*store.lease(1))
    store.sweep()
    assert store.states(only(store, run_id)).count("cancelled") == 1
    assert store.state(run_id) == "failed"


def test_a_retried_job_that_waits_for_its_next_attempt_is_no_end_to_judge_the_tolerance_by(
    store: StoreDriver, clock: ManualClock
) -> None:
    tolerance = ErrorTolerance(max_child_failures=1)
    run_id = store.run_with(*specs(2, max_attempts=2), of=definition(step(error_tolerance=tolerance)))
    first, second = store.lease()
    store.fail(first, second)
    retried(store, first.id)
    (again,) = store.lease()
    store.settle(store.attempt(again, failed(retry_in_ms=10)))
    assert store.state(first.id) == "scheduled"
    clock.advance(1)
    store.complete(*store.tend(lease={"work": 1})[0].jobs)
    # The other one still is failed, and the step bears no failure.
    assert (store.state(first.id), store.state(run_id)) == ("completed", "failed")


def stopped_with_two_failed(store: StoreDriver, tolerance: ErrorTolerance) -> tuple[int, LeasedJob]:
    """A run whose step was stopped by its tolerance, and the first of two failed jobs, leased anew by its retry."""
    store.run_with()  # another one, never retried
    run_id = store.run_with(*specs(2), of=definition(step(error_tolerance=tolerance)))
    first, second = store.lease()
    store.fail(first, second)
    assert store.parent(only(store, run_id))["closing"] == "tolerance"
    retried(store, first.id)
    (again,) = store.lease()
    return run_id, again


@pytest.mark.parametrize(
    "tolerance",
    [ErrorTolerance(max_child_failures=1), ErrorTolerance(max_failure_ratio=0.1, min_finished=2)],
    ids=["number", "ratio"],
)
def test_old_failures_do_not_stop_what_a_retried_job_spawns(
    store: StoreDriver, tolerance: ErrorTolerance
) -> None:
    run_id, again = stopped_with_two_failed(store, tolerance)
    store.settle(store.attempt(again, children=(spec(10), spec(11))))
    assert (store.state(again.id), store.state(run_id)) == ("completed", "running")
    one, other = store.lease()
    store.complete(one)
    assert store.state(run_id) == "running"
    store.complete(other)
    assert store.states(only(store, run_id)) == ["completed", "failed", "completed", "completed"]
    assert store.state(run_id) == "failed"  # one failed job is still too many


def test_a_new_failure_stops_a_retried_step(store: StoreDriver) -> None:
    run_id, again = stopped_with_two_failed(store, ErrorTolerance(max_child_failures=1))
    store.settle(store.attempt(again, children=(spec(10), spec(11))))
    (one,) = store.lease(1)
    store.fail(one)
    store.sweep()
    assert store.states(only(store, run_id)) == ["completed", "failed", "failed", "cancelled"]
    assert store.state(run_id) == "failed"


def test_old_failures_do_not_stop_a_retried_step_whose_next_page_is_to_come(store: StoreDriver) -> None:
    tolerance = ErrorTolerance(max_child_failures=1)
    run_id = store.submit(definition(step(error_tolerance=tolerance)))
    store.name(store.start(), *specs(2), cursor="2")
    first, second = store.lease()
    store.fail(first, second)
    retried(store, first.id)
    store.complete(*store.lease())
    assert (store.state(run_id), store.parent(only(store, run_id))["closing"]) == ("running", None)
    store.name(store.start(), spec(9))
    store.complete(*store.lease())
    assert store.states(only(store, run_id)) == ["completed", "failed", "completed"]


def test_cancelled_jobs_of_a_retried_step_stop_it_for_no_old_failure(store: StoreDriver) -> None:
    run_id, again = stopped_with_two_failed(store, ErrorTolerance(max_child_failures=1))
    store.settle(store.attempt(again, children=specs(3)))
    (running,) = store.lease(1)
    store.cancel(store.value("SELECT max(id) FROM job WHERE state = 'pending'"))
    store.cancel(running.id)
    store.commit(GiveBack(None, "its actor died"))
    assert sorted(store.states(only(store, run_id))) == [
        *("cancelled", "cancelled", "completed", "failed", "pending")
    ]
    assert store.parent(only(store, run_id))["closing"] is None


def test_a_damaged_row_stops_a_retried_step_as_any_new_failure_does(store: StoreDriver) -> None:
    run_id, again = stopped_with_two_failed(store, ErrorTolerance(max_child_failures=1))
    store.settle(store.attempt(again, children=(spec(10), spec(11))))
    store.damage(store.value("SELECT min(id) FROM job WHERE state = 'pending'"), "payload", "{}")
    assert store.lease(1) == []
    assert store.parent(only(store, run_id))["closing"] == "tolerance"


def test_a_warning_is_given_once_in_each_epoch(store: StoreDriver) -> None:
    tolerance = ErrorTolerance(max_child_failures=1, failure_action=FailureAction.MARK_WARNING)
    run_id = store.run_with(*specs(2), of=definition(step(error_tolerance=tolerance)))
    for _ in range(2):
        store.fail(*store.lease())
        retried(store, run_id)
        assert store.column("error", only(store, run_id)) is None
    assert [kind for _, kind, *_ in store.oracle.events].count("tolerance_warning") == 2


def test_a_retried_job_that_is_only_put_back_warns_of_no_old_failure(store: StoreDriver) -> None:
    tolerance = ErrorTolerance(max_child_failures=1, failure_action=FailureAction.MARK_WARNING)
    run_id = store.run_with(*specs(2), of=definition(step(error_tolerance=tolerance)))
    first, second = store.lease()
    store.fail(first, second)
    retried(store, first.id)
    warnings = "SELECT count(*) FROM job WHERE error LIKE 'Warning: %'"
    (again,) = store.lease()
    store.settle(store.attempt(again, Snoozed(0)))
    assert store.value(warnings) == 0
    store.complete(*store.lease())
    assert (store.value(warnings), store.state(run_id)) == (1, "completed_with_failures")
