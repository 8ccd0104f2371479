"""Several processes that make the same new store at one moment: each of them has it.

The processes meet at a barrier, and once each the two moments at which another's half-made store looked like a file
of somebody else: between two readings of its header, and while its log goes into the file.
"""

import multiprocessing
import sqlite3
from collections.abc import Callable
from contextlib import closing
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

import pytest

from runtime.store.database import DamagedStoreError, StoreError, migrate, open_writer

PROCESSES = 4
ROUNDS = 15
SECONDS = 100.0


def open_in_turn(directory: str, together: Barrier, faults: "multiprocessing.Queue[str]") -> None:
    """Open the store of each round when all others are about to."""
    found = ""
    for number in range(ROUNDS):
        together.wait(SECONDS)
        try:
            open_writer(Path(directory) / f"{number}.db").close()
        except StoreError as error:
            found = str(error)
    faults.put(found)


def test_processes_that_make_a_store_at_the_same_moment_all_have_it(tmp_path: Path) -> None:
    spawning = multiprocessing.get_context("spawn")
    together, faults = spawning.Barrier(PROCESSES), spawning.Queue()
    processes = [
        spawning.Process(target=open_in_turn, args=(str(tmp_path), together, faults))
        for _ in range(PROCESSES)
    ]
    for process in processes:
        process.start()
    assert [faults.get(timeout=SECONDS) for _ in processes] == [""] * PROCESSES
    for process in processes:
        process.join(SECONDS)


def open_in_the_midst(monkeypatch: pytest.MonkeyPatch, path: Path, other: Callable[[], object]) -> None:
    """Open the store while the other does that between the looks at the file's header and at its tables."""
    doing = [other]
    connect = sqlite3.connect

    class Overtaken(sqlite3.Connection):
        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            try:
                return super().execute(sql, *parameters)
            finally:
                if doing and "application_id" in sql:
                    doing.pop()()

    def connected(*args: Any, **given: Any) -> sqlite3.Connection:
        return connect(*args, factory=Overtaken, **given)

    with monkeypatch.context() as patched:
        patched.setattr("runtime.store.database.sqlite3.connect", connected)
        open_writer(path).close()
    assert not doing


def test_a_store_made_between_two_looks_at_it_is_no_foreign_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA journal_mode = WAL")
        other.execute("BEGIN IMMEDIATE")  # it is about to make the store, and has a log
        other.execute("ROLLBACK")
        open_in_the_midst(monkeypatch, path, lambda: migrate(other))


def test_a_store_half_of_which_is_still_to_be_written_is_no_damaged_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "store.db"
    open_writer(path).close()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    open_in_the_midst(monkeypatch, path, lambda: path.write_bytes(whole))


def test_a_damaged_store_that_nobody_writes_is_refused_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    open_writer(path).close()
    half = path.read_bytes()[: path.stat().st_size // 2]
    path.write_bytes(half)
    with pytest.raises(DamagedStoreError):
        open_writer(path)
    assert path.read_bytes() == half
    assert [each.name for each in tmp_path.iterdir()] == ["store.db"]
