"""A retry opens what failed or was cancelled again in a new epoch, in one commit; what completed is not run again."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from actors.ids import id_text
from actors.job import (
    Closing,
    JobState,
    OnError,
)
from actors.messages import (
    CloseParent,
    Refused,
    RetryAcknowledged,
    RetryJob,
    Settle,
)
from actors.seams import ManualClock
from tests.store.driver import StoreDriver, definition, failed, only, spec, specs, step, with_a_lost_run
from tests.store.retrying import fail_first, refused, retried


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
    assert store.logs(run_id)[-1] == ("retried: failed jobs only" if failed_only else "retried")


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


def test_what_is_reopened_is_reported_with_what_it_belongs_to(store: StoreDriver) -> None:
    run_id, _, bad, _ = ended_with_one_of_each(store)
    step_id = only(store, run_id)
    before = len(store.oracle.events)
    store.commit(RetryJob(bad))
    assert [event[1:] for event in store.oracle.events[before:]] == [
        *(("job_reopened", run_id, run_id, {"epoch": 1}),),
        *(("job_status_change", run_id, run_id, {"state": "pending"}),),
        *(("job_reopened", run_id, step_id, {"epoch": 1, "parent_id": run_id}),),
        *(("job_status_change", run_id, step_id, {"state": "pending", "parent_id": run_id}),),
        *(("job_reopened", run_id, bad, {"epoch": 1, "parent_id": step_id}),),
        *(("job_status_change", run_id, bad, {"state": "pending", "parent_id": step_id}),),
        *(("job_status_change", run_id, run_id, {"state": "running"}),),
        *(("job_status_change", run_id, step_id, {"state": "running"}),),
    ]


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


def test_a_run_that_was_submitted_in_the_same_batch_is_refused_as_one_that_has_not_ended(
    store: StoreDriver,
) -> None:
    request = store.submission()
    found = store.commit(request, RetryJob(request.run_id)).replies[1]
    assert found.message.endswith("is pending: only what has ended can be retried")


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
    what = "failed" if failed_only else "failed or was cancelled"
    assert found.message == f"there is nothing to retry: nothing of {kind} {id_text(job_id)} {what}"
    assert "quaero rerun" in found.hint


def test_a_cancelled_job_is_refused_if_only_failed_ones_are_asked_for(store: StoreDriver) -> None:
    _, _, _, unwanted = ended_with_one_of_each(store)
    assert "nothing of job" in refused(store, unwanted, failed_only=True).message


def test_an_unknown_job_is_refused(store: StoreDriver) -> None:
    assert refused(store, 99) == Refused("there is no such job", "`quaero jobs` lists them")


def test_a_job_whose_run_was_lost_is_refused_as_an_unknown_one(tmp_path: Path) -> None:
    store, run_id, job = with_a_lost_run(tmp_path / "damaged.db")
    found = store.commit(RetryJob(job.id), RetryJob(only(store, run_id)), RetryJob(run_id)).replies
    assert {each.message for each in found} == {"there is no such job"}
    assert store.state(job.id) == "failed"
    store.close()


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
