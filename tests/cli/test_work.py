import os
import signal
from pathlib import Path

import pytest

from tests.cli.command import quaero
from tests.cli.definitions import configure, define
from tests.cli.filling import filled_store
from tests.cli.running import running


@pytest.fixture(autouse=True)
def _configured(tmp_path: Path) -> None:
    configure(tmp_path)


def test_work_until_idle_ends_at_once_when_nothing_is_left_and_names_what_it_can_not_do(
    tmp_path: Path,
) -> None:
    filled_store(tmp_path / "quaero.db")
    done = quaero("work", "--until-idle", "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert done.value["idle"] is True
    assert any("'visit'" in sentence for sentence in done.value["stranded"])
    assert "warning: 1 jobs of type 'visit' wait" in done.err


def test_work_until_idle_on_a_missing_store_makes_none(tmp_path: Path) -> None:
    done = quaero("work", "--until-idle", "--store", "none.db", cwd=tmp_path)
    assert done.code == 2
    assert "there is no store at none.db" in done.err
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_work_that_is_drained_by_a_signal_exits_0(tmp_path: Path, number: signal.Signals) -> None:
    definition = define(tmp_path, "gated", 'gates = 3\npath = "open"')
    with running("work", cwd=tmp_path) as work, running("run", definition, cwd=tmp_path) as run:
        work.tells("working on quaero.db")
        run.tells("s0: 0 pending, 3 running")
        os.kill(work.process.pid, number)
        work.tells("stopping:")
        (tmp_path / "open").touch()
        assert run.end().code == 0
        ended = work.end()
    assert (ended.code, ended.out) == (0, "stopped: `quaero work` continues\n")


def test_work_tells_the_progress_of_every_run_to_its_end(tmp_path: Path) -> None:
    with running("run", define(tmp_path, "gated", 'gates = 3\npath = "open"'), cwd=tmp_path) as run:
        run.tells("s0: 1 pending, 2 running")
        run.process.kill()
        run.end()
    with running("work", "--until-idle", cwd=tmp_path) as work:
        work.tells("Go through gated / s0: 1 pending, 2 running, 0 completed, 0 failed")
        (tmp_path / "open").touch()
        ended = work.end()
    assert (ended.code, ended.out) == (0, "idle: nothing is left to do\n")
    assert "Go through gated / s0: 0 pending, 0 running, 3 completed, 0 failed (completed)" in ended.err
