"""Rows of child jobs that were handed over with a submit, gathered in a transaction and written by few statements.

Statements with a parameter for each value, of few sizes, so that SQLite prepares each but once; JSON would cost a
quarter more, and a statement for each page as many chances to lose the interpreter lock.
"""

import sqlite3
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from actors.states import Cause
from runtime.store.moves import state_after

COLUMNS = (
    "id, root_id, parent_id, type, max_attempts, lane_id, unique_key, payload, crc, created_at,"
    " kind, state, depth"
)
CHANGING = 10
"""Values of one row; the last columns are the same in all."""
CHUNKS = (512, 128, 32, 8, 1)
"""Rows of one statement."""

Execute = Callable[[str, Sequence[Any], int], sqlite3.Cursor]


def write_jobs(execute: Execute, values: list[Any]) -> None:
    """Write the rows whose values stand in the list one after the other; ``execute`` also gets their number."""
    rows, start = len(values) // CHANGING, 0
    for size in CHUNKS:
        while rows - start >= size:
            execute(insert_statement(size), values[start * CHANGING : (start + size) * CHANGING], size)
            start += size


@cache
def insert_statement(rows: int) -> str:
    """Inserts that many rows."""
    marks = f"({', '.join('?' * CHANGING)}, 'job', '{state_after(Cause.NAMED)}', 1)"
    return f"INSERT INTO job ({COLUMNS}) VALUES {', '.join([marks] * rows)}"
