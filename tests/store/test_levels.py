"""A step whose manager asks for it goes level by level: no child starts while a shallower one runs."""

from actors.job import Completed, JobDefinition, Page
from actors.messages import NameChildren
from actors.seams import ManualClock
from tests.store.driver import StoreDriver, definition, spec, specs


def by_level(store: StoreDriver, *depths: int, of: JobDefinition | None = None) -> None:
    store.submit(of)
    store.commit(
        NameChildren(store.start(), Page(tuple(spec(depth=depth) for depth in depths), level_by_level=True))
    )


def test_only_the_shallowest_level_starts(store: StoreDriver) -> None:
    by_level(store, 2, 1, 1, 2, 3)
    assert [job.depth for job in store.lease()] == [1, 1]
    assert store.lease() == []


def test_the_next_level_starts_when_the_last_of_the_one_before_has_ended(store: StoreDriver) -> None:
    by_level(store, 1, 1, 2)
    first, second = store.lease()
    store.complete(first)
    assert store.lease() == []
    store.complete(second)
    assert [job.depth for job in store.lease()] == [2]


def test_a_priority_lets_no_deeper_job_start_beside_a_shallower_one(store: StoreDriver) -> None:
    store.submit(definition())
    children = (
        spec(depth=1),
        spec(depth=1, priority=1),
        spec(depth=2, priority=1),
        spec(depth=3, priority=2),
    )
    store.commit(
        NameChildren(store.start(), Page((*children, spec(depth=1, priority=2)), level_by_level=True))
    )
    first, second = store.lease()
    assert (first.depth, second.depth) == (1, 1)
    store.complete(first, second)
    (third,) = store.lease()
    assert third.depth == 2
    store.complete(third)
    assert [job.depth for job in store.lease()] == [1]


def test_what_a_running_job_spawns_at_its_own_level_starts_beside_it(store: StoreDriver) -> None:
    """A redirect's target is as deep as the page that leads there."""
    by_level(store, 1, 1)
    first, _ = store.lease()
    store.settle(store.attempt(first, Completed(), children=(spec(depth=1), spec(depth=2))))
    assert [job.depth for job in store.lease()] == [1]


def test_a_job_that_waits_for_its_next_attempt_holds_nobody_up(store: StoreDriver) -> None:
    by_level(store, 1, 2)
    (first,) = store.lease()
    store.fail(first, permanent=False, retry_in_ms=60_000)
    assert [job.depth for job in store.lease()] == [2]


def test_other_steps_start_at_any_depth(store: StoreDriver) -> None:
    store.run_with(spec(depth=1), spec(depth=2))
    assert sorted(job.depth for job in store.lease()) == [1, 2]


def test_a_step_that_waits_for_its_level_is_not_looked_at_again_and_again(store: StoreDriver) -> None:
    """A commit that leases nothing changes nothing, and says that there is nothing more."""
    by_level(store, 1, 2, 2)
    store.lease()
    before = (
        store.rows("SELECT * FROM parent"),
        store.rows("SELECT * FROM lane"),
        store.rows("SELECT * FROM sequence"),
    )
    for free in (1, 2, 1000):
        done = store.commit(lease={"work": free})
        assert (done.jobs, done.more, done.touched) == ([], set(), [])
    after = (
        store.rows("SELECT * FROM parent"),
        store.rows("SELECT * FROM lane"),
        store.rows("SELECT * FROM sequence"),
    )
    assert after == before


def test_a_step_that_waits_for_its_level_keeps_no_other_from_the_only_slot(store: StoreDriver) -> None:
    for _ in range(3):
        by_level(store, 1, 2)
    assert len(store.lease()) == 3
    store.run_with(spec(7))
    (job,) = store.commit(lease={"work": 1}).jobs
    assert job.payload == '{"n":7}'


def test_a_step_that_waits_for_its_level_keeps_nobody_from_several_slots(store: StoreDriver) -> None:
    by_level(store, 1, 2, 2)
    assert len(store.lease(1)) == 1
    store.run_with(spec(depth=7))
    assert [job.depth for job in store.lease(2)] == [7]


def test_behind_a_step_that_waits_for_its_level_the_others_go_in_their_order(store: StoreDriver) -> None:
    by_level(store, 1, 2, of=definition(priority=-1))
    store.lease(1)
    low, *rest = (store.run_with(*specs(2), of=definition(priority=priority)) for priority in (5, 0, 0))
    order = [store.lease(1)[0].root_id for _ in range(6)]
    assert order == [*rest, *rest, low, low]


def test_a_step_that_waits_for_its_level_costs_no_slot_that_others_could_use(store: StoreDriver) -> None:
    """Lanes that were emptied on the way are not looked at again, either."""
    by_level(store, 1, 2, 2, of=definition(priority=-1))
    store.lease(1)
    runs = [store.run_with(spec()) for _ in range(4)]
    assert [job.root_id for job in store.lease(3)] == runs[:3]
    assert store.lease(3)[0].root_id == runs[3]


def test_behind_a_step_that_waits_for_its_level_no_more_are_leased_than_there_are_slots(
    store: StoreDriver,
) -> None:
    by_level(store, 1, 2, 2, of=definition(priority=-1))
    store.lease(1)
    for children in (1, 1, 9):
        store.run_with(*specs(children))
    assert len(store.lease(3)) == 3


def test_behind_a_step_that_waits_for_its_level_jobs_of_another_type_are_none_of_its(
    store: StoreDriver,
) -> None:
    by_level(store, 1, 2, of=definition(priority=-1))
    store.lease(1)
    store.run_with(*specs(2, type="other"), of=definition(priority=-2))
    run_id = store.run_with(spec())
    assert [job.root_id for job in store.lease(1)] == [run_id]


def test_the_shallowest_of_those_that_run_holds_the_deeper_ones_up(
    store: StoreDriver, clock: ManualClock
) -> None:
    """A deeper one started while it waited for its next attempt."""
    by_level(store, 1, 2, 2)
    (first,) = store.lease()
    store.fail(first, permanent=False, retry_in_ms=1000)
    assert [job.depth for job in store.lease(1)] == [2]
    clock.advance(1)
    assert [job.depth for job in store.tend(lease={"work": 1})[0].jobs] == [1]
    assert store.lease() == []
