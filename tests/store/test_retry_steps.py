"""A retry of steps: what was named, time limits and pauses in the new epoch."""

import pytest

from actors.job import AttemptError, JobState, OnError
from actors.messages import NamingFailed, PauseJob, RetryAcknowledged, RetryJob
from actors.seams import ManualClock
from tests.store.driver import StoreDriver, definition, only, spec, specs, step
from tests.store.retrying import fail_first, retried


def test_the_retry_of_a_step_lets_the_steps_go_on_that_its_failure_cancelled(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("a"), step("b", depends=("a",)), step("c", depends=("b",))))
    steps = store.steps(run_id)
    store.name(store.start(), spec())
    store.fail(*store.lease())
    assert store.states(run_id) == ["failed", "cancelled", "cancelled"]
    retried(store, steps["a"])
    assert store.states(run_id) == ["running", "pending", "pending"]
    store.complete(*store.lease())
    for name in "bc":
        start = store.start()
        assert start.step_id == steps[name]
        store.name(start)
    assert store.state(run_id) == "completed"


def test_the_retry_of_a_job_lets_the_steps_go_on_that_its_failure_cancelled(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("a"), step("b", depends=("a",))))
    store.name(store.start(), spec())
    (job,) = store.lease()
    store.fail(job)
    assert store.states(run_id) == ["failed", "cancelled"]
    assert retried(store, job.id).jobs == 1
    assert store.states(run_id) == ["running", "pending"]
    store.complete(*store.lease())
    store.name(store.start())
    assert store.state(run_id) == "completed"


@pytest.mark.parametrize("on_error", [OnError.CONTINUE, OnError.FAIL])
def test_what_waits_for_a_step_that_stays_failed_goes_on_only_if_that_may_be_passed_over(
    store: StoreDriver, on_error: OnError
) -> None:
    steps = step("a"), step("b", on_error=on_error), step("c", depends=("a", "b"))
    run_id = store.submit(definition(*steps))
    names = store.steps(run_id)
    for start in store.commit(starts=2).starts:
        store.name(start, spec())
    second, first = sorted(store.lease(), key=lambda job: job.step_id == names["a"])
    store.fail(second)
    store.fail(first)
    assert store.states(run_id) == ["failed", "failed", "cancelled"]
    retried(store, names["a"])
    store.complete(*store.lease())
    if on_error is OnError.CONTINUE:
        assert store.states(run_id) == ["completed", "failed", "pending"]
        store.name(store.start())
        assert store.states(run_id) == ["completed", "failed", "completed"]
    else:
        assert store.states(run_id) == ["completed", "failed", "cancelled"]
    assert store.state(run_id) == "completed_with_failures"


def test_a_retried_step_waits_again_for_one_that_is_retried_with_it(store: StoreDriver) -> None:
    steps = step("a", on_error=OnError.CONTINUE), step("b", depends=("a",), on_error=OnError.CONTINUE)
    run_id = store.submit(definition(*steps))
    for _ in steps:
        store.name(store.start(), spec(), spec())
        store.fail(*store.lease())
    names = store.steps(run_id)
    retried(store, run_id)
    first = store.lease()
    assert {job.step_id for job in first} == {names["a"]}
    assert store.state(names["b"]) == "pending"
    store.complete(first[0])
    assert store.lease() == []
    store.ready.clear()
    store.complete(first[1])
    assert store.ready == {"work"}
    done = store.commit(lease={"work": 9})
    assert {job.step_id for job in done.jobs} == {names["b"]}
    assert store.state(names["b"]) == "running"
    store.complete(*done.jobs)
    assert store.state(run_id) == "completed"


def test_a_step_that_was_not_wholly_named_goes_on_naming_where_it_was(store: StoreDriver) -> None:
    run_id = store.submit()
    store.name(store.start(), *specs(2), cursor="page 2")
    start = store.start()
    store.cancel(run_id)
    store.sweep()
    assert store.state(run_id) == "cancelled"
    assert not store.name(start, *specs(9)).accepted
    done = store.commit(RetryJob(run_id), starts=9, lease={"work": 9})
    assert [(each.cursor, each.attempt) for each in done.starts] == [("page 2", 1)]
    assert len(done.jobs) == 2
    store.name(done.starts[0], spec())
    store.complete(*done.jobs, *store.lease())
    assert store.state(run_id) == "completed"


def test_a_step_whose_naming_failed_is_named_again(store: StoreDriver) -> None:
    run_id = store.submit()
    start = store.start()
    store.commit(NamingFailed(start, AttemptError("ValueError", "no list"), permanent=True, retry_in_ms=0))
    assert store.column("error", run_id).endswith("no list")
    assert retried(store, run_id, failed_only=True).jobs == 0
    store.name(store.start(), spec())
    store.complete(*store.lease())
    assert store.state(run_id) == "completed"


def test_time_limits_begin_anew(store: StoreDriver, clock: ManualClock) -> None:
    run_id = store.run_with(spec(), of=definition(step(timeout_seconds=10.0)))
    clock.advance(11)
    store.tend()
    store.sweep()
    assert store.state(run_id) == "failed"
    clock.advance(100)
    retried(store, run_id)
    assert store.parent(only(store, run_id))["deadline"] == clock.wall_ms() + 10_000
    clock.advance(9)
    store.complete(*store.tend(lease={"work": 1})[0].jobs)
    assert store.state(run_id) == "completed"


def test_a_step_with_nothing_left_to_do_ends_in_the_same_commit_as_its_children_did(
    store: StoreDriver, clock: ManualClock
) -> None:
    run_id = store.run_with(spec(), of=definition(timeout_seconds=10.0))
    (job,) = store.lease()
    clock.advance(11)
    store.tend()
    store.complete(job)
    assert store.state(run_id) == "failed"
    assert retried(store, run_id) == RetryAcknowledged(run_id, run_id, 0, JobState.COMPLETED)
    assert store.states(run_id) == ["completed"]


def test_a_step_whose_failed_jobs_were_all_deleted_has_nothing_left_to_do(store: StoreDriver) -> None:
    run_id = store.run_with(spec())
    (job,) = store.lease()
    store.fail(job)
    store.delete(job.id)
    assert retried(store, run_id) == RetryAcknowledged(run_id, run_id, 0, JobState.COMPLETED)
    assert store.commit(starts=9).starts == []


def test_a_step_with_nothing_left_to_do_waits_for_no_other(store: StoreDriver, clock: ManualClock) -> None:
    steps = step("a", on_error=OnError.CONTINUE), step("b", depends=("a",), timeout_seconds=10.0)
    run_id = store.submit(definition(*steps))
    fail_first(store)
    store.name(store.start(), spec())
    (job,) = store.lease()
    clock.advance(11)
    store.tend()
    store.complete(job)
    assert store.states(run_id) == ["failed", "failed"]
    assert retried(store, run_id).jobs == 1
    assert store.states(run_id) == ["running", "completed"]
    store.complete(*store.lease())
    assert store.state(run_id) == "completed"


def test_a_pause_does_not_outlive_its_epoch(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(2))
    first, second = (row[0] for row in store.rows("SELECT id FROM job WHERE kind = 'job' ORDER BY id"))
    store.commit(PauseJob(first), PauseJob(only(store, run_id)), PauseJob(run_id))
    store.cancel(run_id)
    store.sweep()
    retried(store, run_id)
    assert [job.id for job in store.lease()] == [first, second]
