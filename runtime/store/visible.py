"""What readers see: the tables without what was deleted.

A deletion is acknowledged when ``deletion`` names the run or step; its rows go afterwards, slice by slice. Until the
last has gone, a reader's connection sees through temporary views that have the tables' names, so that no query of a
reader has to think of it. Each is one the planner looks through: the tables' indexes are used as ever, but a query can
not name one (``INDEXED BY``). The rows themselves are there as ``main.job``.
"""

import sqlite3

_DELETED = "(SELECT id FROM main.deletion)"
_OF_A_JOB = f"""
run_id NOT IN {_DELETED} AND job_id NOT IN {_DELETED} AND (NOT EXISTS {_DELETED} OR NOT EXISTS (
    SELECT 1 FROM main.job AS owner WHERE owner.id = job_id AND owner.parent_id IN {_DELETED}))
"""
_VISIBLE = {
    "job": f"id NOT IN {_DELETED} AND ifnull(parent_id, 0) NOT IN {_DELETED}",
    "parent": f"id NOT IN {_DELETED}",
    "lane": f"parent_id NOT IN {_DELETED}",
    "log_entry": _OF_A_JOB,
    "document_save": _OF_A_JOB,
}


def hide_deleted(connection: sqlite3.Connection) -> None:
    """Make this connection, which reads only, see no deleted row."""
    connection.execute("PRAGMA query_only = OFF")  # it holds for temporary views too
    for table, condition in _VISIBLE.items():
        connection.execute(f"CREATE TEMP VIEW {table} AS SELECT * FROM main.{table} WHERE {condition}")
    connection.execute("PRAGMA query_only = ON")
