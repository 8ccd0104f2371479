"""A commit whose answer is lost may be durable: whatever it leased is given back, and who watches looks again."""

import sqlite3
from typing import Any

import pytest

from actors.messages import CancelJob
from runtime.store.failure import StoreUnavailableError
from tests.store.driver import StoreDriver, definition, specs


class Unanswered:
    """A connection whose next commit is durable, and fails."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.armed = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, statement: str, parameters: Any = ()) -> sqlite3.Cursor:
        cursor = self._connection.execute(statement, parameters)
        if statement == "COMMIT" and self.armed:
            self.armed = False
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
            raise error
        return cursor


def lose_the_next_answer(store: StoreDriver) -> None:
    connection: Any = Unanswered(store.file.committer.connection)
    store.file.committer.connection = connection


def test_jobs_leased_by_a_commit_that_was_not_answered_are_leased_again(store: StoreDriver) -> None:
    store.run_with(*specs(3, max_attempts=1))
    (known,) = store.lease(1)
    lose_the_next_answer(store)
    with pytest.raises(StoreUnavailableError):
        store.lease(2)
    assert store.value("SELECT count(*) FROM job WHERE kind = 'job' AND state = 'running'") == 3
    again = store.lease(3)
    assert len(again) == 2
    assert known.id not in {job.id for job in again}
    assert [job.attempt for job in again] == [1, 1]
    store.complete(known, *again)
    assert store.value("SELECT count(*) FROM job WHERE state <> 'completed'") == 0


def test_a_naming_leased_by_a_commit_that_was_not_answered_is_leased_again(store: StoreDriver) -> None:
    store.submit(definition())
    lose_the_next_answer(store)
    with pytest.raises(StoreUnavailableError):
        store.commit(starts=1)
    (start,) = store.commit(starts=1).starts
    assert start.attempt == 1


def test_those_who_watch_look_again_after_a_commit_that_was_not_answered(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(1))
    store.file.foreign_commits()
    lose_the_next_answer(store)
    with pytest.raises(StoreUnavailableError):
        store.commit(CancelJob(run_id))
    assert store.file.foreign_commits()
    assert not store.file.foreign_commits()


def test_a_naming_that_was_told_of_before_the_commit_in_doubt_is_kept(store: StoreDriver) -> None:
    store.submit(definition())
    known = store.start()
    other = store.submit(definition())
    lose_the_next_answer(store)
    with pytest.raises(StoreUnavailableError):
        store.commit(starts=1)
    assert [start.run_id for start in store.commit(starts=9).starts] == [other]
    assert store.name(known, *specs(1)).accepted
