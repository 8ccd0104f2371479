"""What waits for a time becomes ready then, in slices, and the store tells when the next is due."""

import pytest

from actors.seams import ManualClock
from runtime.store.verbs import wake
from tests.store.driver import StoreDriver, failed, spec, specs


def test_a_scheduled_job_waits_for_its_wall_time(store: StoreDriver, clock: ManualClock) -> None:
    store.submit()
    start = store.start()
    store.name(start, spec(delay_ms=1500))
    assert store.states(start.step_id) == ["scheduled"]
    clock.advance(1.499)
    assert store.tend(lease={"work": 1})[0].jobs == []
    clock.advance(0.001)
    (job,) = store.tend(lease={"work": 1})[0].jobs
    assert store.status_events(job.id) == ["scheduled", "pending", "running"]


def test_the_store_tells_the_earliest_time_at_which_something_is_due(
    store: StoreDriver, clock: ManualClock
) -> None:
    now = clock.wall_ms()
    store.run_with(spec(delay_ms=9000), spec(delay_ms=4000), spec())
    (job,) = store.lease()
    done = store.commit(lease={})
    assert not done.timed
    assert store.tend()[0].next_due_ms == now + 4000
    store.settle(store.attempt(job, failed(retry_in_ms=1000)))
    assert store.tend()[0].next_due_ms == now + 1000
    clock.advance(9)
    done, _ = store.tend()
    assert done.next_due_ms is None
    assert done.more == {"work"}


def test_many_that_are_due_are_woken_in_slices(
    store: StoreDriver, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wake, "SLICE", 10)
    store.run_with(*specs(25, delay_ms=1000))
    clock.advance(1)
    for left in (15, 5, 0):
        done, _ = store.tend()
        assert store.value("SELECT count(*) FROM job WHERE state = 'scheduled'") == left
        assert (done.next_due_ms is not None) == (left > 0)
    assert len(store.lease()) == 25


def test_a_clock_that_jumps_forward_wakes_and_one_set_back_makes_wait(
    store: StoreDriver, clock: ManualClock
) -> None:
    store.run_with(spec(delay_ms=60_000), spec(delay_ms=7_200_000))
    clock.set_wall_ms(clock.wall_ms() + 3_600_000)
    assert len(store.tend(lease={"work": 5})[0].jobs) == 1
    clock.set_wall_ms(clock.wall_ms() - 3_600_000)
    assert store.tend(lease={"work": 5})[0].jobs == []
