"""A retry opens what failed or was cancelled again in a new epoch, in one commit; what completed is not run again."""

from collections import Counter
from typing import Any

import pytest

from actors.ids import id_text
from actors.job import (
    AttemptError,
    Closing,
    ErrorTolerance,
    FailureAction,
    JobState,
    LeasedJob,
    OnError,
    WaitRole,
)
from actors.messages import (
    CloseParent,
    LinkedRun,
    NamingFailed,
    PauseJob,
    Refused,
    RetryAcknowledged,
    RetryJob,
    RunWait,
    Settle,
    Submit,
)
from actors.seams import ManualClock
from tests.store.driver import StoreDriver, definition, failed, spec, specs, step


def retried(store: StoreDriver, job_id: int, *, failed_only: bool = False) -> RetryAcknowledged:
    reply = store.commit(RetryJob(job_id, failed_only)).replies[0]
    assert isinstance(reply, RetryAcknowledged), reply
    return reply


def refused(store: StoreDriver, job_id: int, *, failed_only: bool = False) -> Refused:
    before = store.value("SELECT event_seq FROM sequence")
    reply = store.commit(RetryJob(job_id, failed_only)).replies[0]
    assert isinstance(reply, Refused), reply
    assert store.value("SELECT event_seq FROM sequence") == before
    return reply


def only(store: StoreDriver, run_id: int) -> int:
    return store.steps(run_id)["only"]


def ended_with_one_of_each(store: StoreDriver, **options: Any) -> tuple[int, int, int, int]:
    """A run, and its completed, its failed and its cancelled job."""
    run_id = store.run_with(*specs(3, max_attempts=2), of=definition(step(**options)))
    good, bad, unwanted = store.lease()
    store.complete(good)
    store.fail(bad)
    store.cancel(unwanted.id)
    store.fail(unwanted)
    assert store.states(only(store, run_id)) == ["completed", "failed", "cancelled"]
    return run_id, good.id, bad.id, unwanted.id


@pytest.mark.parametrize("failed_only", [False, True])
def test_failed_and_cancelled_jobs_are_run_again_and_completed_ones_are_not(
    store: StoreDriver, failed_only: bool
) -> None:
    run_id, good, bad, unwanted = ended_with_one_of_each(store)
    wanted = [bad] if failed_only else [bad, unwanted]
    done = store.commit(RetryJob(run_id, failed_only), lease={"work": 9})
    assert done.replies == [RetryAcknowledged(run_id, run_id, len(wanted), JobState.RUNNING)]
    assert [(job.id, job.attempt) for job in done.jobs] == [(each, 1) for each in wanted]
    assert [store.column("epoch", each) for each in (run_id, only(store, run_id), good, bad)] == [1, 1, 0, 1]
    store.complete(*done.jobs)
    assert store.state(run_id) == "completed"
    assert store.state(unwanted) == ("cancelled" if failed_only else "completed")


def test_what_was_said_of_the_last_end_is_gone_and_the_history_of_errors_is_kept(store: StoreDriver) -> None:
    run_id, _, bad, _ = ended_with_one_of_each(store)
    assert store.column("error", bad) == "broken"
    retried(store, run_id)
    for job_id in (run_id, only(store, run_id), bad):
        assert [store.column(each, job_id) for each in ("error", "finished_at")] == [None, None]
    assert store.column("errors", bad).count("broken") == 1
    assert [store.column(each, bad) for each in ("attempt", "started_at", "result")] == [0, None, None]
    for job in store.lease():
        store.fail(job)
    assert store.column("errors", bad).count("broken") == 2


def test_each_epoch_is_reported_and_has_one_end(store: StoreDriver) -> None:
    run_id, _, bad, _ = ended_with_one_of_each(store)
    retried(store, run_id, failed_only=True)
    store.fail(*store.lease())
    retried(store, run_id, failed_only=True)
    store.complete(*store.lease())
    for job_id, ends in (
        (run_id, ["completed_with_failures", "completed_with_failures", "completed"]),
        (bad, ["failed", "failed", "completed"]),
    ):
        told = [
            data.get("state") or data["epoch"]
            for _, kind, _, each, data in store.oracle.events
            if each == job_id and kind in {"job_status_change", "job_reopened"}
        ]
        begun = ["pending", "running"]
        assert told == [*begun, ends[0], 1, *begun, ends[1], 2, *begun, ends[2]]
    assert store.logs(run_id) == ["retried: failed jobs only"] * 2


def test_a_job_is_given_all_its_attempts_anew(store: StoreDriver) -> None:
    run_id = store.run_with(spec(max_attempts=2))
    for _ in range(2):
        store.fail(*store.lease(), permanent=False)
    assert store.state(run_id) == "failed"
    retried(store, run_id)
    store.fail(*store.lease(), permanent=False)
    assert store.states(only(store, run_id)) == ["pending"]
    store.complete(*store.lease())
    assert store.state(run_id) == "completed"


def test_an_attempt_of_an_old_epoch_is_refused(store: StoreDriver, clock: ManualClock) -> None:
    other = StoreDriver(store.path, clock, judged=False)
    run_id = store.run_with(spec(max_attempts=1))
    (old,) = other.lease()
    other.die()
    store.tend()
    store.fail(*store.lease())
    retried(store, run_id)
    assert store.settle(store.attempt(old)).refused == (old.id,)
    (new,) = store.lease()
    assert store.settle(store.attempt(old)).refused == (old.id,)
    assert store.state(old.id) == "running"
    store.complete(new)
    assert store.state(run_id) == "completed"


def test_a_settlement_that_is_repeated_after_the_retry_changes_nothing(store: StoreDriver) -> None:
    run_id = store.run_with(spec())
    (job,) = store.lease()
    store.fail(job)
    retried(store, run_id)
    assert store.fail(job).refused == ()
    assert store.state(job.id) == "pending"
    (again,) = store.lease()
    assert store.fail(job).refused == (job.id,)
    store.complete(again)


def test_one_job_of_an_ended_run_is_retried_and_the_others_stay(store: StoreDriver) -> None:
    run_id, _, bad, unwanted = ended_with_one_of_each(store)
    reply = retried(store, unwanted)
    assert reply == RetryAcknowledged(unwanted, run_id, 1, JobState.PENDING)
    jobs = store.lease()
    assert [job.id for job in jobs] == [unwanted]
    store.complete(*jobs)
    assert store.state(run_id) == "completed_with_failures"
    assert store.state(bad) == "failed"


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


def test_a_warning_is_given_once_in_each_epoch(store: StoreDriver) -> None:
    tolerance = ErrorTolerance(max_child_failures=1, failure_action=FailureAction.MARK_WARNING)
    run_id = store.run_with(*specs(2), of=definition(step(error_tolerance=tolerance)))
    for _ in range(2):
        store.fail(*store.lease())
        retried(store, run_id)
        assert store.column("error", only(store, run_id)) is None
    assert [kind for _, kind, *_ in store.oracle.events].count("tolerance_warning") == 2


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


def test_a_pause_does_not_outlive_its_epoch(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(2))
    first, second = (row[0] for row in store.rows("SELECT id FROM job WHERE kind = 'job' ORDER BY id"))
    store.commit(PauseJob(first), PauseJob(only(store, run_id)), PauseJob(run_id))
    store.cancel(run_id)
    store.sweep()
    retried(store, run_id)
    assert [job.id for job in store.lease()] == [first, second]


def test_a_run_that_ended_in_the_same_batch_is_retried(store: StoreDriver) -> None:
    run_id = store.run_with(spec())
    (job,) = store.lease()
    done = store.commit(
        Settle(1, (store.attempt(job, failed(permanent=True)),)), RetryJob(run_id), lease={"work": 1}
    )
    assert [each.id for each in done.jobs] == [job.id]
    assert not any(row.ended for row in done.touched)
    store.complete(*done.jobs)
    assert store.state(run_id) == "completed"


@pytest.mark.parametrize("kind", ["run", "step", "job"])
def test_what_has_not_ended_is_refused(store: StoreDriver, kind: str) -> None:
    store.run_with(spec())
    ((job_id, run_id),) = store.rows("SELECT id, root_id FROM job WHERE kind = ?", kind)
    found = refused(store, job_id)
    assert found.message == f"run {id_text(run_id)} is running: only what has ended can be retried"
    assert found.hint


@pytest.mark.parametrize("kind", ["run", "step", "job"])
@pytest.mark.parametrize("failed_only", [False, True])
def test_what_has_completed_is_refused(store: StoreDriver, kind: str, failed_only: bool) -> None:
    store.run_with(spec())
    store.complete(*store.lease())
    ((job_id,),) = store.rows("SELECT id FROM job WHERE kind = ?", kind)
    found = refused(store, job_id, failed_only=failed_only)
    assert f"nothing of {kind} {id_text(job_id)}" in found.message
    assert "quaero rerun" in found.hint


def test_a_cancelled_job_is_refused_if_only_failed_ones_are_asked_for(store: StoreDriver) -> None:
    _, _, _, unwanted = ended_with_one_of_each(store)
    assert "nothing of job" in refused(store, unwanted, failed_only=True).message


def test_an_unknown_job_is_refused(store: StoreDriver) -> None:
    assert refused(store, 99) == Refused("there is no such job", "`quaero jobs` lists them")


def test_a_damaged_row_fails_again_and_one_without_a_lane_is_left_as_it_is(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(3))
    ids = [row[0] for row in store.rows("SELECT id FROM job WHERE kind = 'job' ORDER BY id")]
    jobs = store.lease(2)
    store.damage(ids[2], "payload", b"{\xff")
    store.fail(*jobs, *store.lease())
    store.file.connection.execute("UPDATE job SET lane_id = 999 WHERE id = ?", (ids[1],))
    assert retried(store, run_id).jobs == 2
    store.complete(*store.lease())
    assert store.states(only(store, run_id)) == ["completed", "failed", "failed"]
    assert store.state(run_id) == "completed_with_failures"


def linked(store: StoreDriver, role: WaitRole) -> tuple[int, int]:
    """A run of "first" and one of "second" that waits for it."""
    ids = store.file.ids
    first, second = (definition(id=name, name=name) for name in ("first", "second"))
    runs = [LinkedRun(each, ids.next(), (ids.next(),)) for each in (first, second)]
    store.commit(
        Submit(
            first,
            runs[0].run_id,
            runs[0].step_ids,
            linked=(runs[1],),
            waits=(RunWait(runs[1].run_id, runs[0].run_id, role),),
        )
    )
    return runs[0].run_id, runs[1].run_id


def fail_first(store: StoreDriver) -> None:
    store.name(store.start(), spec())
    store.fail(*store.lease())


def test_a_run_whose_pre_job_failed_is_refused_until_that_was_retried(store: StoreDriver) -> None:
    before, run_id = linked(store, WaitRole.PRE)
    fail_first(store)
    assert store.state(run_id) == "failed"
    found = refused(store, run_id)
    assert f"pre-job 'first' (run {id_text(before)}) failed" in found.message
    assert found.hint == "retry that run first"
    retried(store, before)
    retried(store, run_id)
    assert store.commit(starts=9).starts == []
    store.complete(*store.lease())
    assert store.state(before) == "completed"
    store.name(store.start())
    assert store.state(run_id) == "completed"


def test_a_run_that_waits_for_its_retried_pre_job_fails_with_it_again(store: StoreDriver) -> None:
    before, run_id = linked(store, WaitRole.PRE)
    fail_first(store)
    retried(store, before)
    retried(store, run_id)
    store.fail(*store.lease())
    assert [store.state(before), store.state(run_id)] == ["failed", "failed"]


def test_a_run_that_has_begun_waits_while_its_pre_job_is_retried(store: StoreDriver) -> None:
    before, run_id = linked(store, WaitRole.PRE)
    store.name(store.start(), *specs(2))
    good, bad = store.lease()
    store.complete(good)
    store.fail(bad)
    assert store.state(before) == "completed_with_failures"
    store.name(store.start(), *specs(2), cursor="more")
    start = store.start()
    retried(store, before)
    assert not store.name(start, *specs(2)).accepted
    again = store.lease()
    assert [job.id for job in again] == [bad.id]
    store.complete(*again)
    done = store.commit(lease={"work": 9}, starts=9)
    assert ([each.cursor for each in done.starts], len(done.jobs)) == (["more"], 2)
    store.name(done.starts[0])
    store.complete(*done.jobs)
    assert store.state(run_id) == "completed"


def test_a_post_job_that_was_given_up_with_its_run_is_run_after_the_retry(store: StoreDriver) -> None:
    run_id, after = linked(store, WaitRole.POST)
    fail_first(store)
    assert store.state(after) == "cancelled"
    retried(store, run_id)
    assert store.state(after) == "pending"
    store.complete(*store.lease())
    store.name(store.start(), spec())
    store.complete(*store.lease())
    assert [store.state(run_id), store.state(after)] == ["completed", "completed"]


def test_a_post_job_whose_run_failed_is_refused_until_that_was_retried(store: StoreDriver) -> None:
    run_id, after = linked(store, WaitRole.POST)
    fail_first(store)
    found = refused(store, after)
    assert f"'first' (run {id_text(run_id)}), after which it was to run, failed" in found.message
    assert found.hint == "retry that run first"
    assert store.state(after) == "cancelled"


def test_a_post_job_that_was_cancelled_by_itself_stays_so(store: StoreDriver) -> None:
    run_id, after = linked(store, WaitRole.POST)
    store.cancel(after)
    fail_first(store)
    retried(store, run_id)
    assert store.state(after) == "cancelled"
    store.complete(*store.lease())
    assert store.state(run_id) == "completed"


def test_a_skipped_step_is_judged_again_when_the_step_before_it_is_retried(store: StoreDriver) -> None:
    steps = (
        step("a", on_error=OnError.CONTINUE),
        step("b", depends=("a",), condition="a.state == 'completed'"),
    )
    run_id = store.submit(definition(*steps))
    fail_first(store)
    assert store.states(run_id) == ["failed", "completed"]
    retried(store, run_id)
    store.complete(*store.lease())
    store.name(store.start(), spec())
    store.complete(*store.lease())
    assert store.states(run_id) == ["completed", "completed"]
    assert store.value("SELECT count(*) FROM job WHERE kind = 'job'") == 2


def test_a_run_that_was_closed_by_its_orchestrators_is_retried(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(2))
    store.commit(CloseParent(run_id, Closing.FAILED, "they kept dying"))
    store.sweep()
    assert retried(store, run_id).jobs == 2
    store.complete(*store.lease())
    assert store.state(run_id) == "completed"
    assert Counter(store.states(only(store, run_id))) == {"completed": 2}
