"""How a runtime becomes an owner: its row and its lock appear together."""

import sqlite3
from pathlib import Path

from actors.seams import Clock
from runtime.store.owner import OwnerLock, take_lock
from runtime.store.verbs.own import register


def enrolled(connection: sqlite3.Connection, path: Path, clock: Clock) -> tuple[int, OwnerLock]:
    """A new owner's number and its held lock; nobody sees the row of an owner whose lock is not yet held.

    Raises:
        sqlite3.Error: the row could not be written; nothing was.
        OSError: the lock's file can not be used; nothing was written.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        owner = register(connection, clock.boot_id(), clock.boottime_ms(), clock.wall_ms())
        lock = take_lock(path, owner)
        if lock is None:
            raise RuntimeError(f"the lock of the new owner {owner} of {path} is held by somebody else")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return owner, lock
