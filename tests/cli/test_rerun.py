from pathlib import Path

import pytest

from tests.cli.command import quaero
from tests.cli.definitions import configure, define
from tests.cli.filling import Filled


@pytest.mark.parametrize(("kind", "jobs"), [("run", 3), ("step", 3), ("job", 1)])
def test_what_was_done_is_done_again_by_the_next_work(tmp_path: Path, kind: str, jobs: int) -> None:
    configure(tmp_path)
    old = quaero("run", define(tmp_path, "open", "gates = 3"), "--json", cwd=tmp_path).value["run_id"]
    given = quaero("jobs", "--kind", kind, "--json", cwd=tmp_path).value[0]["id"]
    done = quaero("rerun", given, "--json", cwd=tmp_path)
    assert (done.code, done.value["id"]) == (0, given), done.err
    assert quaero("work", "--until-idle", cwd=tmp_path).code == 0
    shown = quaero("show", done.value["run_id"], "--json", cwd=tmp_path).value
    assert (shown["state"], shown["counts"]["completed"]) == ("completed", jobs)
    assert quaero("show", old, "--json", cwd=tmp_path).value["counts"]["total"] == 3


def test_the_new_run_is_told(filled: Filled, tmp_path: Path) -> None:
    done = quaero("rerun", filled.run, cwd=tmp_path)
    runs = [each["id"] for each in quaero("jobs", "--kind", "run", "--json", cwd=tmp_path).value]
    (new,) = set(runs) - {filled.run}
    assert done.out == f"run {new} was made of {filled.run}; a running `quaero work` takes it up\n"


def test_a_rerun_in_a_missing_store_makes_none(tmp_path: Path) -> None:
    assert quaero("rerun", "0" * 13, "--store", "none.db", cwd=tmp_path).code == 2
    assert list(tmp_path.iterdir()) == []
