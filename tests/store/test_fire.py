"""Schedules in the store: each time fires once, whoever looks, however late, and whatever dies."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from actors.job import JobDefinition, Step
from actors.messages import (
    AdoptDefinitions,
    Adopted,
    CancelJob,
    PauseSchedule,
    Refused,
    ResumeSchedule,
    ScheduleAcknowledged,
    ScheduleRuns,
    Unschedule,
)
from actors.seams import ManualClock
from runtime.store.reading.reader import StoreReader
from runtime.store.transaction import Transaction
from runtime.store.verbs import fire
from runtime.submission import submission
from tests.store.driver import StoreDriver, step

MINUTE = 60.0
HOUR = 3600.0
START = round(datetime(2026, 1, 1, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(wall_ms=START)


@pytest.fixture
def other(store: StoreDriver, clock: ManualClock) -> Iterator[StoreDriver]:
    """Another runtime on the same store."""
    second = StoreDriver(store.path, clock)
    yield second
    second.close()


def scheduled(cron: str = "*/5 * * * *", *steps: Step, id: str = "tick", **options: Any) -> JobDefinition:  # noqa: A002
    """A definition whose runs end at once, unless it has steps."""
    return JobDefinition(id=id, name=id, steps=steps, schedule=cron, **options)


def put(store: StoreDriver, *definitions: JobDefinition, origin: str = "") -> ScheduleAcknowledged:
    reply = store.commit(ScheduleRuns(definitions, origin)).replies[0]
    assert isinstance(reply, ScheduleAcknowledged), reply
    return reply


def runs(store: StoreDriver, definition_id: str = "tick") -> int:
    return int(store.value("SELECT count(*) FROM job WHERE kind = 'run' AND type = ?", definition_id))


def events(store: StoreDriver, event: str) -> list[dict[str, Any]]:
    store.oracle.check()
    return [data for _, kind, _, _, data in store.oracle.events if kind == event]


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


def test_setting_a_schedule_again_changes_what_is_new_and_keeps_what_is_missed(
    store: StoreDriver, clock: ManualClock
) -> None:
    put(store, scheduled("0 * * * *"))
    clock.advance(2.5 * HOUR)
    assert put(store, scheduled("0 * * * *")) == ScheduleAcknowledged("tick", False, START + 3_600_000)
    again = put(store, scheduled("0 * * * *", tags=("new",)))
    assert again == ScheduleAcknowledged("tick", True, START + 3_600_000)
    other_time = put(store, scheduled("30 * * * *", tags=("new",)))
    assert other_time == ScheduleAcknowledged("tick", True, START + 3 * 3_600_000 + 1_800_000)
    assert store.value("SELECT count(*) FROM schedule") == 1
    clock.advance(HOUR)
    store.tend()
    (payload,) = store.rows("SELECT payload FROM job WHERE kind = 'run'")[0]
    assert '"new"' in payload


def test_a_schedule_is_forgotten_and_its_runs_are_not(store: StoreDriver, clock: ManualClock) -> None:
    put(store, scheduled())
    clock.advance(5 * MINUTE)
    store.tend()
    done = store.commit(Unschedule("tick"), Unschedule("tick"))
    assert done.replies == [ScheduleAcknowledged("tick", True), ScheduleAcknowledged("tick", False)]
    assert done.next_due_ms is None
    clock.advance(HOUR)
    store.tend()
    assert runs(store) == 1


def test_a_paused_schedule_does_not_fire_and_what_it_missed_was_not_wanted(
    store: StoreDriver, clock: ManualClock
) -> None:
    put(store, scheduled())
    assert store.commit(PauseSchedule("tick")).replies == [
        ScheduleAcknowledged("tick", True, START + 300_000, True)
    ]
    assert store.commit(PauseSchedule("tick")).replies[0].changed is False
    assert put(store, scheduled(tags=("new",))).paused is True
    clock.advance(HOUR + MINUTE)
    assert store.tend()[0].next_due_ms is None
    assert store.commit(ResumeSchedule("tick")).replies == [
        ScheduleAcknowledged("tick", True, START + 3_600_000 + 300_000)
    ]
    assert store.commit(ResumeSchedule("tick")).replies[0].changed is False
    store.tend()
    assert runs(store) == 0
    clock.advance(4 * MINUTE)
    store.tend()
    assert runs(store) == 1
    for request in (PauseSchedule("none"), ResumeSchedule("none")):
        refused = store.commit(request).replies[0]
        assert refused == Refused("there is no schedule 'none'", "`quaero schedules` lists them")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("cron", "* * * * *"),
        ("definitions", b"\xff\xfe"),
        ("definitions", "[]"),
        ("time_zone", "Europe/Berlin"),
        ("id", b"\xff"),
    ],
)
def test_a_damaged_schedule_fires_no_more_and_stops_nobody(
    store: StoreDriver, clock: ManualClock, name: str, value: Any
) -> None:
    put(store, scheduled())
    put(store, scheduled(id="sound"))
    shown = "CAST(? AS TEXT)" if isinstance(value, bytes) else "?"
    store.file.connection.execute(f"UPDATE schedule SET {name} = {shown} WHERE id = 'tick'", (value,))
    clock.advance(5 * MINUTE)
    _, found = store.tend()
    assert len(found) == 1
    assert "does not fire any more: its row is damaged; schedule its definition again" in found[0]
    assert (runs(store), runs(store, "sound")) == (0, 1)
    assert len(events(store, "schedule_failed")) == 1
    clock.advance(5 * MINUTE)
    assert store.tend()[1] == []
    if name != "id":
        assert put(store, scheduled()).changed is True
        clock.advance(5 * MINUTE)
        store.tend()
        assert runs(store) == 1


def test_a_zone_that_the_host_has_lost_stops_the_schedule_until_it_is_resumed(
    store: StoreDriver, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, scheduled(time_zone="Europe/Berlin"))
    clock.advance(5 * MINUTE)
    with monkeypatch.context() as patched:
        patched.setattr("actors.firing.ZoneInfo", {}.__getitem__)
        _, found = store.tend()
        refused = store.commit(ResumeSchedule("tick")).replies[0]
    assert found == ["schedule 'tick' does not fire any more: 'Europe/Berlin' is no time zone of this host"]
    assert isinstance(refused, Refused)
    assert runs(store) == 0
    assert store.commit(ResumeSchedule("tick")).replies[0].next_at_ms == START + 600_000
    clock.advance(5 * MINUTE)
    store.tend()
    assert runs(store) == 1


def test_definitions_of_a_directory_are_adopted_as_a_whole(store: StoreDriver) -> None:
    put(store, scheduled(id="by code"))
    put(store, scheduled(id="elsewhere"), origin="/b")
    first = AdoptDefinitions("/a", tuple(ScheduleRuns((scheduled(id=each),), "/a") for each in ("x", "y")))
    assert store.commit(first).replies == [Adopted(("x", "y"), (), ())]
    second = AdoptDefinitions("/a", (ScheduleRuns((scheduled(id="y"),), "/a"),))
    assert store.commit(second).replies == [Adopted((), ("x",), ())]
    rows = store.rows("SELECT id, origin FROM schedule ORDER BY id")
    assert rows == [("by code", ""), ("elsewhere", "/b"), ("y", "/a")]


def test_a_schedule_that_never_fires_changes_nothing_of_what_came_with_it(store: StoreDriver) -> None:
    wrong = scheduled("0 0 */30 * 1#3", id="never")
    both = tuple(ScheduleRuns((each,), "/a") for each in (scheduled(), wrong))
    (refused,) = store.commit(AdoptDefinitions("/a", both)).replies
    assert isinstance(refused, Refused)
    assert "does not fire within 50 years" in refused.message
    assert store.value("SELECT count(*) FROM schedule") == 0


def test_a_definition_is_started_unless_a_run_of_it_goes_on(store: StoreDriver, other: StoreDriver) -> None:
    wanted = JobDefinition("boot", "boot", (step(),))
    first, second = (
        AdoptDefinitions("", starts=(submission((wanted,), each.file.ids),)) for each in (store, other)
    )
    (adopted,) = store.commit(first).replies
    assert other.commit(second).replies == [Adopted((), (), ())]
    (run_id,) = adopted.started
    assert store.commit(first).replies == [Adopted((), (), ())]  # asked again: its answer was lost
    store.commit(CancelJob(run_id))
    assert len(other.commit(second).replies[0].started) == 1
    assert runs(store, "boot") == 2
