"""Stores that this process must not open, because they were open in the process it was forked from.

A forked child inherits SQLite's table of open files, but not the POSIX locks that table speaks of: it opens the store,
believes that it holds the locks, and when the parent closes, the log is deleted under it. Its acknowledged commits are
lost without an error. So the child is refused; it may open any other store.
"""

import os
from pathlib import Path
from weakref import WeakKeyDictionary

from peewee import SqliteDatabase

_databases: WeakKeyDictionary[SqliteDatabase, tuple[int, int]] = WeakKeyDictionary()
_inherited: dict[tuple[int, int], int] = {}  # device and inode → the process that had it open


def opened(database: SqliteDatabase, path: Path) -> None:
    """This process has the store open, until the database is closed."""
    place = _place(path)
    if place is not None:
        _databases[database] = place


def inherited_from(path: Path) -> int | None:
    """The process that had the store open when this one was forked from it; None if it may be opened here."""
    return _inherited.get(_place(path) or (0, 0))


def _place(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_dev, found.st_ino


def _forked() -> None:
    parent = os.getppid()
    for database, place in list(_databases.items()):
        if not database.is_closed():
            _inherited[place] = parent


os.register_at_fork(after_in_child=_forked)
