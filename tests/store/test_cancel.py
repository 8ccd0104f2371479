"""A cancel is one small transaction after which nothing below starts; the sweep follows in slices."""

import pytest

from actors.job import Closing, Interrupted, JobState, OnError, Outcome, Snoozed
from actors.messages import CancelAcknowledged, CancelJob, CloseParent, Refused, Settle
from actors.seams import ManualClock
from runtime.store.verbs import sweep as sweeping
from tests.store.driver import StoreDriver, definition, failed, only, spec, specs, step


def test_a_run_that_has_not_begun_ends_at_once(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("a"), step("b", depends=("a",))))
    assert store.cancel(run_id, "not today") == CancelAcknowledged(run_id, True, JobState.CANCELLED)
    assert store.states(run_id) == ["cancelled", "cancelled"]
    assert store.column("error", run_id) == "cancelled: not today"
    assert store.commit(starts=9).starts == []
    assert store.status_events(run_id) == ["pending", "cancelled"]


def test_from_the_acknowledging_commit_on_nothing_below_is_leased(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(5), spec(delay_ms=1))
    done = store.commit(CancelJob(run_id), lease={"work": 9})
    assert done.replies == [CancelAcknowledged(run_id, True, JobState.RUNNING)]
    assert done.jobs == []
    store.clock.advance(1)
    assert store.tend(lease={"work": 9}, starts=9)[0].jobs == []


def test_waiting_children_are_swept_in_slices_and_the_run_ends_after_the_last(
    store: StoreDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "SLICE", 10)
    run_id = store.run_with(*specs(25), *specs(10, delay_ms=1000))
    store.cancel(run_id)
    for expected in (10, 20, 30):
        parents, store.unsweeped = tuple(store.unsweeped), set()
        store.commit(sweep=parents)
        assert store.parent(only(store, run_id))["cancelled"] == expected
        assert store.state(run_id) == "running"
    assert store.sweep() == 1
    assert store.state(run_id) == "cancelled"
    assert set(store.states(only(store, run_id))) == {"cancelled"}


def test_a_sweep_does_not_look_at_what_has_ended(store: StoreDriver) -> None:
    plan = store.file.connection.execute(f"EXPLAIN QUERY PLAN {sweeping._WAITING}", (1, 10)).fetchall()
    used = [row[3] for row in plan]
    assert any("job_ready" in each for each in used)
    assert any("job_due" in each for each in used)
    assert not any("job_parent" in each for each in used)


def test_running_jobs_end_as_their_bodies_do(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(2))
    good, bad = store.lease()
    store.cancel(run_id)
    assert store.unsweeped == set()  # nothing waits
    store.complete(good)
    assert store.state(run_id) == "running"
    store.settle(store.attempt(bad, failed()))
    assert store.states(only(store, run_id)) == ["completed", "cancelled"]
    assert store.state(run_id) == "cancelled"


@pytest.mark.parametrize(
    "outcome",
    [failed(), failed(permanent=True), failed(retry_in_ms=9), Snoozed(100), Snoozed(0), Interrupted()],
)
def test_whatever_is_no_success_becomes_cancelled_in_a_cancelled_run(
    store: StoreDriver, outcome: Outcome
) -> None:
    run_id = store.run_with(spec(max_attempts=5))
    (job,) = store.lease()
    store.cancel(run_id, "enough")
    store.settle(store.attempt(job, outcome))
    assert store.state(job.id) == "cancelled"
    assert store.column("error", job.id) == "cancelled: enough"


def test_cancelling_a_step_that_may_fail_leaves_the_others_alone(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("a", on_error=OnError.CONTINUE), step("b")))
    for start in store.commit(starts=2).starts:
        store.name(start, *specs(3))
    steps = store.steps(run_id)
    store.cancel(steps["a"])
    store.sweep()
    jobs = store.lease()
    assert {job.step_id for job in jobs} == {steps["b"]}
    store.complete(*jobs)
    assert store.states(run_id) == ["cancelled", "completed"]


def test_cancelling_a_pending_and_a_scheduled_job_ends_them(store: StoreDriver) -> None:
    run_id = store.run_with(spec(), spec(delay_ms=1000), spec())
    ids = [row[0] for row in store.rows("SELECT id FROM job WHERE kind = 'job' ORDER BY id")]
    for job_id in ids[:2]:
        assert store.cancel(job_id, "not this one") == CancelAcknowledged(job_id, True, JobState.CANCELLED)
        assert store.column("error", job_id) == "cancelled: not this one"
    (job,) = store.lease()
    assert job.id == ids[2]
    store.complete(job)
    assert store.state(run_id) == "completed"


def test_cancelling_the_last_open_job_ends_its_run(store: StoreDriver) -> None:
    run_id = store.run_with(spec())
    ((job_id,),) = store.rows("SELECT id FROM job WHERE kind = 'job'")
    store.cancel(job_id)
    assert store.state(run_id) == "cancelled"


@pytest.mark.parametrize("outcome", [failed(), Snoozed(5), Interrupted()])
def test_a_running_job_that_is_cancelled_is_told_and_never_runs_again(
    store: StoreDriver, outcome: Outcome
) -> None:
    run_id = store.run_with(spec(max_attempts=5), spec())
    job, other = store.lease()
    done = store.commit(CancelJob(job.id, "enough"))
    assert done.replies == [CancelAcknowledged(job.id, True, JobState.RUNNING)]
    assert done.cancelled_jobs == [job.id]
    assert store.file.stopping_jobs()[0] == [job.id]
    store.settle(store.attempt(job, outcome))
    store.complete(other)
    assert store.states(only(store, run_id)) == ["cancelled", "completed"]
    assert store.column("error", job.id) == "cancelled: enough"


def test_a_running_job_that_succeeds_in_spite_of_its_cancel_is_recorded_as_it_is(store: StoreDriver) -> None:
    store.run_with(*specs(2))
    job, other = store.lease()
    store.cancel(job.id)
    store.complete(job, other)
    assert store.state(job.id) == "completed"


@pytest.mark.parametrize("kind", ["run", "step", "job"])
def test_what_has_ended_can_not_be_cancelled(store: StoreDriver, kind: str) -> None:
    run_id = store.run_with(spec())
    (job,) = store.lease()
    store.complete(job)
    job_id = {"run": run_id, "step": only(store, run_id), "job": job.id}[kind]
    assert store.cancel(job_id) == CancelAcknowledged(job_id, False, JobState.COMPLETED)


def test_a_second_cancel_changes_nothing(store: StoreDriver) -> None:
    run_id = store.run_with(spec())
    store.lease()
    assert store.cancel(run_id).changed
    assert store.logs(run_id) == ["cancelled"]
    assert not store.cancel(run_id).changed
    assert store.logs(run_id) == ["cancelled"]


def test_a_run_is_cancelled_in_the_batch_of_its_submit(store: StoreDriver) -> None:
    request = store.submission()
    reply = store.commit(request, CancelJob(request.run_id)).replies[1]
    assert reply == CancelAcknowledged(request.run_id, True, JobState.CANCELLED)


def test_a_run_that_ended_in_the_same_batch_is_not_cancelled(store: StoreDriver) -> None:
    run_id = store.run_with(spec())
    (job,) = store.lease()
    reply = store.commit(Settle(1, (store.attempt(job),)), CancelJob(run_id)).replies[1]
    assert reply == CancelAcknowledged(run_id, False, JobState.COMPLETED)


def test_an_unknown_job_is_refused_with_what_to_do(store: StoreDriver) -> None:
    assert store.commit(CancelJob(99)).replies == [
        Refused("there is no such job", "`quaero jobs` lists them")
    ]


def test_a_scheduled_job_of_a_cancelled_run_never_starts(store: StoreDriver, clock: ManualClock) -> None:
    run_id = store.run_with(spec())
    (job,) = store.lease()
    store.settle(store.attempt(job, failed(retry_in_ms=1000)))
    store.cancel(run_id)
    clock.advance(1)
    assert store.tend(lease={"work": 5})[0].jobs == []
    store.sweep()
    assert store.state(run_id) == "cancelled"


def test_another_runtime_sweeps_what_the_canceller_left(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(5))
    store.cancel(run_id)
    store.unsweeped.clear()
    done, _ = store.tend()
    assert done.unsweeped == {only(store, run_id)}
    store.sweep()
    assert store.state(run_id) == "cancelled"


@pytest.mark.parametrize("level", ["run", "step"])
@pytest.mark.parametrize("closing", [Closing.FAILED, Closing.TOLERANCE])
def test_a_cancel_reaches_what_still_runs_below_a_step_that_was_closing_already(
    store: StoreDriver, level: str, closing: Closing
) -> None:
    """Its own reason spared what runs, and stays its reason; a body that waits for a word would else run for ever."""
    run_id = store.run_with(*specs(3))
    step_id = only(store, run_id)
    one, other = store.lease(2)
    store.commit(CloseParent(step_id, closing, "too much went wrong"))

    told = store.commit(CancelJob(run_id if level == "run" else step_id, "enough"))
    assert sorted(told.cancelled_jobs) == [one.id, other.id]
    assert isinstance(told.replies[0], CancelAcknowledged)
    assert told.replies[0].changed
    assert sorted(store.file.stopping_jobs()[0]) == [one.id, other.id]
    assert store.commit(CancelJob(step_id, "again")).cancelled_jobs == []

    store.sweep()
    store.settle(store.attempt(one, failed("stopped")))
    store.complete(other)
    assert store.states(step_id) == ["cancelled", "completed", "cancelled"]
    assert store.state(step_id) == "failed"
    assert store.state(run_id) == ("cancelled" if level == "run" else "failed")


def test_the_first_reason_to_cancel_a_running_job_stays(store: StoreDriver) -> None:
    store.run_with(*specs(2))
    job, other = store.lease()
    for reason in ("first", "second"):
        assert store.commit(CancelJob(job.id, reason)).cancelled_jobs == [job.id]
    store.settle(store.attempt(job, Interrupted()))
    assert store.column("error", job.id) == "cancelled: first"
    store.complete(other)


def test_a_sweep_that_comes_too_late_cancels_nothing(store: StoreDriver) -> None:
    """It was asked for before the run's end, or before its retry: what is open now is not closing."""
    run_id = store.run_with(*specs(3))
    store.commit(sweep=(only(store, run_id),))
    assert store.states(only(store, run_id)) == ["pending"] * 3
    store.complete(*store.lease())
    store.commit(sweep=(only(store, run_id), 77))
    assert store.states(only(store, run_id)) == ["completed"] * 3


def test_a_cancelled_steps_own_reason_is_what_its_swept_jobs_say(store: StoreDriver) -> None:
    """But for those that had an error of their own, which stays."""
    run_id = store.run_with(*specs(2, max_attempts=2))
    (job,) = store.lease(1)
    store.settle(store.attempt(job, failed("first try", retry_in_ms=1000)))
    store.cancel(run_id, "enough")
    store.sweep()
    errors = store.rows("SELECT error FROM job WHERE kind = 'job' ORDER BY id")
    assert errors == [("first try",), ("cancelled: enough",)]
