"""Schedules that are due: a run of each is written in the commit that says when it fires next.

So a firing happens once, whatever dies and however many runtimes look: who comes second finds the next time. The run
has a submit key of schedule and time, so that a wall clock which is set back fires nothing again.
"""

import sqlite3

import msgspec

from actors.firing import FiringError, moment_text, next_firing
from actors.ids import id_text
from actors.job import JobDefinition, LogLevel
from runtime.store.checksum import schedule_checksum
from runtime.store.transaction import Transaction
from runtime.store.verbs.submit import UnknownStepError, submit

MOST_FIRINGS = 50
"""In one transaction."""
DAMAGED_TEXT = "its row is damaged; schedule its definition again"

_DUE = """
SELECT rowid, CAST(id AS BLOB), CAST(cron AS BLOB), CAST(time_zone AS BLOB), CAST(definitions AS BLOB), crc,
       next_at, last_run_id
FROM schedule WHERE paused = 0 AND error IS NULL AND (next_at <= ?1 OR set_at > ?1) ORDER BY next_at LIMIT ?2
"""
_RUN_OF_KEY = "SELECT run_id FROM submit_key WHERE key = ?"


class Firings(msgspec.Struct):
    """What became of schedules that were due: in words, what somebody should know; ``more`` are due."""

    found: list[str] = []
    more: bool = False


class _Due(msgspec.Struct):
    """A schedule that is due, its row proven by its checksum."""

    row: int
    id: str
    cron: str
    time_zone: str
    definitions: list[JobDefinition]
    at: int
    last_run_id: int | None

    def told(self, moment_ms: int) -> str:
        return moment_text(moment_ms, self.time_zone)


def fire_due(transaction: Transaction) -> Firings:
    """Write the runs of schedules that are due, each once however many of its times have passed."""
    rows = transaction.connection.execute(_DUE, (transaction.now_ms, MOST_FIRINGS + 1)).fetchall()
    done = Firings(more=len(rows) > MOST_FIRINGS)
    for row in rows[:MOST_FIRINGS]:
        due = _intact(row)
        if due is None:
            _stop(transaction, row[0], row[1].decode(errors="replace"), DAMAGED_TEXT, done)
            continue
        try:
            _fire(transaction, due, next_firing(due.cron, due.time_zone, transaction.now_ms), done)
        except (FiringError, UnknownStepError) as error:
            _stop(transaction, due.row, due.id, str(error), done)
    return done


def _fire(transaction: Transaction, due: _Due, next_at: int, done: Firings) -> None:
    connection, now = transaction.connection, transaction.now_ms
    key = f"schedule:{due.id}:{due.at}"
    # If it is not due, or has its run, then the clock was set back since the next time was found.
    if due.at <= now and connection.execute(_RUN_OF_KEY, (key,)).fetchone() is None:
        if _unended(transaction, due.last_run_id):
            _skip(transaction, due, done)
        else:
            from runtime.submission import (
                submission,
            )  # a command that fires nothing need not know definitions

            request = submission(due.definitions, transaction.context.ids, key)
            run_id, _ = submit(transaction, request)
            data = {"schedule": due.id, "due_at": due.at, "next_at": next_at}
            transaction.events.add("schedule_fired", run_id, run_id, data)
            connection.execute(
                "UPDATE schedule SET last_run_id = ?, last_fired_at = ? WHERE rowid = ?",
                (run_id, now, due.row),
            )
    connection.execute("UPDATE schedule SET next_at = ?, set_at = ? WHERE rowid = ?", (next_at, now, due.row))


def _skip(transaction: Transaction, due: _Due, done: Firings) -> None:
    """The run before has not ended: runs of one schedule never overlap."""
    run_id = due.last_run_id or 0
    text = f"schedule {due.id!r} did not fire at {due.told(due.at)}: this run of it has not ended"
    transaction.log(run_id, run_id, LogLevel.WARNING, text)
    transaction.events.add("schedule_skipped", run_id, run_id, {"schedule": due.id, "due_at": due.at})
    done.found.append(text.replace("this run of it", f"its run {id_text(run_id)}"))


def _stop(transaction: Transaction, row: int, name: str, reason: str, done: Firings) -> None:
    """It can not fire, and would not the next time: it says so and waits for somebody to mend it."""
    transaction.connection.execute("UPDATE schedule SET error = ? WHERE rowid = ?", (reason, row))
    transaction.events.add("schedule_failed", 0, 0, {"schedule": name, "error": reason})
    done.found.append(f"schedule {name!r} does not fire any more: {reason}")


def _unended(transaction: Transaction, run_id: int | None) -> bool:
    return run_id is not None and transaction.exists(run_id) and not transaction.parent(run_id).ended


def _intact(row: sqlite3.Row) -> _Due | None:
    number, *texts, crc, next_at, last_run_id = row
    try:
        if schedule_checksum(*texts) != crc:
            return None
        schedule_id, cron, time_zone, _ = (text.decode() for text in texts)
        definitions = msgspec.json.decode(texts[3], type=list[JobDefinition])
    except (UnicodeDecodeError, msgspec.MsgspecError, RecursionError):
        return None
    return _Due(number, schedule_id, cron, time_zone, definitions, next_at, last_run_id)
