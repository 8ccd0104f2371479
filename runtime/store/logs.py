"""Lines of jobs' logs, those of a transaction written by one statement.

A job's log is bounded: of attempts that are followed by another, the last lines are kept, and how many went before.
One attempt's own lines are bounded by the worker's context. So a job has at most ``KEPT_LINES``, those of its last
attempt, and what the runtime says itself. Numbers of lines are never used again, so a reader's cursor stays good.
"""

import sqlite3
from collections.abc import Iterable

import msgspec

KEPT_LINES = 10_000
"""Lines kept of all the attempts of a job before its last one."""

NUL_SHOWN = "\N{SYMBOL FOR NULL}"
"""Stands for a NUL in texts that go through SQLite's JSON, which would end there."""

_INSERT = """
INSERT INTO log_entry (run_id, job_id, time_ms, level, text)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?)
"""
_OLDEST_KEPT = "SELECT id FROM log_entry WHERE job_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?"
_DROPPED = "SELECT count(*), sum(CASE WHEN dropped THEN dropped ELSE 1 END) FROM log_entry WHERE job_id = ? AND id <= ?"


def write_logs(connection: sqlite3.Connection, logs: Iterable[tuple[int, int, int, str, str]]) -> None:
    """Write the lines: of each the run, the job, Unix milliseconds, the level and the text."""
    lines = [(*line[:4], line[4].replace("\0", NUL_SHOWN)) for line in logs]
    connection.execute(_INSERT, (msgspec.json.encode(lines).decode(),))


def bound_logs(connection: sqlite3.Connection, job_ids: Iterable[int]) -> None:
    """Drop the oldest lines of those of the jobs that have too many; the oldest kept one then says how many went."""
    for job_id in job_ids:
        found = connection.execute(_OLDEST_KEPT, (job_id, KEPT_LINES)).fetchone()
        if found is None:
            continue
        first = found[0]
        rows, lines = connection.execute(_DROPPED, (job_id, first)).fetchone()
        if rows == 1 and lines > 1:
            continue  # only the line that tells of those dropped before
        connection.execute("DELETE FROM log_entry WHERE job_id = ? AND id < ?", (job_id, first))
        connection.execute(
            "UPDATE log_entry SET level = 'warning', text = ?, dropped = ? WHERE id = ?",
            (f"{lines} lines before this were dropped: a job keeps its last {KEPT_LINES}", lines, first),
        )
