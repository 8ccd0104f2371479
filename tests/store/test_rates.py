"""Jobs of one rate key start at least their rate apart, whichever run they belong to and whatever the clock does."""

from itertools import pairwise

import pytest

from actors.seams import ManualClock
from tests.store.driver import StoreDriver, definition, spec, step

HOUR = 3_600_000


def host(name: str, rate_ms: int = 1000, number: int = 5) -> tuple[object, ...]:
    return tuple(spec(each, rate_key=name, rate_ms=rate_ms) for each in range(number))


def hosts(store: StoreDriver, *children: object) -> None:
    store.run_with(*children)  # type: ignore[arg-type]


def test_one_job_of_a_key_starts_at_a_time_and_the_next_after_its_rate(
    store: StoreDriver, clock: ManualClock
) -> None:
    hosts(store, *host("a"), *host("b"))
    assert len(store.lease()) == 2
    done = store.commit(lease={"work": 9})
    assert done.jobs == []
    clock.advance(0.999)
    assert store.tend(lease={"work": 9})[0].jobs == []
    clock.advance(0.001)
    assert len(store.tend(lease={"work": 9})[0].jobs) == 2


def test_a_rate_without_a_key_holds_nobody_up(store: StoreDriver) -> None:
    hosts(store, *host(""))
    assert len(store.lease()) == 5


def test_the_commit_tells_when_the_rate_comes_due(store: StoreDriver, clock: ManualClock) -> None:
    hosts(store, *host("a", 1500))
    assert store.commit(lease={"work": 9}).next_due_ms == clock.wall_ms() + 1500


def test_two_runs_share_the_rate_of_a_key(store: StoreDriver, clock: ManualClock) -> None:
    hosts(store, *host("a"))
    hosts(store, *host("a"))
    started = []
    for _ in range(40):
        started += [clock.wall_ms()] * len(store.tend(lease={"work": 9})[0].jobs)
        clock.advance(0.25)
    assert len(started) == 10
    assert all(later - earlier >= 1000 for earlier, later in pairwise(started))


def test_each_run_keeps_its_own_rate_behind_anothers_start(store: StoreDriver, clock: ManualClock) -> None:
    """A slow run waits its whole rate after a quick run's start of the same key, not only the quick one's."""
    hosts(store, *host("a", 100, 1))
    assert len(store.lease()) == 1
    hosts(store, *host("a", 10_000, 1))
    clock.advance(9.9)
    assert store.tend(lease={"work": 9})[0].jobs == []
    clock.advance(0.1)
    assert len(store.tend(lease={"work": 9})[0].jobs) == 1


def test_a_wall_clock_set_back_holds_nobody_for_longer_than_the_rate(
    store: StoreDriver, clock: ManualClock
) -> None:
    hosts(store, *host("a"))
    store.lease()
    clock.set_wall_ms(clock.wall_ms() - HOUR)
    clock.advance(1)
    assert len(store.tend(lease={"work": 9})[0].jobs) == 1
    assert store.tend(lease={"work": 9})[0].jobs == []
    clock.advance(1)
    assert len(store.tend(lease={"work": 9})[0].jobs) == 1


def test_a_rate_without_a_key_and_a_key_without_a_rate_hold_nobody(store: StoreDriver) -> None:
    hosts(store, *host("", 1000, 5), *host("free", 0, 5))
    assert len(store.lease()) == 10


def test_hosts_that_must_wait_do_not_hide_work_behind_them(store: StoreDriver) -> None:
    """More lanes than one commit looks at, all of keys just used by another run, and then a job that is free."""
    names = [f"h{number:03}" for number in range(70)]
    hosts(store, *(spec(rate_key=name, rate_ms=1000) for name in names))
    assert len(store.lease() + store.lease()) == 70
    hosts(store, *(spec(rate_key=name, rate_ms=1000) for name in names))
    store.run_with(spec(9))
    jobs, more = [], {"work"}
    while more:
        done = store.commit(lease={"work": 200})
        jobs += done.jobs
        more = done.more
    assert [job.payload for job in jobs] == ['{"n":9}']


def test_shallow_pages_of_a_key_go_first(store: StoreDriver, clock: ManualClock) -> None:
    children = [spec(depth=depth, rate_key="a", rate_ms=10) for depth in (3, 1, 2)]
    store.run_with(*children, of=definition(step(concurrency=2)))
    depths = []
    for _ in range(3):
        (job,) = store.tend(lease={"work": 9})[0].jobs
        depths.append(job.depth)
        store.complete(job)
        clock.advance(0.01)
    assert depths == [1, 2, 3]


@pytest.mark.parametrize("rates", [(1000, 5000), (5000, 1000)])
def test_of_several_rates_of_a_key_in_a_step_the_slowest_holds(
    store: StoreDriver, clock: ManualClock, rates: tuple[int, int]
) -> None:
    """A site may say how often it wants to be asked only after the first page was named."""
    hosts(store, *(spec(rate_key="a", rate_ms=rate) for rate in rates), spec(rate_key="a", rate_ms=1))
    assert len(store.lease()) == 1
    clock.advance(4.9)
    assert store.tend(lease={"work": 9})[0].jobs == []
    clock.advance(0.1)
    assert len(store.tend(lease={"work": 9})[0].jobs) == 1
    assert store.rows("SELECT rate_ms FROM lane WHERE rate_key = 'a'") == [(5000,)]


def test_a_key_is_remembered_for_the_longest_rate_that_was_asked_for(
    store: StoreDriver, clock: ManualClock
) -> None:
    """Retention forgets it after that: sooner, and the slowest run would start too early."""
    begun = clock.wall_ms()
    for rate_ms, started, longest in ((10_000, 0, 10_000), (100, 10_000, 10_000), (60_000, 10_000, 60_000)):
        hosts(store, *host("a", rate_ms, 1))
        store.lease()
        assert store.rows("SELECT started_at - ?, longest_ms FROM rate", begun) == [(started, longest)]
        clock.advance(10)
