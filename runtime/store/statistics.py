"""Statistics that SQLite plans queries by, for the tables that have about the same shape from day to day.

The tables of the work swing between empty and a million rows within minutes. Planned by what they were like when
somebody ran ANALYZE, the statements that lease and settle scan them: one that completes a batch went from a search per
job to a scan of all running jobs for each. Without statistics SQLite supposes large tables, which is right when it
matters. So these are never analysed, and what somebody else has found out about them is forgotten.
"""

import sqlite3

UNSTEADY = (
    "deletion",
    "dependency",
    "job",
    "lane",
    "owner",
    "parent",
    "paused_type",
    "rate",
    "schedule",
    "search_build",
    "search_queue",
    "sequence",
    "staged_page",
    "submit_key",
)
_NAMES = ", ".join(f"'{name}'" for name in UNSTEADY)


def steady_tables(connection: sqlite3.Connection) -> tuple[str, ...]:
    """The tables that are worth statistics."""
    rows = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        f" AND name NOT LIKE 'document_search%' AND name NOT IN ({_NAMES}) ORDER BY name"
    )
    return tuple(row[0] for row in rows)


def forget_unsteady(connection: sqlite3.Connection) -> None:
    """Forget what was found out about the others; from now on this connection plans without it."""
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'sqlite_stat1'").fetchone():
        return
    if not connection.execute(f"SELECT 1 FROM sqlite_stat1 WHERE tbl IN ({_NAMES})").fetchone():
        return
    connection.execute(f"DELETE FROM sqlite_stat1 WHERE tbl IN ({_NAMES})")
    connection.execute("ANALYZE sqlite_schema")  # analyses nothing: has the statistics read again
