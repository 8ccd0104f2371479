"""The owner's row: registered when a runtime opens the store, kept alive by heartbeats, removed when it leaves."""

import os
import socket
import sqlite3
from collections.abc import Sequence

import msgspec

from runtime.store.moves import IS_RUNNING
from runtime.store.transaction import Transaction


def register(connection: sqlite3.Connection, boot_id: str, boottime_ms: int, now_ms: int) -> int:
    """Write a row for this runtime inside the open transaction; returns its number."""
    number: int = connection.execute(
        "INSERT INTO owner (boot_id, heartbeat, started_at, pid, host) VALUES (?, ?, ?, ?, ?) RETURNING id",
        (boot_id, boottime_ms, now_ms, os.getpid(), socket.gethostname()),
    ).fetchone()[0]
    return number


def heartbeat(transaction: Transaction) -> None:
    """This runtime lives. Commits before it looks for others' expired leases."""
    transaction.connection.execute(
        "UPDATE owner SET heartbeat = ? WHERE id = ?", (transaction.boottime_ms, transaction.context.owner)
    )


def extend(transaction: Transaction, job_ids: Sequence[int]) -> None:
    """Keep this runtime's leases of these jobs for another lease time."""
    transaction.connection.execute(
        f"UPDATE job SET lease_expires = ? WHERE id IN (SELECT value FROM json_each(?)) AND state {IS_RUNNING}"
        " AND owner = ?",
        (
            transaction.boottime_ms + transaction.context.lease_ms,
            msgspec.json.encode(list(job_ids)).decode(),
            transaction.context.owner,
        ),
    )


def forget_staged(connection: sqlite3.Connection, owner: int) -> None:
    """Remove what the owner staged for runs that it did not submit."""
    connection.execute(
        "DELETE FROM staged_page WHERE owner = ? AND run_id NOT IN (SELECT id FROM parent WHERE id = run_id)",
        (owner,),
    )


def leave(connection: sqlite3.Connection, owner: int) -> None:
    """Remove the row inside the open transaction: everything it held was given back.

    Pages it staged for runs that were never submitted go with it.
    """
    forget_staged(connection, owner)
    connection.execute("DELETE FROM owner WHERE id = ?", (owner,))
