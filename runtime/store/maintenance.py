"""Maintenance on the store's writing connection, between transactions.

Whoever maintains a store stalls everybody who writes to it, other runtimes too, for as long as it takes. Their
heartbeats can not be committed meanwhile, nor can this runtime's: so before it begins the leases of all who live are
extended by what it may take, in a transaction of its own, and no one is taken for frozen.
"""

import sqlite3
from collections.abc import Callable

from actors.upkeep import Operation
from runtime.store.moves import IS_RUNNING
from runtime.store.statistics import forget_unsteady, steady_tables
from runtime.store.transaction import Transaction
from runtime.store.verbs.index import IN_USE

LEAST_ALLOWANCE_MS = 60_000
BYTES_PER_MS = 2000
"""How slow a disk is supposed to be, at the worst."""
CHECKPOINT_BUSY_MS = 1000
"""How long the end of a checkpoint waits for readers, while everybody who writes waits for it."""

SEARCH_INDEX = "document_search"
"""The part of the integrity check that takes the writing connection."""


def allowance_ms(file_bytes: int) -> int:
    """How long maintenance of a store of that size may take, with much to spare. Pure."""
    return LEAST_ALLOWANCE_MS + file_bytes // BYTES_PER_MS


def extend_everybody(allowance: int) -> Callable[[Transaction], None]:
    """A chore that keeps the leases of all runtimes that live now for that many milliseconds more."""

    def extend(transaction: Transaction) -> None:
        now, lease = transaction.boottime_ms, transaction.context.lease_ms
        living = "(SELECT id FROM owner WHERE boot_id = ?1 AND (heartbeat >= ?2 OR id = ?3))"
        who = (transaction.context.boot_id, now - lease, transaction.context.owner)
        transaction.connection.execute(
            f"UPDATE job SET lease_expires = max(lease_expires, ?4) WHERE state {IS_RUNNING} AND owner IN {living}",
            (*who, now + allowance + lease),
        )
        transaction.connection.execute(
            f"UPDATE owner SET heartbeat = max(heartbeat, ?4) WHERE id IN {living}", (*who, now + allowance)
        )

    return extend


def parts_of(connection: sqlite3.Connection, operation: Operation) -> tuple[str, ...]:
    """What an operation is done to, one after the other; a part is short where the whole would be long."""
    if operation is Operation.ANALYZE:
        return steady_tables(connection)
    if operation is not Operation.REINDEX:
        return ("",)
    # The tables behind the search index are its own.
    rows = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'index' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        f" AND tbl_name NOT LIKE '{IN_USE}%' ORDER BY name"
    )
    return tuple(row[0] for row in rows)


def carry_out(connection: sqlite3.Connection, operation: Operation, part: str) -> str:
    """Do it, outside a transaction; returns what there is to tell of it.

    Raises:
        sqlite3.Error: it was not done.
        ValueError: it is nothing that is done here, or there is no such part.
    """
    match operation:
        case Operation.VACUUM:
            connection.execute("VACUUM")
            return _checkpoint(connection)  # before it the file has its old size
        case Operation.ANALYZE | Operation.REINDEX:
            if part not in parts_of(connection, operation):
                return f"{part} is there no more"
            connection.execute(f'{operation.value.upper()} main."{part}"')
        case Operation.OPTIMIZE:
            connection.execute("PRAGMA optimize")
            forget_unsteady(connection)
        case Operation.CHECKPOINT:
            return _checkpoint(connection)
        case Operation.INTEGRITY_CHECK:
            connection.execute(f"INSERT INTO {IN_USE} ({IN_USE}) VALUES ('integrity-check')")
        case _:
            raise ValueError(f"{operation} is not done by the store's owner")
    return ""


def _checkpoint(connection: sqlite3.Connection) -> str:
    (patience,) = connection.execute("PRAGMA busy_timeout").fetchone()
    connection.execute(f"PRAGMA busy_timeout = {CHECKPOINT_BUSY_MS}")
    try:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.execute(f"PRAGMA busy_timeout = {patience}")
    return (
        "somebody reads or writes the log: it was brought into the file, and is not cut off yet"
        if busy
        else ""
    )
