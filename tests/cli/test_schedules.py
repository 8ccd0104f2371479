"""``schedule``, ``schedules``, ``unschedule``, ``pause --schedule`` and the directory of definitions."""

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest

from actors.seams import SystemClock
from tests.cli.command import Ended, quaero
from tests.cli.definitions import configure, define
from tests.cli.running import running


def half_a_year_off() -> str:
    """A cron expression for three o'clock on a day in the middle of that month: none of the tests goes past it."""
    now = datetime.fromtimestamp(SystemClock().wall_ms() / 1000, UTC)
    return f"0 3 15 {(now.month + 5) % 12 + 1} *"


CRON = half_a_year_off()
KEYS = f'schedule = "{CRON}"\ntime_zone = "Europe/Berlin"\n'


@pytest.fixture(autouse=True)
def _configured(tmp_path: Path) -> None:
    configure(tmp_path)


def defined(directory: Path, name: str, keys: str = KEYS, step: str = "gates = 1") -> str:
    define(directory, name, step)
    file = directory / f"{name}.toml"
    file.write_text(keys + file.read_text())
    return file.name


def with_directory(tmp_path: Path) -> Path:
    """A directory of definitions, named by the configuration."""
    made = tmp_path / "defs"
    made.mkdir()
    file = tmp_path / "quaero.toml"
    file.write_text(file.read_text() + '\n[definitions]\ndirectory = "defs"\n')
    return made


def make_due(store: Path) -> None:
    """As if no runtime had been up when the schedule was due."""
    connection = sqlite3.connect(store)
    connection.execute("UPDATE schedule SET next_at = 1000, set_at = 500")
    connection.commit()
    connection.close()


def test_a_definition_is_scheduled_listed_paused_and_forgotten(tmp_path: Path) -> None:
    done = quaero("schedule", defined(tmp_path, "nightly"), cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.out.startswith("nightly fires next at 20")
    assert "03:00 CE" in done.out
    assert done.out.endswith(f", by '{CRON}' in Europe/Berlin\n")
    (shown,) = quaero("schedules", "--json", cwd=tmp_path).value
    assert (shown["id"], shown["schedule"], shown["time_zone"]) == ("nightly", CRON, "Europe/Berlin")
    lines = quaero("schedules", cwd=tmp_path).out.splitlines()
    assert lines[0].split() == ["ID", "NEXT", "SCHEDULE", "TIME", "ZONE", "LAST", "RUN", "STATE"]
    assert lines[1].startswith("nightly  20")

    paused = quaero("pause", "--schedule", "nightly", cwd=tmp_path)
    assert paused.out == "schedule 'nightly' is paused: it does not fire, its runs go on\n"
    assert quaero("schedules", cwd=tmp_path).out.splitlines()[1].endswith("paused")
    again = quaero("schedule", "nightly.toml", "--json", cwd=tmp_path).value
    assert (again["changed"], again["paused"], again["next_at"]) == (False, True, None)
    resumed = quaero("resume", "--schedule", "nightly", "--json", cwd=tmp_path).value
    assert resumed == {
        "schedule": "nightly",
        "changed": True,
        "paused": False,
        "next_at": shown["next_at"],
    }
    assert quaero("unschedule", "nightly", cwd=tmp_path).out == "nightly is not scheduled any more\n"
    gone = quaero("unschedule", "nightly", cwd=tmp_path)
    assert (gone.code, gone.err) == (
        2,
        "quaero: there is no schedule 'nightly'; `quaero schedules` lists them\n",
    )
    assert quaero("schedules", "--json", cwd=tmp_path).value == []


def test_what_can_not_be_scheduled_is_bad_input(tmp_path: Path) -> None:
    done = quaero("schedule", defined(tmp_path, "plain", ""), cwd=tmp_path)
    assert done.code == 2
    assert "definition 'plain' has no schedule; give it one" in done.err
    done = quaero("schedule", "absent.toml", cwd=tmp_path)
    assert done.code == 2
    assert "absent.toml" in done.err
    assert not (tmp_path / "quaero.db").exists()
    for arguments in (
        ("pause",),
        ("pause", "--schedule", "x", "--type", "gate"),
        ("resume", "--schedule", ""),
    ):
        done = quaero(*arguments, cwd=tmp_path)
        assert done.code == 2
        assert "name an ID, a --type TYPE or a --schedule ID" in done.err


def test_check_shows_when_a_definition_fires(tmp_path: Path) -> None:
    file = defined(tmp_path, "nightly")
    done = quaero("check", file, cwd=tmp_path)
    assert done.code == 0
    times = done.out.partition(": ok, fires at ")[2].split(", ")
    assert len(times) == 3
    assert all(" 03:00 CE" in each for each in times)
    (shown,) = quaero("check", file, "--json", cwd=tmp_path).value["files"]
    assert len(shown["next_firings"]) == 3
    (plain,) = quaero("check", defined(tmp_path, "plain", ""), "--json", cwd=tmp_path).value["files"]
    assert "next_firings" not in plain


def test_future_firings_keep_no_work_from_being_idle_and_missed_ones_are_made_up_for(tmp_path: Path) -> None:
    quaero("schedule", defined(tmp_path, "nightly"), cwd=tmp_path)
    assert quaero("work", "--until-idle", cwd=tmp_path).code == 0
    assert quaero("jobs", "--json", cwd=tmp_path).value == []
    make_due(tmp_path / "quaero.db")
    done = quaero("work", "--until-idle", cwd=tmp_path)
    assert done.code == 0, done.err
    runs = quaero("jobs", "--kind", "run", "--json", cwd=tmp_path).value
    assert [(run["type"], run["state"]) for run in runs] == [("nightly", "completed")]
    (shown,) = quaero("schedules", "--json", cwd=tmp_path).value
    assert (shown["last_run_id"], shown["last_run_state"]) == (runs[0]["id"], "completed")


def test_run_finds_a_definition_by_its_id_and_sets_nothing_else_going(tmp_path: Path) -> None:
    directory = with_directory(tmp_path)
    defined(directory, "nightly", KEYS + "auto_start = true\n")
    defined(directory, "plain", "")
    done = quaero("run", "plain", cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.out.startswith("run ")
    assert " of plain: completed" in done.out
    done = quaero("run", "plainn", cwd=tmp_path)
    assert done.code == 2
    assert 'there is no file and no definition "plainn"; did you mean "plain"?' in done.err
    assert len(quaero("jobs", "--kind", "run", "--json", cwd=tmp_path).value) == 1
    assert quaero("schedules", "--json", cwd=tmp_path).value == []


def test_work_sets_the_schedules_of_the_directory_and_does_its_auto_start(tmp_path: Path) -> None:
    directory = with_directory(tmp_path)
    defined(directory, "nightly")
    defined(directory, "boot", "auto_start = true\n")
    quaero("run", "boot", cwd=tmp_path)  # makes the store
    done = quaero("work", "--until-idle", cwd=tmp_path)
    assert done.code == 0, done.err
    runs = quaero("jobs", "--kind", "run", "--json", cwd=tmp_path).value
    assert [(run["type"], run["state"]) for run in runs] == [("boot", "completed")] * 2
    (shown,) = quaero("schedules", "--json", cwd=tmp_path).value
    assert shown["directory"] == str(directory)
    gone = quaero("unschedule", "nightly", cwd=tmp_path).out
    assert gone.endswith(f"it is set again at the next start while it is in {directory}\n")


def test_two_processes_that_start_at_once_start_a_definition_once(tmp_path: Path) -> None:
    directory = with_directory(tmp_path)
    gate = tmp_path / "open"
    defined(directory, "boot", "auto_start = true\n", f'gates = 1\npath = "{gate}"')
    with running("work", cwd=tmp_path) as one, running("work", cwd=tmp_path) as other:
        for each in (one, other):
            each.tells("working on")
        runs = quaero("jobs", "--kind", "run", "--json", cwd=tmp_path).value
        gate.touch()
    assert [run["type"] for run in runs] == ["boot"]


def test_a_wrong_file_in_the_directory_is_told_with_its_line(tmp_path: Path) -> None:
    directory = with_directory(tmp_path)
    defined(directory, "good", "")
    defined(directory, "bad", 'schedule = "0 3 * *"\n')
    for arguments in (("work",), ("run", "good"), ("check", "quaero.toml"), ("check", "defs")):
        done = quaero(*arguments, cwd=tmp_path)
        assert done.code == 2, arguments
        assert 'defs/bad.toml:1: schedule must have five fields, got "0 3 * *"' in done.err
    assert quaero("check", "defs/good.toml", cwd=tmp_path).code == 0
    assert not (tmp_path / "quaero.db").exists()


def test_two_commands_set_one_schedule(tmp_path: Path) -> None:
    file = defined(tmp_path, "nightly")
    ends: list[Ended] = []
    threads = [
        Thread(target=lambda: ends.append(quaero("schedule", file, "--json", cwd=tmp_path))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each.code for each in ends] == [0, 0]
    assert sorted(each.value["changed"] for each in ends) == [False, True]
