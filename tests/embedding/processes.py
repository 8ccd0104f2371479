"""Real processes for the tests that kill them."""

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from threading import Event
from time import monotonic

from runtime.store.database import StoreError
from runtime.store.reading.reader import StoreReader

ROOT = Path(__file__).parents[2]


def start_victim(store: Path, *, lease_seconds: float = 100.0) -> "subprocess.Popen[bytes]":
    """A process in a group of its own that works on the store until it is idle."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.embedding.victim", str(store), str(lease_seconds)],
        cwd=ROOT,
        start_new_session=True,
    )


def kill_group(process: "subprocess.Popen[bytes]") -> None:
    """SIGKILL to the whole group, and wait for the end."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(100)


def until(condition: Callable[[], bool], *, seconds: float = 100.0, what: str = "it") -> float:
    """Wait for something another process does; returns the seconds it took."""
    pause, start = Event(), monotonic()
    while not condition():
        if monotonic() - start > seconds:
            raise AssertionError(f"{what} did not happen within {seconds:g} s")
        pause.wait(0.003)
    return monotonic() - start


def sql(store: Path, query: str, *parameters: object) -> list[tuple[object, ...]]:
    """What an outsider counts in the store's rows."""
    try:
        reader = StoreReader(store)
    except StoreError:
        return []
    try:
        with reader.snapshot() as connection:
            return connection.execute(query, parameters).fetchall()
    finally:
        reader.close()


def freeze_outside_a_transaction(victim: "subprocess.Popen[bytes]", store: Path) -> None:
    """SIGSTOP while the process does not hold the write lock: a frozen holder stalls everybody, and loses nothing."""
    for _ in range(100):
        os.kill(victim.pid, signal.SIGSTOP)
        until(lambda: stopped(victim.pid), what="the stop of every thread")
        if lock_is_free(store, within_seconds=0.05):
            return
        os.kill(victim.pid, signal.SIGCONT)
        assert lock_is_free(store, within_seconds=100.0), "the process goes on, and its transaction ends"
    raise AssertionError("the process held the write lock a hundred times")


def stopped(pid: int) -> bool:
    """Whether no thread of the process runs: a signal to stop takes its time on a busy machine."""
    try:
        states = {
            task.read_text("ascii").rpartition(")")[2].split()[0]
            for task in Path(f"/proc/{pid}/task").glob("*/stat")
        }
    except OSError:  # a thread has ended between two looks: so something ran
        return False
    return states == {"T"}


def lock_is_free(store: Path, *, within_seconds: float) -> bool:
    """Whether the store's write lock can be had in that time."""
    connection = sqlite3.connect(store, timeout=within_seconds, isolation_level=None)
    try:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError:
        return False
    finally:
        connection.close()
    return True
