"""The raw floor: exactly the rows a finished run left, put through the same statements by bare sqlite3.

Batches of 512 on one connection, on the same disk, with the same pragmas and every index: each batch is written, leased
(its rows are read, which are the first of their lanes, and marked) and settled again, each in a transaction of its own,
as a program without actors would have to. No decisions and no decoding: what is encoded once is encoded before the
clock starts. The events go in with the transactions, as many rows as the run left. (A floor that puts the three steps
of three batches into one transaction, which only pays off beside a runtime that does the same, is about a fifth faster;
docs/decisions/0007 has both figures.)
"""

import sqlite3
from itertools import islice
from pathlib import Path
from time import perf_counter
from typing import Any

import msgspec

from runtime.store.database import open_reader, open_writer
from runtime.store.new_jobs import write_jobs
from runtime.store.rows import LANE_COLUMNS, PARENT_COLUMNS
from runtime.store.verbs.settle import COMPLETE
from runtime.store.verbs.take import MARK, TAKE_LANES

BATCH = 512

_COUNTS = """
UPDATE parent SET pending = j.value ->> 1, running = j.value ->> 2, completed = j.value ->> 3, total = j.value ->> 4
FROM json_each(?) AS j WHERE parent.id = j.value ->> 0
"""
_LANES = """
UPDATE lane SET pending = j.value ->> 1, served = j.value ->> 2, ready = 1
FROM json_each(?) AS j WHERE lane.id = j.value ->> 0
"""


class _Batch(msgspec.Struct):
    """What one transaction does with one batch of children, encoded."""

    inserts: list[Any]  # the values of ``new_jobs``
    ids: str
    settled: str
    parents: dict[int, int]
    lanes: dict[int, int]
    lanes_by_number: dict[int, str]
    """What is read when it is leased: the first so many children of each of these lanes."""


def floor_rate(finished: Path, scratch: Path, *, synchronous: str) -> float:
    """Children per second when the rows of the ``finished`` store are written again in ``scratch``."""
    source = open_reader(finished)
    try:
        fixed, events, batches = _read(source.connection())
    finally:
        source.close()
    database = open_writer(scratch, synchronous=synchronous)
    try:
        started = perf_counter()
        _replay(database.connection(), fixed, events, batches)
        seconds = perf_counter() - started
    finally:
        database.close()
    return sum(sum(batch.parents.values()) for batch in batches) / seconds


def _read(connection: sqlite3.Connection) -> tuple[list[tuple[str, list[Any]]], list[Any], list[_Batch]]:
    fixed: list[tuple[str, list[Any]]] = []
    for table, columns, condition in (
        ("job", "*", "kind <> 'job'"),
        ("parent", ", ".join(PARENT_COLUMNS), "1"),
        ("lane", ", ".join(LANE_COLUMNS), "1"),
    ):
        rows = connection.execute(f"SELECT {columns} FROM {table} WHERE {condition}").fetchall()
        names = "" if columns == "*" else f" ({columns})"
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            fixed.append((f"INSERT INTO {table}{names} VALUES ({marks})", rows))
    events = connection.execute("SELECT first_seq, last_seq, time_ms, batch FROM event_batch").fetchall()
    jobs = connection.execute(
        "SELECT id, root_id, parent_id, type, max_attempts, lane_id, unique_key, payload, crc, created_at FROM job"
        " WHERE kind = 'job' ORDER BY id"
    ).fetchall()
    return fixed, events, [_batch(jobs[start : start + BATCH]) for start in range(0, len(jobs), BATCH)]


def _batch(jobs: list[Any]) -> _Batch:
    parents: dict[int, int] = {}
    lanes: dict[int, int] = {}
    for job in jobs:
        parents[job[2]] = parents.get(job[2], 0) + 1
        lanes[job[5]] = lanes.get(job[5], 0) + 1
    by_number: dict[int, list[int]] = {}
    for lane, number in lanes.items():
        by_number.setdefault(number, []).append(lane)
    return _Batch(
        inserts=[value for job in jobs for value in job],
        ids=_text([job[0] for job in jobs]),
        settled=_text([(job[0], 1, None, job[2]) for job in jobs]),
        parents=parents,
        lanes=lanes,
        lanes_by_number={number: _text(some) for number, some in by_number.items()},
    )


def _replay(
    connection: sqlite3.Connection,
    fixed: list[tuple[str, list[Any]]],
    events: list[Any],
    batches: list[_Batch],
) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement, rows in fixed:
        connection.executemany(statement, rows)
    connection.execute("COMMIT")
    waiting = iter(events)
    share = -(-len(events) // max(3 * len(batches), 1))
    for turn, batch in enumerate(batches):
        for verb in (_write, _lease, _settle):
            connection.execute("BEGIN IMMEDIATE")
            verb(connection, batch, turn)
            for event in islice(waiting, share):
                connection.execute("INSERT INTO event_batch VALUES (?, ?, ?, ?)", event)
            connection.execute("COMMIT")


def _write(connection: sqlite3.Connection, batch: _Batch, turn: int) -> None:
    write_jobs(lambda statement, values, _: connection.execute(statement, values), batch.inserts)
    _count(connection, batch, 1, turn)


def _lease(connection: sqlite3.Connection, batch: _Batch, turn: int) -> None:
    for number, lanes in batch.lanes_by_number.items():
        connection.execute(TAKE_LANES, (turn, lanes, number)).fetchone()
    connection.execute(MARK, (1, 1, turn, turn, batch.ids))
    _count(connection, batch, 2, turn)


def _settle(connection: sqlite3.Connection, batch: _Batch, turn: int) -> None:
    connection.execute(COMPLETE, (turn, batch.settled))
    _count(connection, batch, 3, turn)


def _count(connection: sqlite3.Connection, batch: _Batch, place: int, turn: int) -> None:
    """Write the counts of the batch's parents, in the place of its state, and of its lanes."""
    rows = []
    for parent, number in batch.parents.items():
        row = [parent, 0, 0, 0, number]
        row[place] = number
        rows.append(row)
    connection.execute(_COUNTS, (_text(rows),))
    connection.execute(_LANES, (_text([(lane, number, turn) for lane, number in batch.lanes.items()]),))


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
