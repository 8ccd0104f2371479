"""SharedReader: one read-only connection, opened with the first question, for parts that seldom ask."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import TypeVar

from runtime.store.reading.reader import StoreReader

T = TypeVar("T")


class SharedReader:
    """Safe for use from several threads, which take turns. It may be used again after ``close``."""

    def __init__(self, path: Path, *, busy_timeout_seconds: float) -> None:
        self._path = path
        self._busy_timeout_seconds = busy_timeout_seconds
        self._reader: StoreReader | None = None
        self._lock = Lock()

    def __repr__(self) -> str:
        return f"<SharedReader({str(self._path)!r}, open={self._reader is not None})>"

    def read(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """The answer to a question about one state of the store.

        Raises:
            StoreError: the store can not be used; StoreNotFoundError: there is none yet.
        """
        with self._lock:
            if self._reader is None:
                self._reader = StoreReader(self._path, busy_timeout_seconds=self._busy_timeout_seconds)
            with self._reader.snapshot() as connection:
                return question(connection)

    def close(self) -> None:
        """Close the connection, if there is one."""
        with self._lock:
            reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()
