"""Whose fault a failed transaction is: the disk's or a lock's, then nothing is lost; or that of what was asked."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from runtime.store.failure import StoreUnavailableError, cause_of, raise_if_unavailable


def test_a_lock_held_elsewhere_is_no_request_s_fault(tmp_path: Path) -> None:
    path = tmp_path / "jobs.db"
    with (
        closing(sqlite3.connect(path, timeout=0.0)) as one,
        closing(sqlite3.connect(path, timeout=0.0)) as two,
    ):
        one.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError) as held:
            two.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError, match=r"locked \(SQLITE_BUSY\)"):
        raise_if_unavailable(held.value)


@pytest.mark.parametrize(
    "name", ["SQLITE_FULL", "SQLITE_IOERR_FSYNC", "SQLITE_CANTOPEN", "SQLITE_READONLY_DBMOVED"]
)
def test_a_failing_disk_is_no_request_s_fault(name: str) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = name
    with pytest.raises(StoreUnavailableError, match=name):
        raise_if_unavailable(error)


def test_what_breaks_a_constraint_is_its_request_s_fault() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE one (id INTEGER NOT NULL)")
        with pytest.raises(sqlite3.IntegrityError) as broken:
            connection.execute("INSERT INTO one VALUES (NULL)")
    raise_if_unavailable(broken.value)


def test_the_cause_can_be_stored_whatever_is_in_the_error() -> None:
    cause = cause_of(ValueError("\udcff is no text"), "what the attempt left could not be recorded", 7)
    assert cause.message == r"what the attempt left could not be recorded: \udcff is no text"
    assert (cause.type, cause.at_ms) == ("ValueError", 7)
    assert cause.traceback.isascii()
