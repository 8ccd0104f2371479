"""A job that is paused by itself waits in its lane, and is passed over."""

from pathlib import Path

import pytest

from actors.job import Interrupted, JobState, Outcome, Snoozed
from actors.messages import (
    PauseAcknowledged,
    ResumeJob,
)
from actors.seams import ManualClock
from tests.store.driver import StoreDriver, failed, only, spec, specs
from tests.store.pausing import paused, resumed


def test_a_paused_job_stays_pending_and_is_passed_over(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(3))
    ids = [row[0] for row in store.rows("SELECT id FROM job WHERE kind = 'job' ORDER BY id")]
    assert paused(store, ids[0]) == PauseAcknowledged(ids[0], True, JobState.PENDING)
    assert store.parent(only(store, run_id))["pending"] == 3
    jobs = store.lease()
    assert [job.id for job in jobs] == ids[1:]
    store.complete(*jobs)
    assert store.state(run_id) == "running"
    done = store.commit(ResumeJob(ids[0]), lease={"work": 9})
    assert [job.id for job in done.jobs] == ids[:1]
    store.complete(*done.jobs)
    assert store.state(run_id) == "completed"


@pytest.mark.parametrize(
    "outcome", [failed(), failed(retry_in_ms=100), Snoozed(100), Snoozed(0), Interrupted()]
)
def test_a_running_job_that_is_paused_ends_its_attempt_and_gets_no_other(
    store: StoreDriver, clock: ManualClock, outcome: Outcome
) -> None:
    store.run_with(spec(max_attempts=5))
    (job,) = store.lease()
    assert paused(store, job.id) == PauseAcknowledged(job.id, True, JobState.RUNNING)
    store.settle(store.attempt(job, outcome))
    clock.advance(1)
    assert store.tend(lease={"work": 9})[0].jobs == []
    assert store.state(job.id) == "pending"
    (again,) = store.commit(ResumeJob(job.id), lease={"work": 9}).jobs
    store.complete(again)


def test_a_scheduled_job_that_is_paused_becomes_due_and_still_waits(
    store: StoreDriver, clock: ManualClock
) -> None:
    store.run_with(spec(delay_ms=1000))
    ((job_id,),) = store.rows("SELECT id FROM job WHERE kind = 'job'")
    assert paused(store, job_id).state is JobState.SCHEDULED
    clock.advance(1)
    assert store.tend(lease={"work": 9})[0].jobs == []
    assert store.state(job_id) == "pending"
    assert [job.id for job in store.commit(ResumeJob(job_id), lease={"work": 9}).jobs] == [job_id]


def test_a_paused_job_that_is_given_back_stays_paused(store: StoreDriver, clock: ManualClock) -> None:
    other = StoreDriver(store.path, clock, judged=False)
    store.run_with(spec())
    (job,) = other.lease()
    paused(store, job.id)
    other.die()
    store.tend()
    assert (store.state(job.id), store.lease()) == ("pending", [])
    resumed(store, job.id)
    assert len(store.lease()) == 1


def test_a_job_that_has_ended_in_an_open_run_is_not_paused(store: StoreDriver) -> None:
    store.run_with(*specs(2))
    (job,) = store.lease(1)
    store.complete(job)
    assert paused(store, job.id) == PauseAcknowledged(job.id, False, JobState.COMPLETED)


def test_a_paused_job_that_was_cancelled_is_not_resumed(store: StoreDriver) -> None:
    store.run_with(*specs(2))
    ((job_id,), _) = store.rows("SELECT id FROM job WHERE kind = 'job' ORDER BY id")
    assert paused(store, job_id).changed
    store.cancel(job_id)
    assert resumed(store, job_id) == PauseAcknowledged(job_id, False, JobState.CANCELLED)


def test_a_job_that_is_resumed_below_what_is_paused_is_said_to_be_held(store: StoreDriver) -> None:
    run_id = store.run_with(spec())
    ((job_id,),) = store.rows("SELECT id FROM job WHERE kind = 'job'")
    paused(store, job_id)
    paused(store, run_id)
    assert resumed(store, job_id) == PauseAcknowledged(job_id, True, JobState.PENDING, held=True)
    resumed(store, run_id)
    assert len(store.lease()) == 1


@pytest.mark.parametrize("state", ["pending", "running"])
def test_a_job_without_a_lane_can_be_asked_to_wait_and_stops_nobody(tmp_path: Path, state: str) -> None:
    store = StoreDriver(tmp_path / "damaged.db", judged=False)
    store.run_with(*specs(3))
    ids = [row[0] for row in store.rows("SELECT id FROM job WHERE kind = 'job' ORDER BY id")]
    if state == "running":
        store.lease(1)
    for lane_id, changed in ((None, False), (999, True)):
        store.damage(ids[0], "lane_id", lane_id)
        assert paused(store, ids[0]).changed is changed
        assert resumed(store, ids[0]).changed is changed
    assert [each.id for each in store.lease()] == ids[1:]
    store.close()


def test_a_running_job_that_is_resumed_before_its_attempt_ends_was_never_out_of_its_lane(
    store: StoreDriver,
) -> None:
    run_id = store.run_with(spec())
    (job,) = store.lease()
    assert paused(store, job.id).changed
    assert resumed(store, job.id) == PauseAcknowledged(job.id, True, JobState.RUNNING)
    store.settle(store.attempt(job, Snoozed(0)))
    store.complete(*store.lease())
    assert store.state(run_id) == "completed"
