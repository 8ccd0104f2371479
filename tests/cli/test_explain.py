from pathlib import Path

import pytest

from tests.cli.command import quaero
from tests.cli.definitions import configure, define
from tests.cli.filling import filled_store
from tests.cli.running import running


@pytest.fixture(autouse=True)
def _configured(tmp_path: Path) -> None:
    configure(tmp_path)


def test_without_a_runtime_that_is_why(tmp_path: Path) -> None:
    filled = filled_store(tmp_path / "quaero.db")
    done = quaero("explain", filled.spawned, "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.value == {
        "id": filled.spawned,
        "kind": "job",
        "type": "visit",
        "name": "third",
        "state": "pending",
        "reasons": [
            {
                "code": "no_runtime",
                "text": "no runtime works on this store",
                "hint": "`quaero work` starts one",
            }
        ],
    }
    shown = quaero("explain", filled.run, cwd=tmp_path).out.splitlines()
    assert "- step 'pages': no runtime works on this store [1 job]" in shown
    assert "    `quaero work` starts one" in shown


def test_beside_a_running_process_it_says_who_has_the_slots(tmp_path: Path) -> None:
    with running("run", define(tmp_path, "gated", 'gates = 5\npath = "open"'), cwd=tmp_path) as run:
        run.tells("s0: 3 pending, 2 running")
        number = quaero("jobs", "--kind", "run", "--json", cwd=tmp_path).value[0]["id"]
        reasons = quaero("explain", number, "--json", cwd=tmp_path).value["reasons"]
        assert [(reason["code"], reason["jobs"]) for reason in reasons] == [("leased", 2), ("slots_full", 3)]
        assert f"2 of 2 in runtime 1 (process {run.process.pid}" in reasons[1]["text"]
        (tmp_path / "open").touch()
        assert run.end().code == 0
    assert "it has ended: completed" in quaero("explain", number, cwd=tmp_path).out


def test_what_is_not_there_is_bad_input(tmp_path: Path) -> None:
    filled_store(tmp_path / "quaero.db")
    done = quaero("explain", "0" * 13, cwd=tmp_path)
    assert done.code == 2
    assert "there is no job 0000000000000" in done.err


def test_a_run_that_goes_on_tells_what_nobody_here_can_do(tmp_path: Path) -> None:
    filled_store(tmp_path / "quaero.db")
    with running("run", define(tmp_path, "gated", 'gates = 1\npath = "open"'), cwd=tmp_path) as run:
        run.tells("1 jobs of type 'visit' wait: no worker of that type is registered here")
        (tmp_path / "open").touch()
        ended = run.end()
    assert ended.code == 0
    assert ended.err.count("no worker of that type") == 1
