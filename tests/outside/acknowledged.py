"""Compares a client's diary with the rows of the store: what was acknowledged is there, whole and once."""

import subprocess
import sys
from pathlib import Path

from tests.embedding.processes import ROOT
from tests.outside.service import CHILDREN, SPAWNED, Diary
from tests.terminal.judge import Judge


def start_service(
    store: Path, diary: Path, *, slots: int = 16, document_bytes: int = 0, gate: Path | None = None
) -> "subprocess.Popen[bytes]":
    """A service in a process group of its own. Without slots it submits and does no job.

    With a gate it first submits a run by the name of that file, whose jobs run until the file is there.
    """
    command = [sys.executable, "-m", "tests.outside.service", store, diary, slots, document_bytes, gate or ""]
    return subprocess.Popen(list(map(str, command)), cwd=ROOT, start_new_session=True)


def acknowledged(diary: Path) -> int:
    """How many submits the client knows to be durable."""
    return len(Diary.read(diary)[1])


def faults_of_diaries(store: Path, *diaries: Path) -> list[str]:
    """What the store lacks or has twice of what the clients were told; [] = nothing."""
    with Judge(store) as judge:
        there: dict[str, list[int]] = {}
        for run_id, name in judge.rows("SELECT id, name FROM job WHERE kind = 'run'"):
            there.setdefault(name, []).append(run_id)
        sizes = dict(judge.rows("SELECT root_id, count(*) FROM job WHERE kind = 'job' GROUP BY root_id"))
    faults = []
    known: set[str] = set()
    for diary in diaries:
        intents, acks = Diary.read(diary)
        known |= intents.keys()
        for name in intents:
            found = there.get(name, [])
            if len(found) > 1:
                faults.append(f"{name} is there {len(found)} times")
            if name in acks and found != [acks[name]]:
                faults.append(f"{name} was acknowledged as {acks[name]}, the store has {found}")
    faults += [f"nobody submitted {name}" for name in there.keys() - known]
    for name, runs in there.items():
        faults += [
            f"{name} has {sizes.get(run)} jobs" for run in runs if sizes.get(run) != CHILDREN + SPAWNED
        ]
    return faults
