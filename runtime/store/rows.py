"""Parents and lanes as a transaction holds them: read once, changed in memory, written once.

``json_group_array`` makes a whole result one row, and so one call into SQLite: a thread that fetched row by row would
give the interpreter lock away for each of them.
"""

import sqlite3
from collections.abc import Callable, Iterable
from functools import cache
from operator import attrgetter

import msgspec

from actors.job import Closing, Counts, ErrorTolerance, JobState, OnError


class ParentRow(msgspec.Struct, array_like=True, gc=False):
    """A row of ``parent``, in the order of ``PARENT_COLUMNS``."""

    id: int
    run_id: int
    kind: str
    state: JobState = JobState.PENDING
    action: str = ""
    priority: int = 0
    total: int = 0
    scheduled: int = 0
    pending: int = 0
    running: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    open_steps: int = 0
    waiting: int = 0
    named: int = 0
    cursor: str | None = None
    naming: str = "idle"
    naming_owner: int | None = None
    naming_attempt: int = 0
    naming_at: int = 0
    token: int = 0
    served: int = 0
    closing: Closing | None = None
    reason: str | None = None
    paused: int = 0
    max_children: int = 0
    concurrency: int = 0
    by_level: int = 0
    timeout_ms: int = 0
    deadline: int | None = None
    on_error: OnError = OnError.FAIL
    max_retries: int = 0
    tolerance: str | None = None
    warned: int = 0
    was_blocked: bool = False  # not a column: as it was when read

    @property
    def ended(self) -> bool:
        """Whether the parent has ended."""
        return self.state.terminal

    @property
    def open(self) -> int:
        """Children that have not ended."""
        return self.scheduled + self.pending + self.running + self.open_steps

    @property
    def blocked(self) -> bool:
        """Whether nothing below may be leased now."""
        full = 0 < self.concurrency <= self.running
        return self.closing is not None or self.paused > 0 or self.waiting > 0 or self.ended or full

    @property
    def counts(self) -> Counts:
        """The children by state."""
        return Counts(
            self.total,
            self.scheduled,
            self.pending,
            self.running,
            self.completed,
            self.failed,
            self.cancelled,
        )

    def error_tolerance(self) -> ErrorTolerance | None:
        """The decoded tolerance."""
        if self.tolerance is None:
            return None
        return msgspec.json.decode(self.tolerance, type=ErrorTolerance)


class LaneRow(msgspec.Struct, array_like=True, gc=False):
    """A row of ``lane``, in the order of ``LANE_COLUMNS``."""

    id: int
    parent_id: int
    type: str
    rate_key: str
    rate_ms: int
    priority: int
    pending: int
    served: int
    not_before: int


PARENT_COLUMNS = tuple(field for field in ParentRow.__struct_fields__ if field != "was_blocked")
LANE_COLUMNS = LaneRow.__struct_fields__

_parents = msgspec.json.Decoder(list[ParentRow])
_lanes = msgspec.json.Decoder(list[LaneRow])
_parent_array = f"json_group_array(json_array({', '.join(PARENT_COLUMNS)}))"
_lane_array = f"json_group_array(json_array({', '.join(LANE_COLUMNS)}))"
_encode = msgspec.json.encode

_SELECT_PARENTS = f"SELECT {_parent_array} FROM parent WHERE id IN (SELECT value FROM json_each(?))"
_SELECT_LANES = f"SELECT {_lane_array} FROM lane WHERE id IN (SELECT value FROM json_each(?))"
_SELECT_LANES_WHERE = f"SELECT {_lane_array} FROM lane WHERE "

# What never changes after the insert is not written again.
_FIXED = {"id", "run_id", "kind", "action", "priority", "on_error", "max_retries", "tolerance", "timeout_ms"}
_CHANGING = tuple(column for column in PARENT_COLUMNS if column not in _FIXED)
CHUNKS = (32, 8, 1)
"""Rows of one statement: few sizes, so that SQLite prepares each but once."""
_COUNTS = ("total", "scheduled", "pending", "running", "completed", "failed", "cancelled")
_UPDATE_COUNTS = (
    f"UPDATE parent SET ({', '.join(_COUNTS)}) = ("
    + ", ".join(f"j.value ->> {place}" for place in range(1, len(_COUNTS) + 1))
    + ") FROM json_each(?) AS j WHERE parent.id = j.value ->> 0"
)
_UPDATE_LANES = (
    "UPDATE lane SET pending = j.value ->> 1, served = j.value ->> 2, not_before = j.value ->> 3,"
    " ready = j.value ->> 4 FROM json_each(?) AS j WHERE lane.id = j.value ->> 0"
)


def read_parents(connection: sqlite3.Connection, ids: Iterable[int]) -> list[ParentRow]:
    """These parents."""
    rows = _parents.decode(connection.execute(_SELECT_PARENTS, (_encode(list(ids)).decode(),)).fetchone()[0])
    for row in rows:
        row.was_blocked = row.blocked
    return rows


def read_lanes(connection: sqlite3.Connection, ids: Iterable[int]) -> list[LaneRow]:
    """These lanes."""
    return _lanes.decode(connection.execute(_SELECT_LANES, (_encode(list(ids)).decode(),)).fetchone()[0])


def read_lanes_where(
    connection: sqlite3.Connection, condition: str, parameters: tuple[object, ...]
) -> list[LaneRow]:
    """The lanes that meet an SQL condition."""
    return _lanes.decode(connection.execute(_SELECT_LANES_WHERE + condition, parameters).fetchone()[0])


def insert_parents(connection: sqlite3.Connection, rows: list[ParentRow]) -> None:
    """Write these new parents, as they are by now."""
    _execute_for(connection, _insert_statement, PARENT_COLUMNS, rows)


def write_counts(connection: sqlite3.Connection, rows: list[ParentRow]) -> None:
    """Write no more of these parents than the numbers of their children."""
    values = [
        (
            row.id,
            row.total,
            row.scheduled,
            row.pending,
            row.running,
            row.completed,
            row.failed,
            row.cancelled,
        )
        for row in rows
    ]
    connection.execute(_UPDATE_COUNTS, (_encode(values).decode(),))
    write_readiness(connection, rows)


def write_parents(connection: sqlite3.Connection, rows: list[ParentRow]) -> None:
    """Write what may have changed of these parents; lanes follow when a parent became blocked or free."""
    _execute_for(connection, _update_statement, ("id", *_CHANGING), rows)
    write_readiness(connection, rows)


def _execute_for(
    connection: sqlite3.Connection,
    statement: Callable[[int], str],
    columns: tuple[str, ...],
    rows: list[ParentRow],
) -> None:
    """Write the columns of many rows by few statements, which have a parameter for each value.

    To find the thirtieth element of a JSON array SQLite passes over the others: with JSON a row took 35 µs, not 6.
    """
    values = attrgetter(*columns)
    start = 0
    for size in CHUNKS:
        while len(rows) - start >= size:
            chunk = rows[start : start + size]
            connection.execute(statement(size), [value for row in chunk for value in values(row)])
            start += size


@cache
def _insert_statement(rows: int) -> str:
    marks = f"({', '.join('?' * len(PARENT_COLUMNS))})"
    return f"INSERT INTO parent ({', '.join(PARENT_COLUMNS)}) VALUES {', '.join([marks] * rows)}"


@cache
def _update_statement(rows: int) -> str:
    marks = f"({', '.join('?' * (len(_CHANGING) + 1))})"
    return (
        f"WITH new (id, {', '.join(_CHANGING)}) AS (VALUES {', '.join([marks] * rows)}) UPDATE parent SET"
        f" ({', '.join(_CHANGING)}) = ({', '.join(f'new.{column}' for column in _CHANGING)})"
        " FROM new WHERE parent.id = new.id"
    )


def write_readiness(connection: sqlite3.Connection, rows: Iterable[ParentRow]) -> None:
    """Make the lanes of those parents ready or not that became free or blocked."""
    for row in rows:
        if row.blocked != row.was_blocked:
            row.was_blocked = row.blocked
            if not row.pending:
                continue  # no lane of it is ready
            connection.execute(
                "UPDATE lane SET ready = (pending > 0 AND not_before = 0 AND ?) WHERE parent_id = ?",
                (not row.blocked, row.id),
            )


def write_lanes(connection: sqlite3.Connection, rows: list[tuple[LaneRow, bool]]) -> None:
    """Write these lanes, each with whether its parent is blocked."""
    values = [
        (
            lane.id,
            lane.pending,
            lane.served,
            lane.not_before,
            int(lane.pending > 0 and not lane.not_before and not blocked),
        )
        for lane, blocked in rows
    ]
    connection.execute(_UPDATE_LANES, (_encode(values).decode(),))
