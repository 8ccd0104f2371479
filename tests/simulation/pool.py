"""Connections to the simulated store that outlive runtimes and seeds, so that no seed pays for opening SQLite anew.

To open one, read the schema and prepare every statement took a third of a seed's time. A runtime that ends leaves
its connection as a closed one would leave the file: what it had begun is rolled back. Between two seeds the tables are
emptied, numbers that count on too, so that a seed can not tell whether it is the first.
"""

import shutil
import sqlite3
from pathlib import Path

from runtime.store.database import open_writer
from runtime.store.models import MODELS

STATEMENTS = 512
"""Prepared ones kept by each connection."""
_EMPTY = (
    *(f"DELETE FROM {model._meta.table_name}" for model in MODELS),
    "DELETE FROM sqlite_sequence",
    "UPDATE sequence SET token = 0, event_seq = 0, turn = 0, paused_types = 0, event_floor = 0",
)
_EMPTY_INDEX = "INSERT INTO document_search (document_search) VALUES ('delete-all')"


class PooledDatabase:
    """What a ``StoreFile`` opens: a connection, and its end."""

    def __init__(self, pool: "StorePool", connection: sqlite3.Connection) -> None:
        self._pool = pool
        self._connection = connection
        self._closed = False

    def connection(self) -> sqlite3.Connection:
        """The connection."""
        return self._connection

    def close(self) -> None:
        """What was begun is rolled back; the connection is another's from now on."""
        if not self._closed:
            self._closed = True
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._pool.free.append(self._connection)


class StorePool:
    """One store file, used by one seed after the other."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "jobs.db"
        self.free: list[sqlite3.Connection] = []
        open_writer(self.path, synchronous="OFF").close()
        self._own = self._connect()

    def __repr__(self) -> str:
        return f"<StorePool({str(self.path)!r}, free={len(self.free)})>"

    def open(self) -> PooledDatabase:
        """A connection that nobody else has."""
        return PooledDatabase(self, self.free.pop() if self.free else self._connect())

    def empty(self) -> None:
        """Make the store a new one."""
        connection = self._own
        connection.execute("BEGIN IMMEDIATE")
        if connection.execute("SELECT EXISTS (SELECT 1 FROM document)").fetchone()[0]:
            connection.execute(_EMPTY_INDEX)
        for statement in _EMPTY:
            connection.execute(statement)
        connection.execute("COMMIT")
        shutil.rmtree(self.path.with_name("jobs.db.d"), ignore_errors=True)

    def change(self, statement: str, *parameters: object) -> None:
        """Change rows behind everybody's back."""
        self._own.execute(statement, parameters)

    def close(self) -> None:
        """Close all."""
        for connection in (*self.free, self._own):
            connection.close()
        self.free.clear()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.path,
            timeout=0.0,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=STATEMENTS,
        )
        for pragma in (
            "journal_mode = WAL",
            "synchronous = OFF",
            "foreign_keys = ON",
            "wal_autocheckpoint = 4000",
        ):
            connection.execute(f"PRAGMA {pragma}")
        return connection
