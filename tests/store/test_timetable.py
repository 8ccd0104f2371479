"""Schedules that are set again, forgotten, paused, damaged, or adopted from a directory of definitions."""

from collections.abc import Iterator
from typing import Any

import pytest

from actors.job import JobDefinition
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
from runtime.submission import submission
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
    done, found = store.tend()
    assert found == []
    assert done.next_due_ms == START + 15 * 60_000  # of the sound one; nobody is woken for the other
    if name != "id":
        assert put(store, scheduled()).changed is True
        clock.advance(5 * MINUTE)
        store.tend()
        assert runs(store) == 1


def test_of_several_schedules_the_first_that_fires_is_waited_for(store: StoreDriver) -> None:
    for number in (20, 10, 30):
        put(store, scheduled(f"*/{number} * * * *", id=f"every-{number}"))
    assert store.tend()[0].next_due_ms == START + 600_000


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
