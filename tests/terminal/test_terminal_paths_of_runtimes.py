"""The rows of the table that need a second process: the one that runs the subject is killed, or frozen."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.embedding.processes import ROOT, freeze_outside_a_transaction, kill_group, until
from tests.terminal.cast import NEVER, WORKERS
from tests.terminal.judge import faults_at_rest
from tests.terminal.stage import Stage
from tests.terminal.table import PARENTS, PATHS_OF_RUNTIMES
from tests.terminal.table import Path as Row
from tests.terminal.test_terminal_paths import judge_the_attempts, judge_the_runs

LEASE_SECONDS = 1.0
ONLOOKER = {each.worker_type: {"slots": 0} for each in WORKERS}
"""Worker options of a runtime that submits and cancels, and does nothing."""


@pytest.fixture
def max_lost(row: Row) -> int:
    """How often a job may be lost, for all runtimes of the row: any of them may notice the death first."""
    return 0 if row.name == "lost too often" else 20


@pytest.fixture
def stage(tmp_path: Path, max_lost: int) -> Iterator[Stage]:
    """Its own runtime only looks on until it is opened again."""
    made = Stage(tmp_path, worker_options=ONLOOKER, max_lost=max_lost)
    yield made
    made.close()


@pytest.fixture
def victim(stage: Stage, row: Row, max_lost: int) -> Iterator["subprocess.Popen[bytes]"]:
    """The process that is to run the subjects."""
    lease = LEASE_SECONDS if row.name == "lease lost" else 30.0
    with subprocess.Popen(
        [sys.executable, "-m", "tests.terminal.victim", stage.settings.store, str(lease), str(max_lost)],
        cwd=ROOT,
        start_new_session=True,
    ) as process:
        yield process
        if process.poll() is None:
            kill_group(process)


def killed(stage: Stage, victim: "subprocess.Popen[bytes]") -> dict[str, str]:
    """The subjects are running when their process is killed; another runtime goes on."""
    stage.begin("complete")
    kill_group(victim)
    stage.open("subject")
    stage.reopen(worker_options=NEVER)
    return stage.play_out()


def frozen(stage: Stage, victim: "subprocess.Popen[bytes]") -> dict[str, str]:
    """The process is frozen until all its leases have run out and been taken over, then it goes on."""
    stage.begin("complete")
    freeze_outside_a_transaction(victim, stage.settings.store)
    dead = stage.judge.value("SELECT owner FROM job WHERE owner IS NOT NULL")
    stage.reopen(worker_options=NEVER, lease_seconds=LEASE_SECONDS)
    until(lambda: not stage.judge.rows("SELECT 1 FROM job WHERE owner = ?", dead), what="the take-over")
    stage.open("subject")
    os.kill(victim.pid, signal.SIGCONT)
    ends = stage.play_out()
    assert victim.wait(100) == 0
    refused = stage.judge.rows(
        "SELECT DISTINCT job_id FROM log_entry WHERE text LIKE '%refused: the lease was lost%'"
    )
    assert {scene.subject_id for scene in stage.scenes} <= {row[0] for row in refused}
    return ends


PLAYS: dict[str, Callable[[Stage, "subprocess.Popen[bytes]"], dict[str, str]]] = {
    "runtime killed": killed,
    "lost too often": killed,
    "lease lost": frozen,
}


@pytest.mark.parametrize("row", PATHS_OF_RUNTIMES, ids=lambda row: row.name)
def test_the_parent_ends_once_as_the_table_says(
    row: Row, stage: Stage, victim: "subprocess.Popen[bytes]"
) -> None:
    ends = PLAYS[row.name](stage, victim)

    assert ends == dict(zip(PARENTS, row.ends, strict=True))
    stage.runtime.close()
    assert faults_at_rest(stage.settings.store) == []
    judge_the_runs(stage)
    judge_the_attempts(stage, row)
