"""A step whose manager asks for it goes level by level: no child starts while a shallower one runs."""

from actors.job import Completed, Page
from actors.messages import NameChildren
from tests.store.driver import StoreDriver, definition, spec


def by_level(store: StoreDriver, *depths: int) -> None:
    store.submit(definition())
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


def test_what_a_running_job_spawns_at_its_own_level_starts_beside_it(store: StoreDriver) -> None:
    """A redirect's target is as deep as the page that leads there."""
    by_level(store, 1, 1)
    first, _ = store.lease()
    store.settle(store.attempt(first, Completed(), children=(spec(depth=1), spec(depth=2))))
    assert [job.depth for job in store.lease()] == [1]


def test_a_job_that_waits_for_its_next_attempt_holds_nobody_up(store: StoreDriver) -> None:
    by_level(store, 1, 2)
    (first,) = store.lease()
    store.fail(first, retry_in_ms=60_000)
    assert [job.depth for job in store.lease()] == [2]


def test_other_steps_start_at_any_depth(store: StoreDriver) -> None:
    store.run_with(spec(depth=1), spec(depth=2))
    assert sorted(job.depth for job in store.lease()) == [1, 2]
