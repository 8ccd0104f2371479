import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.cli.command import quaero
from tests.cli.filling import Filled

DIES_HOLDING = """
import os, signal, sys
from pathlib import Path
from actors.seams import SystemClock
from runtime.store.commit import Demand
from runtime.store.file import StoreFile
file = StoreFile(Path(sys.argv[1]), SystemClock())
jobs = file.commit([], Demand(free={"visit": 9}, ready={"visit"}), sweep=[])[-1].jobs
print(len(jobs), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_cancelling_a_run_ends_all_of_it_when_nothing_of_it_runs(filled: Filled, tmp_path: Path) -> None:
    done = quaero("cancel", filled.run, "--reason", "changed my mind", "--json", cwd=tmp_path)
    assert done.code == 0
    assert done.value == {"id": filled.run, "changed": True, "state": "cancelled"}
    states = {each["id"]: each["state"] for each in quaero("jobs", "--json", cwd=tmp_path).value}
    assert states == {
        filled.run: "cancelled",
        filled.pages: "cancelled",
        filled.words: "cancelled",
        filled.first: "completed",
        filled.failed: "failed",
        filled.spawned: "cancelled",
    }
    shown = quaero("show", filled.run, "--json", cwd=tmp_path).value
    assert "changed my mind" in shown["error"]


def test_a_job_that_a_dead_runtime_was_running_ends_with_its_cancelled_run(
    filled: Filled, tmp_path: Path
) -> None:
    died = subprocess.run(
        [sys.executable, "-c", DIES_HOLDING, str(filled.path)], capture_output=True, text=True, check=False
    )
    assert (died.returncode, died.stdout) == (-signal.SIGKILL, "1\n"), died.stderr
    assert quaero("show", filled.spawned, "--json", cwd=tmp_path).value["state"] == "running"
    assert quaero("cancel", filled.run, cwd=tmp_path).out == f"{filled.run} is cancelled\n"
    assert quaero("show", filled.spawned, "--json", cwd=tmp_path).value["state"] == "cancelled"


def test_cancelling_one_job_leaves_the_others(filled: Filled, tmp_path: Path) -> None:
    assert quaero("cancel", filled.spawned, cwd=tmp_path).out == f"{filled.spawned} is cancelled\n"
    assert quaero("show", filled.pages, "--json", cwd=tmp_path).value["counts"]["cancelled"] == 1


def test_cancelling_what_has_ended_changes_nothing(filled: Filled, tmp_path: Path) -> None:
    before = len(quaero("events", "--json", cwd=tmp_path).values)
    done = quaero("cancel", filled.first, cwd=tmp_path)
    assert (done.code, done.out) == (0, f"{filled.first} had ended before: completed\n")
    assert len(quaero("events", "--json", cwd=tmp_path).values) == before


def test_cancelling_in_a_missing_store_makes_none(tmp_path: Path) -> None:
    done = quaero("cancel", "0" * 13, "--store", "none.db", cwd=tmp_path)
    assert done.code == 2
    assert not os.listdir(tmp_path)  # noqa: PTH208 - names only
