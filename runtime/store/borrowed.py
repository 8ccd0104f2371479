"""A transaction of the store inside one that its caller began, on a connection of the caller's own.

What is written becomes durable with the caller's commit and is gone with its rollback; a failure here leaves the
caller's transaction as it was. So that none of the store's locks is lost and no other writer is overtaken, only this
will do: the stdlib's ``sqlite3``, the store's own file as ``main``, and a transaction that holds SQLite's write lock.
"""

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from actors.ids import IdSource
from actors.seams import Clock
from runtime.precedence import Precedence
from runtime.store.context import StoreContext
from runtime.store.database import StoreError, explain
from runtime.store.forking import inherited_from
from runtime.store.schema import APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION
from runtime.store.transaction import Transaction
from runtime.store.verbs.own import leave, register

_TABLES = frozenset(re.findall(r"CREATE (?:VIRTUAL )?TABLE (\w+)", "".join(MIGRATIONS)))


class UnusableConnectionError(StoreError):
    """The connection, or the state it is in, will not do; nothing was written. The message says what to do."""


@contextmanager
def borrowed(
    connection: sqlite3.Connection,
    store: Path,
    clock: Clock,
    *,
    owner: int | None = None,
    ids: IdSource | None = None,
    max_attempts: Mapping[str, int] | None = None,
) -> Iterator[Transaction]:
    """A unit of work whose end writes everything into the caller's transaction.

    Args:
        connection: the caller's, inside its transaction.
        store: the store's file.
        clock: what time it is.
        owner: the running runtime it is done for; None = nobody's, a number is drawn from those of the owners.
        ids: that runtime's; None with ``owner``.
        max_attempts: of the worker types.

    Raises:
        UnusableConnectionError: see the module's docstring.
        StoreError: the store could not be written.
    """
    try:
        _check(connection, store)
        plain = cast("sqlite3.Connection", _Plain(connection))
        plain.execute("SAVEPOINT quaero_enqueue")
        try:
            if owner is None or ids is None:
                # A number of its own, so that no two make the same ids; it is gone with a rollback, as the ids are.
                owner = register(plain, clock.boot_id(), clock.boottime_ms(), clock.wall_ms())
                leave(plain, owner)
                ids = IdSource(clock, owner)
            context = StoreContext(owner, clock.boot_id(), 0, ids, dict(max_attempts or {}))
            precedence = Precedence()  # nobody else's: the caller's thread goes before no other
            with precedence:
                transaction = Transaction(plain, context, clock.wall_ms(), clock.boottime_ms(), precedence)
                yield transaction
                transaction.finish()
        except BaseException:
            if connection.in_transaction:  # else SQLite has taken all of it back by itself
                plain.execute("ROLLBACK TO quaero_enqueue")
            raise
        finally:
            if connection.in_transaction:
                plain.execute("RELEASE quaero_enqueue")
    except sqlite3.ProgrammingError as error:  # closed, or of another thread
        raise UnusableConnectionError(f"the connection can not be used here: {error}") from error
    except sqlite3.Error as error:
        raise explain(store, error) from error


def holds_write_lock(connection: sqlite3.Connection) -> bool:
    """Whether this connection is inside a transaction that holds SQLite's write lock.

    There is no call for it in ``sqlite3``, but a backup says: from a connection that writes it makes no step
    (https://sqlite.org/c3ref/backup_finish.html).
    """
    steps: list[int] = []

    def stop(status: int, _remaining: int, _total: int) -> None:
        steps.append(status)
        raise _StopError

    target = sqlite3.connect(":memory:")
    try:
        connection.backup(target, pages=1, progress=stop)
    except _StopError:
        pass
    finally:
        target.close()
    return steps[0] in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class _StopError(Exception):
    """One step of a backup told enough."""


class _Plain:
    """The connection without its owner's row factory."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __repr__(self) -> str:
        return f"<_Plain({self._connection!r})>"

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, statement: str, parameters: Any = ()) -> sqlite3.Cursor:
        cursor = self._connection.cursor()
        cursor.row_factory = None
        return cursor.execute(statement, parameters)


def _check(connection: object, store: Path) -> None:
    if not isinstance(connection, sqlite3.Connection):
        raise UnusableConnectionError(
            f"the connection is a {type(connection).__module__}.{type(connection).__name__}; enqueue takes a"
            " sqlite3.Connection of the standard library: take the driver's own out of a wrapper. Another SQLite"
            " library in this process would drop the store's locks"
        )
    plain = _Plain(connection)
    file = next(row[2] for row in plain.execute("PRAGMA database_list") if row[1] == "main")
    if not file or not store.exists() or not store.samefile(file):
        raise UnusableConnectionError(
            f"the connection is to {file or 'a database in memory'}, the store is {store}: connect to the store's own"
            " file, the tables that are to change with it must be there too"
        )
    parent = inherited_from(store)
    if parent is not None:
        raise UnusableConnectionError(
            f"{store} was open in process {parent}, which this one was forked from: start processes by spawn"
        )
    if not connection.in_transaction or not holds_write_lock(connection):
        state = (
            "a transaction that has written nothing yet" if connection.in_transaction else "no transaction"
        )
        raise UnusableConnectionError(
            f"the connection is in {state}: begin with BEGIN IMMEDIATE, so that nobody else can write meanwhile"
            " (sqlite3.connect(..., isolation_level=None), then connection.execute('BEGIN IMMEDIATE'))"
        )
    _check_schema(connection, store)


def _check_schema(connection: sqlite3.Connection, store: Path) -> None:
    plain = _Plain(connection)
    application, version = (
        plain.execute(f"PRAGMA main.{name}").fetchone()[0] for name in ("application_id", "user_version")
    )
    if application != APPLICATION_ID or version != SCHEMA_VERSION:
        known = f"schema {version}" if application == APPLICATION_ID else "no store of this runtime"
        raise UnusableConnectionError(
            f"{store} has {known}, needed is schema {SCHEMA_VERSION}: start a runtime on it once"
        )
    if connection.text_factory is not str:
        raise UnusableConnectionError("the connection's text_factory must be str, as it is by default")
    for (name,) in plain.execute("SELECT name FROM temp.sqlite_schema"):
        if name in _TABLES:
            raise UnusableConnectionError(
                f"the connection has a temporary {name!r}, which hides the store's: rename it"
            )
