"""What is not a store of ours, or no longer a whole one, is refused, named, and left byte for byte as it is."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from actors.seams import ManualClock
from runtime.store.database import (
    DamagedStoreError,
    ForeignStoreError,
    NewerStoreError,
    StoreBusyError,
    StoreError,
    StoreNotFoundError,
    open_reader,
    open_writer,
)
from runtime.store.file import StoreFile
from runtime.store.schema import SCHEMA_VERSION


def foreign(path: Path, *, wal: bool = False, application: int = 0) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    if wal:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE invoice (id INTEGER PRIMARY KEY, total REAL)")
    connection.execute("INSERT INTO invoice VALUES (1, 9.99)")
    connection.execute(f"PRAGMA application_id = {application}")
    connection.close()


def ours(path: Path) -> None:
    open_writer(path).close()


def newer(path: Path) -> None:
    ours(path)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()


def text(path: Path) -> None:
    path.write_text("to do: buy milk\n" * 500)


def truncated(path: Path) -> None:
    ours(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def headless(path: Path) -> None:
    ours(path)
    whole = bytearray(path.read_bytes())
    whole[:100] = bytes(100)
    path.write_bytes(whole)


def scrambled(path: Path) -> None:
    """The schema's own page is garbage behind a good header."""
    ours(path)
    whole = bytearray(path.read_bytes())
    whole[100:4096] = b"\xa5" * 3996
    path.write_bytes(whole)


def shorter_than_a_page(path: Path) -> None:
    ours(path)
    path.write_bytes(path.read_bytes()[:1000])


CASES: list[tuple[Callable[[Path], None], type[StoreError], str]] = [
    (foreign, ForeignStoreError, "is a database of another program; it was left as it is"),
    (lambda path: foreign(path, wal=True), ForeignStoreError, "is a database of another program"),
    (lambda path: foreign(path, application=77), ForeignStoreError, "is a database of another program"),
    (text, ForeignStoreError, "is not a store of this runtime; it was left as it is"),
    (headless, ForeignStoreError, "is not a store of this runtime"),
    (newer, NewerStoreError, f"has schema {SCHEMA_VERSION + 1}, this runtime knows up to {SCHEMA_VERSION}"),
    (truncated, DamagedStoreError, "is damaged: .*; restore it from a backup, it was left as it is"),
    (scrambled, DamagedStoreError, "is damaged"),
    (shorter_than_a_page, StoreError, "it was left as it is"),
]


OPENERS: dict[str, Callable[[Path], object]] = {
    "write": open_writer,
    "read": open_reader,
    "file": lambda path: StoreFile(path, ManualClock()),
}


@pytest.mark.parametrize(("make", "error", "message"), CASES)
@pytest.mark.parametrize("way", ["write", "read", "file"])
def test_it_is_refused_and_left_as_it_is(
    tmp_path: Path, make: Callable[[Path], None], error: type[StoreError], message: str, way: str
) -> None:
    path = tmp_path / "some.db"
    make(path)
    before = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    with pytest.raises(error, match=message) as caught:
        OPENERS[way](path)
    assert str(path) in str(caught.value)
    after = {each.name: each.read_bytes() for each in tmp_path.iterdir()}
    assert after == before


def test_a_foreign_store_in_use_keeps_its_write_ahead_log(tmp_path: Path) -> None:
    """Another program has it open, with rows that are in its log alone."""
    path = tmp_path / "some.db"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE invoice (id INTEGER PRIMARY KEY)")
    before = {name: (tmp_path / name).read_bytes() for name in ("some.db", "some.db-wal")}
    with pytest.raises(ForeignStoreError):
        open_writer(path)
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    connection.execute("INSERT INTO invoice VALUES (1)")
    connection.close()


def test_a_store_that_is_not_there_is_not_made_by_reading(tmp_path: Path) -> None:
    path = tmp_path / "none.db"
    with pytest.raises(StoreNotFoundError, match="there is no store at"):
        open_reader(path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "message"), [("", "is a directory"), ("no/where.db", "there is no directory")]
)
def test_a_path_that_can_hold_no_store_is_refused(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(StoreError, match=message):
        open_writer(tmp_path / name)


@pytest.mark.parametrize("opening", [open_writer, open_reader])
def test_what_is_no_file_is_named_and_not_waited_for(
    tmp_path: Path, opening: Callable[[Path], object]
) -> None:
    os.mkfifo(tmp_path / "pipe.db")
    with pytest.raises(StoreError, match="is a device or a pipe; name a file"):
        opening(tmp_path / "pipe.db")
    with pytest.raises(StoreError, match="is a directory; name a file"):
        opening(tmp_path)


def test_an_empty_file_becomes_a_store(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    open_writer(path).close()
    open_reader(path).close()


def test_a_store_locked_for_too_long_is_named(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    ours(path)
    script = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StoreBusyError, match="is locked by another process"):
            StoreFile(path, ManualClock(), busy_timeout_seconds=0.05)
    StoreFile(path, ManualClock()).close()
