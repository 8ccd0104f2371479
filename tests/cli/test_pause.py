from pathlib import Path

import pytest

from tests.cli.command import quaero
from tests.cli.definitions import configure, define
from tests.cli.filling import Filled
from tests.cli.running import running


def test_pause_and_resume_of_a_run_a_step_and_a_job_are_told_and_shown(
    filled: Filled, tmp_path: Path
) -> None:
    for job in (filled.run, filled.pages, filled.spawned):
        done = quaero("pause", job, "--json", cwd=tmp_path)
        assert (done.code, done.value["id"], done.value["changed"]) == (0, job, True)
        assert quaero("show", job, "--json", cwd=tmp_path).value["paused"] is True
    assert (
        quaero("pause", filled.run, cwd=tmp_path).out
        == f"{filled.run} was paused or closing already: running\n"
    )
    done = quaero("resume", filled.pages, cwd=tmp_path)
    assert done.out == f"{filled.pages} goes on, once what is above it is resumed\n"
    assert quaero("resume", filled.run, "--json", cwd=tmp_path).value == {
        "id": filled.run,
        "changed": True,
        "state": "running",
    }
    assert quaero("resume", filled.spawned, cwd=tmp_path).out == f"{filled.spawned} goes on\n"
    assert "paused" not in quaero("show", filled.pages, "--json", cwd=tmp_path).value
    kinds = [each["type"] for each in quaero("events", "--json", cwd=tmp_path).values]
    assert kinds.count("job_paused") == kinds.count("job_resumed") == 3


def test_pausing_what_has_ended_changes_nothing(filled: Filled, tmp_path: Path) -> None:
    done = quaero("pause", filled.first, cwd=tmp_path)
    assert (done.code, done.out) == (0, f"{filled.first} had ended before: completed\n")


@pytest.mark.usefixtures("filled")
def test_a_paused_type_is_told_by_those_who_wait_for_it(tmp_path: Path) -> None:
    configure(tmp_path)
    assert quaero("pause", "--type", "visit", "--json", cwd=tmp_path).value == {
        "type": "visit",
        "changed": True,
        "paused": True,
    }
    done = quaero("work", "--until-idle", cwd=tmp_path)
    assert (
        "warning: 1 jobs of type 'visit' wait: the type is paused; `quaero resume --type visit`" in done.err
    )
    assert quaero("resume", "--type", "visit", cwd=tmp_path).out == "jobs of type 'visit' go on\n"
    types = [each for each in quaero("events", "--json", cwd=tmp_path).values if "type_" in each["type"]]
    assert [(each["type"], each["run_id"], each["data"]) for each in types] == [
        ("type_paused", None, {"type": "visit"}),
        ("type_resumed", None, {"type": "visit"}),
    ]


def test_neither_or_both_of_id_and_type_is_bad_input(filled: Filled, tmp_path: Path) -> None:
    for arguments in ((), (filled.run, "--type", "visit"), ("--type", "")):
        done = quaero("pause", *arguments, cwd=tmp_path)
        assert (done.code, done.out) == (2, "")
        assert "name an ID, a --type TYPE or a --schedule ID" in done.err


def test_pausing_in_a_missing_store_makes_none(tmp_path: Path) -> None:
    assert quaero("pause", "--type", "visit", "--store", "none.db", cwd=tmp_path).code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_pause_beside_a_working_runtime_holds_it_back_and_a_resume_lets_it_go_on(tmp_path: Path) -> None:
    configure(tmp_path)
    definition = define(tmp_path, "gated", 'gates = 4\npath = "open"')
    with running("run", definition, cwd=tmp_path) as run:
        run.tells("s0: 2 pending, 2 running")
        run_id = quaero("jobs", "--kind", "run", "--json", cwd=tmp_path).value[0]["id"]
        assert quaero("pause", run_id, cwd=tmp_path).code == 0
        (tmp_path / "open").touch()
        run.tells("s0: 2 pending, 0 running, 2 completed")
        assert quaero("resume", run_id, cwd=tmp_path).code == 0
        assert run.end().code == 0
