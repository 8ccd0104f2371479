"""Who is told to stop when a parent that was closing already is to close for another reason, and who is not."""

import pytest

from actors.job import Closing
from actors.messages import CancelJob, CloseParent
from tests.store.driver import StoreDriver, specs

SPARING = Closing.FAILED, Closing.TOLERANCE
STOPPING = Closing.CANCEL, Closing.TIMEOUT


def reasons(store: StoreDriver) -> set[str | None]:
    return {row[0] for row in store.rows("SELECT cancel_reason FROM job WHERE kind = 'job'")}


def told(store: StoreDriver, step_id: int, *closings: Closing) -> list[list[int]]:
    return [
        sorted(store.commit(CloseParent(step_id, each, f"by {each}")).cancelled_jobs) for each in closings
    ]


@pytest.mark.parametrize("first", SPARING)
@pytest.mark.parametrize("second", STOPPING)
def test_a_reason_that_is_meant_for_the_bodies_reaches_those_below_this_parent_alone(
    store: StoreDriver, first: Closing, second: Closing
) -> None:
    store.run_with(*specs(2))
    store.run_with(*specs(2))
    jobs = store.lease()
    step_id = jobs[0].step_id
    below = [job.id for job in jobs if job.step_id == step_id]
    assert told(store, step_id, first, second, *STOPPING) == [[], below, [], []]
    assert [store.column("cancel_reason", job.id) for job in jobs if job.id in below] == [f"by {second}"] * 2
    assert [store.column("cancel_reason", job.id) for job in jobs if job.id not in below] == [None] * 2
    assert store.parent(step_id)["closing"] == first


@pytest.mark.parametrize("first", SPARING)
def test_one_reason_that_spares_what_runs_after_another_stops_nothing(
    store: StoreDriver, first: Closing
) -> None:
    store.run_with(*specs(2))
    jobs = store.lease()
    assert told(store, jobs[0].step_id, first, *SPARING) == [[], [], []]
    assert reasons(store) == {None}
    store.complete(*jobs)


@pytest.mark.parametrize("first", STOPPING)
def test_a_parent_that_stopped_what_runs_tells_nobody_again(store: StoreDriver, first: Closing) -> None:
    """Its orchestrator did so by itself; the rows of its jobs say nothing of it."""
    store.run_with(*specs(2))
    jobs = store.lease()
    assert told(store, jobs[0].step_id, first, *STOPPING, *SPARING) == [[]] * 5
    assert reasons(store) == {None}
    store.complete(*jobs)


def test_a_job_that_was_told_by_itself_keeps_its_reason_and_is_not_told_again(store: StoreDriver) -> None:
    store.run_with(*specs(2))
    one, other = store.lease()
    store.commit(CancelJob(one.id, "not this one"))
    assert told(store, one.step_id, Closing.FAILED, Closing.CANCEL) == [[], [other.id]]
    assert store.column("cancel_reason", one.id) == "cancelled: not this one"
    assert store.column("cancel_reason", other.id) == "by cancel"
    store.complete(one, other)
