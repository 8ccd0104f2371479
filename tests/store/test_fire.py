"""Schedules in the store: each time fires once, whoever looks, however late, and whatever dies."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from actors.job import JobDefinition
from actors.messages import (
    CancelJob,
    PauseSchedule,
    ScheduleAcknowledged,
    ScheduleRuns,
    Unschedule,
)
from actors.seams import ManualClock
from runtime.store.reading.reader import StoreReader
from runtime.store.transaction import Transaction
from runtime.store.verbs import fire
from tests.store.driver import StoreDriver, step
from tests.store.timetables import HOUR, MINUTE, START, events, put, runs, scheduled


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(wall_ms=START)


@pytest.fixture
def other(store: StoreDriver, clock: ManualClock) -> Iterator[StoreDriver]:
    """Another runtime on the same store."""
    second = StoreDriver(store.path, clock)
    yield second
    second.close()


def column(store: StoreDriver, name: str, schedule: str = "tick") -> Any:
    return store.value(f"SELECT {name} FROM schedule WHERE id = ?", schedule)


def test_a_schedule_tells_its_next_time_and_is_due_then(store: StoreDriver, clock: ManualClock) -> None:
    done = store.commit(ScheduleRuns((scheduled(),)))
    assert done.replies == [ScheduleAcknowledged("tick", True, START + 300_000)]
    assert (done.timed, done.next_due_ms) == (True, START + 300_000)
    clock.advance(299.999)
    store.tend()
    assert runs(store) == 0
    clock.advance(0.001)
    assert store.tend()[0].next_due_ms == START + 600_000
    assert runs(store) == 1
    run_id = column(store, "last_run_id")
    assert events(store, "schedule_fired") == [
        {"schedule": "tick", "due_at": START + 300_000, "next_at": START + 600_000}
    ]
    assert (
        store.value("SELECT run_id FROM submit_key WHERE key = ?", f"schedule:tick:{START + 300_000}")
        == run_id
    )
    assert column(store, "last_fired_at") == START + 300_000


def test_a_day_of_every_five_minutes_makes_288_runs(store: StoreDriver, clock: ManualClock) -> None:
    put(store, scheduled())
    store.judged = False
    for _ in range(24 * 60):
        clock.advance(MINUTE)
        store.tend()
    assert runs(store) == 288
    due = [each["due_at"] for each in events(store, "schedule_fired")]
    assert due == [START + 300_000 * number for number in range(1, 289)]


def test_what_was_missed_runs_once_and_then_at_the_next_time(store: StoreDriver, clock: ManualClock) -> None:
    put(store, scheduled())
    clock.advance(3 * HOUR + 2 * MINUTE)
    store.tend()
    store.tend()
    assert runs(store) == 1
    assert column(store, "next_at") == START + 3 * 3_600_000 + 300_000
    clock.advance(3 * MINUTE)
    store.tend()
    assert runs(store) == 2


def test_of_two_runtimes_one_fires(store: StoreDriver, other: StoreDriver, clock: ManualClock) -> None:
    put(store, scheduled())
    for number in range(1, 13):
        clock.advance(5 * MINUTE)
        for each in (store, other) if number % 2 else (other, store):
            each.tend()
        assert runs(store) == number
    assert len(events(store, "schedule_fired")) == 12


def test_a_firing_that_was_not_committed_happens_again(
    store: StoreDriver, other: StoreDriver, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the run's rows were written and before the commit: neither of both is there."""
    put(store, scheduled())
    clock.advance(5 * MINUTE)
    whole = Transaction.finish

    class KilledError(BaseException):
        pass

    def killed(transaction: Transaction) -> bool:
        whole(transaction)
        counted = transaction.connection.execute("SELECT count(*) FROM job").fetchone()
        assert counted == (1,)
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(Transaction, "finish", killed)
        with pytest.raises(KilledError):
            store.file.tend(StoreDriver._demand(None, 0, ()))
    assert (runs(store), column(store, "next_at")) == (0, START + 300_000)
    other.tend()
    assert (runs(store), column(store, "next_at")) == (1, START + 600_000)


def test_a_clock_that_is_set_back_fires_nothing_twice(store: StoreDriver, clock: ManualClock) -> None:
    put(store, scheduled())
    for _ in range(6):
        clock.advance(5 * MINUTE)
        store.tend()
    assert runs(store) == 6
    clock.set_wall_ms(START + 2 * 60_000)
    for _ in range(30):
        store.tend()
        clock.advance(MINUTE)
    store.tend()
    assert clock.wall_ms() == START + 32 * 60_000
    assert runs(store) == len(events(store, "schedule_fired")) == 6
    clock.advance(3 * MINUTE)
    store.tend()
    assert runs(store) == len(events(store, "schedule_fired")) == 7
    assert events(store, "schedule_skipped") == []


def test_a_time_of_day_fires_once_a_day_where_clocks_are_put_forward_and_back(
    store: StoreDriver, clock: ManualClock
) -> None:
    for day, hours in (("2026-03-28", 71), ("2026-10-24", 73)):
        clock.set_wall_ms(round(datetime.fromisoformat(f"{day}T00:00+01:00").timestamp() * 1000))
        put(store, scheduled("30 2 * * *", id=day, time_zone="Europe/Berlin"))
        for _ in range(hours * 4):
            clock.advance(15 * MINUTE)
            store.tend()
        assert runs(store, day) == 3
        store.commit(Unschedule(day))


def test_what_is_due_now_is_work_that_is_left(store: StoreDriver, clock: ManualClock) -> None:
    put(store, scheduled())
    reader = StoreReader(store.path)
    try:
        assert not reader.schedule_due(clock.wall_ms())
        clock.advance(5 * MINUTE)
        assert reader.schedule_due(clock.wall_ms())
        store.tend()
        assert not reader.schedule_due(clock.wall_ms())
        clock.advance(5 * MINUTE)
        store.commit(PauseSchedule("tick"))
        assert not reader.schedule_due(clock.wall_ms())
    finally:
        reader.close()


def test_a_clock_that_was_years_ahead_does_not_silence_a_schedule(
    store: StoreDriver, clock: ManualClock
) -> None:
    clock.set_wall_ms(START + 10 * 365 * 86_400_000)
    put(store, scheduled("0 3 * * *"))
    clock.set_wall_ms(START)
    done, _ = store.tend()
    assert done.next_due_ms == START + 3 * 3_600_000
    clock.advance(3 * HOUR)
    store.tend()
    assert runs(store) == 1


def test_a_firing_is_skipped_while_the_run_before_goes_on(store: StoreDriver, clock: ManualClock) -> None:
    put(store, scheduled("*/5 * * * *", step()))
    clock.advance(5 * MINUTE)
    store.tend()
    run_id = column(store, "last_run_id")
    clock.advance(5 * MINUTE)
    _, found = store.tend()
    assert runs(store) == 1
    assert events(store, "schedule_skipped") == [{"schedule": "tick", "due_at": START + 600_000}]
    assert store.logs(run_id) == [
        "schedule 'tick' did not fire at 2026-01-01 00:10 UTC: this run of it has not ended"
    ]
    assert len(found) == 1
    assert found[0].startswith("schedule 'tick' did not fire at 2026-01-01 00:10 UTC: its run ")
    store.commit(CancelJob(run_id))
    clock.advance(5 * MINUTE)
    store.tend()
    assert runs(store) == 2


def test_a_firing_brings_the_runs_that_are_linked(store: StoreDriver, clock: ManualClock) -> None:
    main = scheduled("0 * * * *", step(), post_jobs=("after",))
    put(store, main, JobDefinition("after", "after", (step(),)))
    clock.advance(HOUR)
    store.tend()
    assert runs(store) == runs(store, "after") == 1
    assert store.rows("SELECT role FROM dependency") == [("post",)]


def test_many_that_are_due_at_once_fire_in_slices(
    store: StoreDriver, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fire, "MOST_FIRINGS", 4)
    for number in range(10):
        put(store, scheduled(id=f"tick{number}"))
    clock.advance(5 * MINUTE)
    for fired, left in ((4, True), (8, True), (10, False), (10, False)):
        store.tend()
        assert store.value("SELECT count(*) FROM job WHERE kind = 'run'") == fired
        assert store.file.firings_left is left


def test_who_takes_no_work_fires_nothing(store: StoreDriver, clock: ManualClock) -> None:
    put(store, scheduled())
    clock.advance(HOUR)
    store.file.tend(None)
    assert runs(store) == 0
