"""Kills that hit work in flight on every machine, however fast it is, and at a moment that nobody has chosen.

A process that is to be killed is on a tether (``tethered``) shorter than the work that is left, so it can not have
ended. Where on its way it dies is drawn twice: how far it may go, and how long after its first progress the kill comes.
"""

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event

import msgspec

from tests.embedding.processes import ROOT, kill_group, until

LONGEST_SECONDS = 120.0
"""What has not ended by then hangs."""


class Work(msgspec.Struct, frozen=True):
    """What the work on a store came to, undisturbed: instructions of SQLite's machine, and seconds."""

    instructions: int
    seconds: float


def work_undisturbed(store: Path) -> Work:
    """Have a process do all the work there is."""
    told = store.with_name("undisturbed")
    worker = _started(store, 0, told)
    try:
        assert worker.wait(LONGEST_SECONDS) == 0
    finally:
        if worker.poll() is None:
            kill_group(worker)
    instructions, seconds = told.read_text("ascii").split()
    return Work(int(instructions), float(seconds))


def kill_at_work(store: Path, work: Work, progress: Callable[[], object], chance: random.Random) -> None:
    """Start a process on the store and kill it, at the latest when it has done ``work``.

    Args:
        store: more than ``work`` is to be done on it.
        work: what the process may do at most.
        progress: something that changes with what is committed.
        chance: when to kill.
    """
    held, before = store.with_name("held"), progress()
    held.unlink(missing_ok=True)
    victim = _started(store, 1 + int(chance.random() * work.instructions), held)
    try:
        until(
            lambda: victim.poll() is not None or held.exists() or progress() != before,
            seconds=LONGEST_SECONDS,
            what="progress",
        )
        Event().wait(chance.random() * work.seconds)  # nothing is waited for: it is to die at any moment
        assert victim.poll() is None, "its tether is shorter than its work"
    finally:
        if victim.poll() is None:
            kill_group(victim)


def _started(store: Path, length: int, told: Path) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "tests.embedding.tethered", str(store), str(length), str(told)]
    return subprocess.Popen(command, cwd=ROOT, start_new_session=True)
