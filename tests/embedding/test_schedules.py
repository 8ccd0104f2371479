"""Schedules through the whole runtime: set, listed, fired by the clock and by nothing else."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from actors.job import JobDefinition, JobState, Step
from actors.seams import ManualClock
from runtime import Runtime
from runtime.embedding import RefusedError
from runtime.settings import RuntimeSettings
from runtime.store.commit import Committer
from tests.embedding.gates import AtGate
from tests.embedding.processes import ROOT, kill_group, sql, until
from tests.embedding.test_supervision import cells
from tests.embedding.workers import ALL, GATES

MINUTE = 60.0
START = 1_767_225_600_000  # 2026-01-01 00:00 UTC
NOTHING = {"job_type": "crawler_url", "pages": 0}


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(wall_ms=START)


@pytest.fixture
def commits(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One element for each transaction of any runtime."""
    counted: list[int] = []
    transact = Committer._transact

    def counting(self: Committer, *arguments: Any) -> Any:
        counted.append(1)
        return transact(self, *arguments)

    monkeypatch.setattr(Committer, "_transact", counting)
    return counted


@pytest.fixture
def gate() -> Iterator[str]:
    GATES["scheduled"] = Event()
    yield "scheduled"
    GATES["scheduled"].set()


def made(cron: str, *steps: Step, name: str = "tick", **options: Any) -> JobDefinition:
    """A definition whose runs are done without a job, unless it is given steps."""
    return JobDefinition(name, name, steps or (Step("only", "fan_out", NOTHING),), schedule=cron, **options)


def instant(cron: str) -> JobDefinition:
    """A definition whose runs end in the commit that makes them."""
    return JobDefinition("tick", "tick", (), schedule=cron)


def opened(tmp_path: Path, clock: ManualClock | None = None, **options: Any) -> Runtime:
    return Runtime(RuntimeSettings(store=tmp_path / "jobs.db"), workers=ALL, clock=clock, **options)


def runs(runtime: Runtime) -> int:
    with runtime.reader.snapshot() as connection:
        return int(connection.execute("SELECT count(*) FROM job WHERE kind = 'run'").fetchone()[0])


def until_fired(runtime: Runtime, number: int) -> None:
    until(lambda: runs(runtime) == number, what=f"firing {number}")


def beat(runtime: Runtime, clock: ManualClock) -> None:
    """Let ten seconds pass, and wait for the heartbeat they bring."""
    clock.advance(10.0)

    def seen() -> bool:
        with runtime.reader.snapshot() as connection:
            found = connection.execute("SELECT max(heartbeat) FROM owner").fetchone()
        return bool(found[0] == clock.boottime_ms())

    until(seen, what="a heartbeat")


def test_a_schedule_is_set_listed_paused_and_forgotten(tmp_path: Path, clock: ManualClock) -> None:
    with opened(tmp_path, clock) as runtime:
        assert runtime.schedule(made("0 3 * * *", time_zone="Europe/Berlin")) == START + 2 * 3_600_000
        shown = {
            "id": "tick",
            "name": "tick",
            "schedule": "0 3 * * *",
            "time_zone": "Europe/Berlin",
            "next_at": START + 2 * 3_600_000,
            "paused": False,
            "last_run_id": None,
            "last_run_state": None,
            "last_fired_at": None,
            "directory": None,
        }
        assert runtime.schedules() == [shown]
        assert runtime.pause_schedule("tick")
        assert not runtime.pause_schedule("tick")
        assert runtime.schedules() == [{**shown, "next_at": None, "paused": True}]
        assert runtime.resume_schedule("tick")
        assert runtime.unschedule("tick")
        assert not runtime.unschedule("tick")
        assert runtime.schedules() == []
        with pytest.raises(RefusedError, match="there is no schedule 'tick'; `quaero schedules` lists them"):
            runtime.resume_schedule("tick")


def test_the_same_verbs_for_asyncio(tmp_path: Path, clock: ManualClock) -> None:
    async def all_of_them() -> None:
        async with opened(tmp_path, clock) as runtime:
            assert await runtime.schedule_async(made("0 3 * * *")) == START + 3 * 3_600_000
            assert await runtime.pause_schedule_async("tick")
            assert await runtime.resume_schedule_async("tick")
            assert [each["id"] for each in await runtime.schedules_async()] == ["tick"]
            assert await runtime.unschedule_async("tick")

    asyncio.run(all_of_them())


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"cron": ""}, "definition 'tick' has no schedule; give it one, as in schedule = \"0 3"),
        ({"cron": "@daily"}, "definition 'tick': schedule must have five fields, got \"@daily\""),
        ({"cron": "0 3 * * *", "time_zone": "Mars"}, "definition 'tick': time_zone \"Mars\" is no time zone"),
        ({"cron": "0 3 * * *", "enabled": False}, "definition 'tick' is not enabled"),
    ],
)
def test_what_can_not_fire_is_refused(tmp_path: Path, options: dict[str, Any], sentence: str) -> None:
    with opened(tmp_path) as runtime:
        with pytest.raises(RefusedError, match=sentence):
            runtime.schedule(made(**options))
        assert runtime.schedules() == []


def test_a_scheduled_run_is_made_and_done_when_its_time_comes(tmp_path: Path, clock: ManualClock) -> None:
    with opened(tmp_path, clock) as runtime:
        runtime.schedule(made("*/5 * * * *"))
        for number in range(1, 13):
            clock.advance(5 * MINUTE)
            until_fired(runtime, number)
            last = runtime.schedules()[0]
            assert runtime.run(last["last_run_id"]).wait(100).state is JobState.COMPLETED
            assert last["next_at"] == START + (number + 1) * 300_000


def test_between_two_firings_a_runtime_does_nothing_but_show_that_it_lives(
    tmp_path: Path, clock: ManualClock, commits: list[int]
) -> None:
    with opened(tmp_path, clock) as runtime:
        runtime.schedule(made("0 * * * *"))
        for _ in range(8):  # after its start a runtime prunes
            beat(runtime, clock)
        before = len(commits)
        for number in range(1, 60):
            beat(runtime, clock)
            assert len(commits) == before + number
        for _ in range(8):
            clock.advance(1.0)  # less than a heartbeat: nobody wakes
        assert runs(runtime) == 0
        assert len(commits) == before + 59


def test_a_time_between_two_heartbeats_is_met(tmp_path: Path, clock: ManualClock) -> None:
    """It was far off when the store told of it; the last seconds before it are waited for all the same."""
    with opened(tmp_path, clock) as runtime:
        clock.set_wall_ms(START + 35_000)
        runtime.schedule(made("* * * * *"))
        beat(runtime, clock)
        beat(runtime, clock)
        clock.advance(5.0)
        until_fired(runtime, 1)


def test_two_runtimes_on_a_store_fire_each_time_once(tmp_path: Path, clock: ManualClock) -> None:
    with opened(tmp_path, clock) as one, opened(tmp_path, clock) as other:
        one.schedule(instant("*/5 * * * *"))
        for number in range(1, 25):
            clock.advance(5 * MINUTE)
            until_fired(one, number)
        fired = [event for event in other.events(0, timeout_seconds=0.1) if event.type == "schedule_fired"]
        assert [event.data["due_at"] for event in fired] == [START + n * 300_000 for n in range(1, 25)]
        assert runs(one) == 24


def test_a_schedule_that_another_runtime_sets_is_met_without_waiting_for_a_heartbeat(
    tmp_path: Path, clock: ManualClock
) -> None:
    clock.set_wall_ms(START + 55_000)
    with opened(tmp_path, clock) as one:
        with opened(tmp_path, clock) as other:
            other.schedule(made("* * * * *"))
        (scheduler,) = cells(one, "Scheduler")
        looks = iter(range(16))

        def awaited() -> bool:
            """Whether the time is waited for; looks at what others did come with each quarter of a second."""
            if next(looks, None) is not None:
                clock.advance(0.25)
            timers = scheduler.actor._timers
            return timers is not None and "due" in timers._started

        until(awaited, what="a timer")
        # Five seconds from when it was started at the latest, and less than the heartbeat's ten from the beginning.
        clock.advance(5.0)
        until_fired(one, 1)


def test_a_firing_while_the_run_before_goes_on_is_skipped_and_told(
    tmp_path: Path, clock: ManualClock, gate: str
) -> None:
    definition = made("*/5 * * * *", Step("only", "at_gate", {"path": gate}))
    with opened(tmp_path, clock, managers=[AtGate]) as runtime:
        runtime.schedule(definition)
        clock.advance(5 * MINUTE)
        until_fired(runtime, 1)
        run = runtime.run(runtime.schedules()[0]["last_run_id"])
        clock.advance(5 * MINUTE)
        until(lambda: runtime.schedules()[0]["next_at"] == START + 900_000, what="a skipped firing")
        (skipped,) = [
            event for event in runtime.events(0, timeout_seconds=0.1) if event.type == "schedule_skipped"
        ]
        assert (skipped.run_id, skipped.data) == (run.number, {"schedule": "tick", "due_at": START + 600_000})
        (line,) = runtime.reader.logs(run.number, level="warning")
        assert (
            line["text"]
            == "schedule 'tick' did not fire at 2026-01-01 00:10 UTC: this run of it has not ended"
        )
        assert runs(runtime) == 1
        GATES[gate].set()
        assert run.wait(100).state is JobState.COMPLETED
        clock.advance(5 * MINUTE)
        until_fired(runtime, 2)


def made_in(store: Path) -> int:
    return int(str(sql(store, "SELECT count(*) FROM job")[0][0]))


def has_made(store: Path, number: int) -> bool:
    return made_in(store) >= number


@pytest.mark.parametrize("rounds", [6])
def test_firings_killed_again_and_again_are_each_made_once(tmp_path: Path, rounds: int) -> None:
    """Killed at any moment: between two commits, and within one."""
    store = tmp_path / "jobs.db"
    with opened(tmp_path, ManualClock(wall_ms=START)) as runtime:
        runtime.schedule(instant("* * * * *"))
    for _ in range(rounds):
        wanted = made_in(store) + 5
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.embedding.clockwork", str(store), "100000"],
            cwd=ROOT,
            start_new_session=True,
        )
        try:
            until(partial(has_made, store, wanted), what="five firings")
        finally:
            kill_group(process)
    due = [
        int(str(key).rsplit(":", 1)[1]) for (key,) in sql(store, "SELECT key FROM submit_key ORDER BY run_id")
    ]
    ((next_at,),) = sql(store, "SELECT next_at FROM schedule")
    assert len(due) >= 5 * rounds
    assert [*due, next_at] == [START + 60_000 * number for number in range(1, len(due) + 2)]
    assert sql(store, "SELECT count(*) FROM job WHERE kind = 'run' AND state = 'completed'") == [(len(due),)]
