"""Auth records as read: sealed, as the store has them."""

import sqlite3
from typing import Any


def list_records(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """All records without what is secret, by id."""
    rows = connection.execute("SELECT id, site, created_at, updated_at FROM auth_record ORDER BY id")
    return [dict(zip(("id", "site", "created_at", "updated_at"), row, strict=True)) for row in rows]


def sealed_record(connection: sqlite3.Connection, auth_id: str) -> bytes | None:
    """The record of that id, sealed; None if there is none."""
    row = connection.execute("SELECT sealed FROM auth_record WHERE id = ?", (auth_id,)).fetchone()
    return None if row is None else bytes(row[0])
