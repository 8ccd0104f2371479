"""How many jobs of each type ended lately, beside the count of the rows."""

from collections.abc import Iterator

import pytest

from actors.messages import RetryJob
from runtime.store.reading.reader import StoreReader
from runtime.store.reading.recent_ends import RecentEnds, read_ends
from tests.store.driver import StoreDriver, spec


@pytest.fixture
def reader(store: StoreDriver) -> Iterator[StoreReader]:
    opened = StoreReader(store.path)
    yield opened
    opened.close()


def ends(store: StoreDriver, reader: StoreReader, *, most: int = 1000) -> RecentEnds:
    """As they are read; each number is compared with the rows of the same moment."""
    with reader.snapshot() as connection:
        found = read_ends(connection, store.clock.wall_ms(), most=most)
        rows = connection.execute(
            "SELECT type, state, count(*) FROM job WHERE kind = 'job' AND finished_at > ? GROUP BY type, state",
            (found.since_ms,),
        ).fetchall()
    shown = [(name, state, n) for name, states in found.by_type.items() for state, n in states.items() if n]
    assert sorted(shown) == sorted(rows)
    return found


def test_each_type_is_counted_by_itself_and_only_of_the_last_seconds(
    store: StoreDriver, reader: StoreReader
) -> None:
    assert ends(store, reader).by_type == {}
    store.run_with(*(spec(each) for each in range(4)), spec(type="other"))
    store.complete(*store.lease(3))
    store.clock.advance(6)
    store.complete(*store.lease(job_type="other"))
    found = ends(store, reader)
    assert found.seconds == 10
    assert found.by_type == {
        "work": {"completed": 3, "failed": 0, "cancelled": 0},
        "other": {"completed": 1, "failed": 0, "cancelled": 0},
    }
    store.clock.advance(6)
    assert [*ends(store, reader).by_type] == ["other"]
    store.clock.advance(6)
    assert ends(store, reader).by_type == {}


def test_failed_and_cancelled_are_told_apart(store: StoreDriver, reader: StoreReader) -> None:
    run_id = store.run_with(*(spec(each, max_attempts=1) for each in range(5)))
    one, two, *_ = store.lease(3)
    store.fail(one)
    store.complete(two)
    store.cancel(run_id)
    store.tend()
    found = ends(store, reader).by_type["work"]
    assert (found["completed"], found["failed"]) == (1, 1)


def test_of_very_many_the_last_are_counted_and_the_time_is_shorter(
    store: StoreDriver, reader: StoreReader
) -> None:
    store.run_with(*(spec(each) for each in range(9)))
    for _ in range(3):
        store.clock.advance(1)
        store.complete(*store.lease(3))
    found = ends(store, reader, most=5)
    assert found.by_type["work"]["completed"] == 6
    assert found.seconds == pytest.approx(1.001)


def test_a_job_that_was_retried_has_ended_each_time(store: StoreDriver, reader: StoreReader) -> None:
    run_id = store.run_with(spec(max_attempts=1))
    store.fail(*store.lease())
    store.commit(RetryJob(run_id))
    store.complete(*store.lease())
    with reader.snapshot() as connection:
        found = read_ends(connection, store.clock.wall_ms())
    assert found.by_type["work"] == {"completed": 1, "failed": 1, "cancelled": 0}
