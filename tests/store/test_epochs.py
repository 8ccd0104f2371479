"""What a retry forgets of the epoch before, and what it opens besides: neither the past nor a link holds anybody."""

from itertools import pairwise

from actors.job import AttemptError, OnError, WaitRole
from actors.messages import LinkedRun, NamingFailed, RetryAcknowledged, RetryJob, RunWait, Submit
from tests.store.driver import StoreDriver, definition, only, spec, specs, step


def retried(store: StoreDriver, job_id: int, *, failed_only: bool = False) -> RetryAcknowledged:
    reply = store.commit(RetryJob(job_id, failed_only)).replies[0]
    assert isinstance(reply, RetryAcknowledged), reply
    return reply


def test_a_retried_job_was_never_lost_nor_cancelled_nor_put_off(store: StoreDriver) -> None:
    """What is known of the epoch before does not end it sooner, nor let it wait."""
    run_id = store.run_with(*specs(2, max_attempts=2), spec(delay_ms=60_000))
    lost, unwanted = store.lease()
    store.file.connection.execute("UPDATE job SET lost = 7 WHERE id = ?", (lost.id,))
    store.cancel(unwanted.id)
    store.fail(lost, unwanted)
    store.cancel(run_id)
    store.sweep()
    assert store.states(only(store, run_id)) == ["failed", "cancelled", "cancelled"]
    retried(store, run_id)
    jobs = store.lease()
    assert len(jobs) == 3
    assert store.rows("SELECT DISTINCT lost, cancel_reason FROM job WHERE kind = 'job'") == [(0, None)]
    store.fail(*jobs, permanent=False)
    assert store.states(only(store, run_id)) == ["pending"] * 3


def test_jobs_of_different_epochs_are_retried_together(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(2))
    first, second = store.lease()
    store.fail(first, second)
    retried(store, first.id)
    store.fail(*store.lease())
    retried(store, run_id)
    assert [store.column("epoch", job.id) for job in (first, second)] == [2, 1]
    told = {
        job_id: data["epoch"] for _, kind, _, job_id, data in store.oracle.events if kind == "job_reopened"
    }
    assert (told[first.id], told[second.id], told[run_id]) == (2, 1, 2)


def test_a_naming_that_was_put_off_is_due_at_once_after_a_retry(store: StoreDriver) -> None:
    run_id = store.submit()
    error = AttemptError("ValueError", "not yet")
    store.commit(NamingFailed(store.start(), error, permanent=False, retry_in_ms=60_000))
    store.cancel(run_id)
    retried(store, run_id)
    assert store.start().attempt == 1


def test_post_jobs_of_post_jobs_come_back_with_the_run(store: StoreDriver) -> None:
    ids = store.file.ids
    first, second, third = (definition(id=name, name=name) for name in ("first", "second", "third"))
    runs = [LinkedRun(each, ids.next(), (ids.next(),)) for each in (first, second, third)]
    waits = tuple(RunWait(after.run_id, before.run_id, WaitRole.POST) for before, after in pairwise(runs))
    store.commit(Submit(first, runs[0].run_id, runs[0].step_ids, linked=tuple(runs[1:]), waits=waits))
    store.name(store.start(), spec())
    store.fail(*store.lease())
    assert [store.state(run.run_id) for run in runs] == ["failed", "cancelled", "cancelled"]
    retried(store, runs[0].run_id)
    assert [store.state(run.run_id) for run in runs] == ["running", "pending", "pending"]


def test_a_step_that_was_deleted_is_not_retried_with_its_run(store: StoreDriver) -> None:
    steps = (step("a", on_error=OnError.CONTINUE), step("b", on_error=OnError.CONTINUE))
    run_id = store.submit(definition(*steps))
    for start in store.commit(starts=2).starts:
        store.name(start, spec())
    store.fail(*store.lease())
    names = store.steps(run_id)
    store.delete(names["a"])
    assert retried(store, run_id).jobs == 1
    jobs = store.lease()
    assert {job.step_id for job in jobs} == {names["b"]}
    store.complete(*jobs)
    assert store.state(run_id) == "completed"  # what was deleted is not asked how it ended
