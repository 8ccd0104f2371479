"""What an owner holds, as the rows have it: for an actor that goes on where another one died."""

import sqlite3

from runtime.store.moves import IS_RUNNING, PARENT_IS_OPEN
from runtime.store.slots import Held

_LEASED = f"SELECT id, type, token FROM job WHERE state {IS_RUNNING} AND owner = ?"
_STOPPING = f"SELECT id FROM job WHERE state {IS_RUNNING} AND owner = ? AND cancel_reason IS NOT NULL"
_CLOSING = f"SELECT id FROM parent WHERE closing IS NOT NULL AND state {PARENT_IS_OPEN}"


def leased_by(connection: sqlite3.Connection, owner: int) -> list[Held]:
    """Its leases."""
    return [Held._make(row) for row in connection.execute(_LEASED, (owner,)).fetchall()]


def stopping_of(connection: sqlite3.Connection, owner: int) -> tuple[list[int], list[int]]:
    """Its running jobs that were asked to end, and the parents, whoever runs their jobs, that are closing."""
    jobs = connection.execute(_STOPPING, (owner,)).fetchall()
    parents = connection.execute(_CLOSING).fetchall()
    return [row[0] for row in jobs], [row[0] for row in parents]
