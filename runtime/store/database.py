"""Opens the store's file: refuses what is not a store, migrates an old one, sets what durability needs.

One writing connection per process; readers open their own. The file is never opened but through SQLite: closing any
other descriptor of it would drop this process's locks (POSIX), and with them the store.

Errors::

    StoreError
    ├── StoreNotFoundError   there is no store at the path, and none is to be made
    ├── ForeignStoreError    the file is not a store of ours
    ├── NewerStoreError      a later version made it
    ├── DamagedStoreError    SQLite finds it damaged
    ├── ForkedStoreError     the process this one was forked from had it open
    └── StoreBusyError       another process holds the write lock for longer than busy_timeout
"""

import sqlite3
from pathlib import Path
from threading import Event
from typing import Any, Protocol

from peewee import SqliteDatabase

from runtime.store.forking import inherited_from, opened
from runtime.store.schema import APPLICATION_ID, MIGRATIONS, SCHEMA_VERSION
from runtime.store.statistics import forget_unsteady

MINIMUM_SQLITE = (3, 38, 0)  # ->> and RETURNING

BUSY_PAUSE_SECONDS = 0.02
"""Between tries of what SQLite refuses at once instead of waiting."""

PAGE_BYTES = 8192
"""Of a new store. With SQLite's 4096 a commit of many parents takes longer, with 16384 that of a single job."""
CHECKPOINT_BYTES = 16_384_000
"""The log's length from which a commit brings it into the file."""


class StoreError(Exception):
    """The store can not be used; the message says why and what to do."""


class StoreNotFoundError(StoreError):
    """There is no store at the path."""


class ForeignStoreError(StoreError):
    """The file is not a store of ours; it was left as it is."""


class NewerStoreError(StoreError):
    """A later version of the runtime made the store; it was left as it is."""


class DamagedStoreError(StoreError):
    """SQLite finds the file damaged; it was left as it is."""


class ForkedStoreError(StoreError):
    """The process this one was forked from had the store open: here it would lose what it commits."""


class StoreBusyError(StoreError):
    """Another process held the write lock for too long."""


class WritingDatabase(Protocol):
    """The store's file, open for writing."""

    def connection(self) -> sqlite3.Connection:
        """The one connection."""
        ...

    def close(self) -> object:
        """Close it."""
        ...


def open_writer(
    path: Path, *, synchronous: str = "FULL", busy_timeout_seconds: float = 10.0
) -> SqliteDatabase:
    """Open, and if need be make or migrate, the store at ``path`` for writing.

    Raises:
        StoreError: see the module's docstring.
    """
    if sqlite3.sqlite_version_info < MINIMUM_SQLITE:
        raise StoreError(f"SQLite {sqlite3.sqlite_version} is too old, 3.38 or later is needed")
    if str(path) == ":memory:":
        raise StoreError("a store is a file, it can not be in memory: name one in a temporary directory")
    try:
        _refuse_no_file(path)
        if not path.parent.is_dir():
            raise StoreError(f"there is no directory {path.parent}; make it or choose another store")
        new = path.stat().st_size == 0 if path.exists() else True
    except OSError as error:
        raise StoreError(f"{str(path)!r:.200} can not be read: {error.strerror}") from error
    _refuse_inherited(path)
    if not new:
        _refuse_foreign(path)
    database = _connect(path, busy_timeout_seconds)
    try:
        connection = database.connection()
        if new:
            connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        _enter_wal(connection, busy_timeout_seconds)
        connection.execute(f"PRAGMA synchronous = {synchronous}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        page_bytes = connection.execute("PRAGMA page_size").fetchone()[0]
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_BYTES // page_bytes}")
        migrate(connection)
        forget_unsteady(connection)
        opened(database, path)
    except sqlite3.DatabaseError as error:
        database.close()
        raise explain(path, error) from error
    except BaseException:
        database.close()
        raise
    return database


def open_reader(path: Path, *, busy_timeout_seconds: float = 10.0) -> SqliteDatabase:
    """Open the store at ``path`` for reading only.

    Raises:
        StoreError: see the module's docstring; an older schema has to be opened for writing once.
    """
    if not path.exists():
        raise StoreNotFoundError(f"there is no store at {path}; `quaero run FILE --store {path}` makes one")
    _refuse_no_file(path)
    _refuse_inherited(path)
    _refuse_foreign(path)
    database = _connect(path, busy_timeout_seconds)
    try:
        connection = database.connection()
        connection.execute("PRAGMA query_only = ON")
        connection.text_factory = _readable
        if _version(connection) < SCHEMA_VERSION:
            database.close()
            open_writer(path, busy_timeout_seconds=busy_timeout_seconds).close()
            return open_reader(path, busy_timeout_seconds=busy_timeout_seconds)
        opened(database, path)
    except sqlite3.DatabaseError as error:
        database.close()
        raise explain(path, error) from error
    return database


def migrate(connection: sqlite3.Connection, *, target: int = SCHEMA_VERSION) -> int:
    """Bring the schema to ``target``, one transaction a migration; returns the version it had."""
    before = _version(connection)
    if before >= target:
        return before
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have migrated while this one waited for the lock.
        for number in range(_version(connection), target):
            if number >= 1 and before >= 1 and connection.in_transaction and number > before:
                connection.execute("COMMIT")
                connection.execute("BEGIN IMMEDIATE")
            for statement in MIGRATIONS[number].split(";\n"):
                if statement.strip():
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {number + 1}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return before


def explain(path: Path, error: sqlite3.Error) -> StoreError:
    """What SQLite's error means for the user."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return DamagedStoreError(
            f"{path} is damaged: {error}; restore it from a backup, it was left as it is"
        )
    if name.startswith("SQLITE_BUSY"):
        return StoreBusyError(f"{path} is locked by another process for too long; see which one has it open")
    return StoreError(f"{path}: {error} ({name or type(error).__name__})")


def _connect(path: Path, busy_timeout_seconds: float) -> SqliteDatabase:
    # check_same_thread: the store's actor is built on one thread and runs on another, never on two at once.
    database: Any = SqliteDatabase(
        str(path),
        timeout=busy_timeout_seconds,
        thread_safe=False,
        lock_type="IMMEDIATE",
        check_same_thread=False,
    )
    try:
        database.connect()
    except Exception as error:  # peewee wraps sqlite3's own
        raise StoreError(f"{path} can not be opened: {error}") from error
    return database  # type: ignore[no-any-return]


def _enter_wal(connection: sqlite3.Connection, busy_timeout_seconds: float) -> None:
    """Have the file keep a log. While another process makes the same new file, SQLite refuses this without waiting."""
    pause = Event()
    for _ in range(int(busy_timeout_seconds / BUSY_PAUSE_SECONDS)):
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if not getattr(error, "sqlite_errorname", "").startswith("SQLITE_BUSY"):
                raise
            pause.wait(BUSY_PAUSE_SECONDS)
        else:
            return
    connection.execute("PRAGMA journal_mode = WAL")


def _readable(text: bytes) -> str:
    """Text of a row, also of a damaged one."""
    return text.decode("utf-8", "replace")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _refuse_no_file(path: Path) -> None:
    """SQLite would wait for ever for the writer of a named pipe, and name neither it nor a directory."""
    if path.is_dir():
        raise StoreError(f"{path} is a directory; name a file for the store")
    if path.exists() and not path.is_file():
        raise StoreError(f"{path} is a device or a pipe; name a file for the store")


def _refuse_inherited(path: Path) -> None:
    parent = inherited_from(path)
    if parent is not None:
        raise ForkedStoreError(
            f"{path} was open in process {parent}, which this one was forked from: its locks are not inherited and"
            " commits would be lost; start processes by spawn, or open the store after the fork"
        )


def _refuse_foreign(path: Path) -> None:
    """Look at the file through a read-only connection, so that a refused one stays byte for byte as it is."""
    stamp, log = _stamp(path), path.with_name(path.name + "-wal").exists()
    try:
        # Without a log nobody has it open in WAL mode, and an immutable look leaves no -wal and -shm behind.
        _look(path, locks=log)
    except StoreError:
        if log or _stamp(path) == stamp:
            raise
        _look(path, locks=True)  # it was being written, by another process that makes this store


def _stamp(path: Path) -> tuple[int, ...]:
    """Differs from an earlier one if the file was written meanwhile."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _look(path: Path, *, locks: bool) -> None:
    mode = "mode=ro" if locks else "mode=ro&immutable=1"
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True)
    except sqlite3.Error as error:
        raise StoreError(f"{path} can not be read: {error}") from error
    try:
        # What is read belongs together, also while another process makes the store.
        connection.execute("BEGIN")
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        version = _version(connection)
        tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "")
        if name == "SQLITE_NOTADB":
            raise ForeignStoreError(f"{path} is not a store of this runtime; it was left as it is") from error
        raise explain(path, error) from error
    finally:
        connection.close()
    if application != APPLICATION_ID and (application or tables):
        raise ForeignStoreError(f"{path} is a database of another program; it was left as it is")
    if version > SCHEMA_VERSION:
        raise NewerStoreError(
            f"{path} has schema {version}, this runtime knows up to {SCHEMA_VERSION}; upgrade quaero-runtime"
        )
