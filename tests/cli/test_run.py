import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import quaero
from tests.cli.definitions import configure, define
from tests.cli.filling import filled_store
from tests.cli.running import running


@pytest.fixture(autouse=True)
def _configured(tmp_path: Path) -> None:
    configure(tmp_path)


def _jobs(cwd: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = quaero("jobs", "--kind", "job", "--json", cwd=cwd).value
    return found


def test_a_run_that_completes_exits_0_and_sums_up_what_it_did(tmp_path: Path) -> None:
    done = quaero("run", define(tmp_path, "open", "gates = 3"), cwd=tmp_path)
    assert done.code == 0, done.err
    run = quaero("jobs", "--kind", "run", "--json", cwd=tmp_path).value[0]
    lines = done.out.splitlines()
    assert lines[0].startswith(f"run {run['id']} of open: completed after ")
    assert lines[1] == "  s0: completed, 0 pending, 0 running, 3 completed, 0 failed"
    assert lines[2] == "  documents: 0"
    assert f"run {run['id']} of open in quaero.db" in done.err
    assert "s0: 0 pending, 0 running, 3 completed, 0 failed (completed)" in done.err.splitlines()


def test_run_as_json_is_the_run_object_and_nothing_else(tmp_path: Path) -> None:
    done = quaero("run", define(tmp_path, "two", "gates = 1", "gates = 2"), "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    run = done.value
    keys = {
        "run_id",
        "definition_id",
        "state",
        "counts",
        "documents",
        "duration_seconds",
        "steps",
        "errors",
        "warnings",
    }
    assert keys <= set(run)
    assert (run["definition_id"], run["state"], run["counts"]["completed"]) == ("two", "completed", 3)
    assert [(step["name"], step["state"], step["counts"]["total"]) for step in run["steps"]] == [
        ("s0", "completed", 1),
        ("s1", "completed", 2),
    ]


@pytest.mark.parametrize(("broken", "state", "code"), [(1, "completed_with_failures", 3), (3, "failed", 1)])
def test_failures_show_in_the_exit_code_and_are_told(
    tmp_path: Path, broken: int, state: str, code: int
) -> None:
    definition = define(tmp_path, "broken", f"gates = 3\nbroken = {broken}")
    done = quaero("run", definition, "--json", cwd=tmp_path)
    assert (done.code, done.value["state"]) == (code, state)
    assert any("gate 0 is broken" in error for error in done.value["errors"])
    assert "error: gate 0 is broken" in quaero("run", definition, cwd=tmp_path).out


def test_a_malformed_definition_is_one_message_with_its_line_and_nothing_is_made(tmp_path: Path) -> None:
    define(tmp_path, "odd", 'gates = "three"')
    for arguments in (("run", "odd.toml"), ("check", "odd.toml")):
        done = quaero(*arguments, cwd=tmp_path)
        assert (done.code, done.out) == (2, "")
        assert done.err.startswith("odd.toml:6: ")
        assert "gates" in done.err
        assert done.err.count("\n") == 1
    as_json = quaero("run", "odd.toml", "--json", cwd=tmp_path).value
    assert (as_json["error"]["file"], as_json["error"]["line"]) == ("odd.toml", 6)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["odd.toml", "quaero.toml"]


def test_an_action_without_a_manager_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text('id = "a"\nname = "A"\n[step.x]\naction = "gatse"\n')
    done = quaero("run", "a.toml", cwd=tmp_path)
    assert done.code == 2
    assert done.err.startswith("a.toml:4: ")
    assert "gates" in done.err
    assert not (tmp_path / "quaero.db").exists()


def test_a_missing_definition_is_bad_input(tmp_path: Path) -> None:
    done = quaero("run", "none.toml", cwd=tmp_path)
    assert (done.code, done.err) == (2, "none.toml: there is no such file; check the path\n")


def test_an_unknown_key_is_a_warning_on_stderr_and_in_the_run(tmp_path: Path) -> None:
    done = quaero("run", define(tmp_path, "odd", "colour = 2"), "--json", cwd=tmp_path)
    assert done.code == 0
    assert "warning: odd.toml:6: " in done.err
    assert len(done.value["warnings"]) == 1


def test_a_slip_of_the_pen_is_refused_with_its_line(tmp_path: Path) -> None:
    done = quaero("run", define(tmp_path, "odd", "gaets = 2"), "--json", cwd=tmp_path)
    assert done.code == 2
    assert "odd.toml:6: " in done.err
    assert "gates" in done.err
    assert not (tmp_path / "quaero.db").exists()


def test_the_same_key_gives_the_same_run(tmp_path: Path) -> None:
    definition = define(tmp_path, "once", "gates = 1")
    first = quaero("run", definition, "--key", "tonight", "--json", cwd=tmp_path).value
    second = quaero("run", definition, "--key", "tonight", "--json", cwd=tmp_path).value
    assert first["run_id"] == second["run_id"]
    assert len(_jobs(tmp_path)) == 1


def test_what_can_be_no_key_is_refused_before_a_store_is_made(tmp_path: Path) -> None:
    refused = quaero("run", define(tmp_path, "once", "gates = 1"), "--key", "", cwd=tmp_path)

    assert refused.code == 2
    assert "key must be a text of 1 to 1000 characters" in refused.err
    assert not (tmp_path / "quaero.db").exists()


def test_a_key_of_another_definition_is_refused_and_says_whose_it_is(tmp_path: Path) -> None:
    first = quaero("run", define(tmp_path, "once", "gates = 1"), "--key", "tonight", "--json", cwd=tmp_path)
    refused = quaero("run", define(tmp_path, "other", "gates = 1"), "--key", "tonight", cwd=tmp_path)
    assert refused.code == 2
    assert f"the key 'tonight' belongs to run {first.value['run_id']}" in refused.err
    assert "take another key" in refused.err
    assert len(_jobs(tmp_path)) == 1


def test_the_same_key_gives_the_same_run_also_once_its_definition_is_gone(tmp_path: Path) -> None:
    (tmp_path / "definitions").mkdir()
    with (tmp_path / "quaero.toml").open("a") as configuration:
        configuration.write('\n[definitions]\ndirectory = "definitions"\n')
    file = tmp_path / "definitions" / define(tmp_path / "definitions", "once", "gates = 1")
    first = quaero("run", "once", "--key", "tonight", "--json", cwd=tmp_path)
    file.unlink()
    again = quaero("run", "once", "--key", "tonight", "--json", cwd=tmp_path)
    assert (again.code, again.value["run_id"]) == (0, first.value["run_id"]), again.err
    for key in ("another", ""):
        assert quaero("run", "once", "--key", key, cwd=tmp_path).code == 2
    assert len(_jobs(tmp_path)) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_drains_and_work_finishes_what_is_left(
    tmp_path: Path, number: signal.Signals
) -> None:
    definition = define(tmp_path, "gated", 'gates = 6\npath = "open-{}"')
    with running("run", definition, "--json", cwd=tmp_path) as run:
        run.tells("s0: 4 pending, 2 running")
        os.kill(run.process.pid, number)
        run.tells("`quaero work --until-idle` continues")
        # The others stay closed: one that starts before the drain has begun does not end, it is given back.
        for gate in (0, 1):
            (tmp_path / f"open-{gate}").touch()
        drained = run.end()
    assert drained.code == 130
    assert drained.value["state"] == "running"
    assert (drained.value["counts"]["completed"], drained.value["counts"]["pending"]) == (2, 4)
    for gate in (2, 3, 4, 5):
        (tmp_path / f"open-{gate}").touch()
    worked = quaero("work", "--until-idle", "--json", cwd=tmp_path)
    assert (worked.code, worked.value) == (0, {"idle": True, "stranded": []})
    assert [(job["state"], job["attempt"]) for job in _jobs(tmp_path)] == [("completed", 1)] * 6


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_second_signal_stops_at_once_and_nothing_is_lost(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "quaero.toml").write_text(
        (tmp_path / "quaero.toml").read_text().replace("grace_seconds = 5.0", "grace_seconds = 600.0")
    )
    with running("run", define(tmp_path, "gated", 'gates = 4\npath = "open"'), cwd=tmp_path) as run:
        run.tells("s0: 2 pending, 2 running")
        os.kill(run.process.pid, number)
        run.tells("stopping:")
        os.kill(run.process.pid, number)
        stopped = run.end()
    assert stopped.code == 130
    assert "stopping at once" in stopped.err
    (tmp_path / "open").touch()
    assert quaero("work", "--until-idle", cwd=tmp_path).code == 0
    assert [(job["state"], job["attempt"]) for job in _jobs(tmp_path)] == [("completed", 1)] * 4


def test_what_a_killed_run_left_is_finished_by_work(tmp_path: Path) -> None:
    with running("run", define(tmp_path, "gated", 'gates = 4\npath = "open"'), cwd=tmp_path) as run:
        run.tells("s0: 2 pending, 2 running")
        run.process.kill()
        assert run.end().code == -signal.SIGKILL
    assert [job["state"] for job in _jobs(tmp_path)].count("running") == 2
    (tmp_path / "open").touch()
    assert quaero("work", "--until-idle", cwd=tmp_path).code == 0
    assert [(job["state"], job["attempt"]) for job in _jobs(tmp_path)] == [("completed", 1)] * 4


def test_run_ends_with_its_own_run_whatever_else_the_store_holds(tmp_path: Path) -> None:
    (tmp_path / "quaero.toml").write_text(
        (tmp_path / "quaero.toml").read_text().replace("grace_seconds = 5.0", "grace_seconds = 0.1")
    )
    with running("run", define(tmp_path, "gated", 'gates = 1\npath = "never"'), cwd=tmp_path) as run:
        run.tells("s0: 0 pending, 1 running")
        run.process.kill()
        run.end()
    done = quaero("run", define(tmp_path, "open", "gates = 2"), cwd=tmp_path)
    assert done.code == 0, done.err
    states = {
        each["name"]: each["state"] for each in quaero("jobs", "--kind", "run", "--json", cwd=tmp_path).value
    }
    assert states == {"Go through gated": "running", "Go through open": "completed"}


def test_a_run_in_a_store_that_others_filled_leaves_what_it_can_not_do(tmp_path: Path) -> None:
    filled = filled_store(tmp_path / "quaero.db")
    assert quaero("run", define(tmp_path, "open", "gates = 1"), cwd=tmp_path).code == 0
    assert quaero("show", filled.spawned, "--json", cwd=tmp_path).value["state"] == "pending"


def test_cancel_from_another_process_ends_the_run_with_1(tmp_path: Path) -> None:
    with running(
        "run", define(tmp_path, "gated", 'gates = 4\npath = "never"'), "--json", cwd=tmp_path
    ) as run:
        run.tells("s0: 2 pending, 2 running")
        number = quaero("jobs", "--kind", "run", "--json", cwd=tmp_path).value[0]["id"]
        assert quaero("cancel", number, cwd=tmp_path).code == 0
        ended = run.end()
    assert (ended.code, ended.value["state"]) == (1, "cancelled")
    assert ended.value["counts"]["cancelled"] == 4


def test_a_module_that_can_not_be_imported_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("1 / 0\n")
    (tmp_path / "rude.py").write_text("raise GeneratorExit('rude')\n")
    for name, words in (
        ("broken:gate", "module 'broken' can not be imported: ZeroDivisionError: division by zero"),
        ("rude:gate", "module 'rude' can not be imported: GeneratorExit: rude"),
        ("nowhere:gate", "module 'nowhere' can not be imported: ModuleNotFoundError"),
        ("tests.cli.gates:none", "module 'tests.cli.gates' has no 'none'"),
        ("tests.cli.gates:Gate", "'tests.cli.gates:Gate' is a StructMeta, not a worker"),
    ):
        (tmp_path / "quaero.toml").write_text(f'[modules]\nworkers = ["{name}"]\n')
        done = quaero("run", define(tmp_path, "open", "gates = 1"), cwd=tmp_path)
        assert (done.code, done.err.count("\n")) == (2, 1)
        assert done.err.startswith(f"quaero.toml: modules.workers[0]: {words}")
