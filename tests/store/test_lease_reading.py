"""Rows that are as they should be are leased together: the number of statements does not grow with the jobs."""

import pytest

from actors.job import Page
from actors.messages import NameChildren
from actors.seams import ManualClock
from runtime.store.newcomers import FIRST_TURN
from tests.store.driver import StoreDriver, failed, spec, specs


def statements_of_a_lease(store: StoreDriver, number: int) -> int:
    seen: list[str] = []
    store.file.connection.set_trace_callback(seen.append)
    try:
        assert len(store.lease(number)) == number
    finally:
        store.file.connection.set_trace_callback(None)
    return len(seen)


def test_the_jobs_of_one_lane_are_leased_by_as_many_statements_as_one_of_them(store: StoreDriver) -> None:
    store.run_with(*specs(21))
    one = statements_of_a_lease(store, 1)
    assert statements_of_a_lease(store, 20) == one


@pytest.mark.parametrize(("each", "waiting"), [(1, 1), (3, 3), (FIRST_TURN, 2 * FIRST_TURN)])
def test_the_jobs_of_ten_lanes_are_leased_by_as_many_statements_as_those_of_two(
    store: StoreDriver, each: int, waiting: int
) -> None:
    """Whether all that wait in a lane are taken or some of them."""
    for _ in range(12):
        store.submit()
    store.commit(*(NameChildren(start, Page(specs(waiting))) for start in store.commit(starts=12).starts))
    assert statements_of_a_lease(store, 2 * each) == statements_of_a_lease(store, 10 * each)


@pytest.mark.parametrize("runs", [1, 2])
def test_the_events_of_leased_jobs_name_their_step(store: StoreDriver, runs: int) -> None:
    for _ in range(runs):
        store.run_with(*specs(2))
    for job in store.lease():
        *_, last = (data for *_, job_id, data in store.oracle.events if job_id == job.id)
        assert last == {"state": "running", "parent_id": job.step_id}


def test_a_job_has_begun_with_its_first_attempt(store: StoreDriver, clock: ManualClock) -> None:
    store.run_with(spec(max_attempts=2))
    (job,) = store.lease()
    begun = clock.wall_ms()
    assert store.column("started_at", job.id) == begun
    store.settle(store.attempt(job, failed()))
    clock.advance(5)
    (job,) = store.tend(lease={"work": 1})[0].jobs
    assert (job.attempt, store.column("started_at", job.id)) == (2, begun)
