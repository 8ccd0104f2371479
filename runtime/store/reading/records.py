"""Events and log lines as read, by their cursors."""

import sqlite3
from typing import Any

import msgspec

from actors.ids import id_text
from actors.messages import Event
from runtime.store.events import StoredBatch, decode_batch


class EventsPrunedError(LookupError):
    """Events that a reader has not seen are kept no longer. ``oldest`` is the number of the first that may be there.

    Whoever keeps a picture of the store reads it anew: first ``last_event()``, then what it shows, and goes on with
    the events after that number.
    """

    def __init__(self, after: int, oldest: int) -> None:
        super().__init__(
            f"the events {after + 1} to {oldest - 1} are kept no longer, the oldest is {oldest}: read anew what you"
            f" follow, and go on after {oldest - 1} or later (0 begins with the oldest)"
        )
        self.after = after
        self.oldest = oldest


class EventFilter(msgspec.Struct, frozen=True):
    """Which events a stream shows."""

    run_id: int | None = None
    type: str | None = None
    of_parents_only: bool = False


MOST_BATCHES = 1000
"""Commits whose events are read by one statement."""

_BATCHES = f"""
SELECT event_floor, event_seq, (
    SELECT json_group_array(json_array(first_seq, last_seq, time_ms, hex(batch))) FROM (
        SELECT first_seq, last_seq, time_ms, batch FROM event_batch
        WHERE first_seq >= coalesce((SELECT max(first_seq) FROM event_batch WHERE first_seq <= ?1 + 1), 0)
            AND first_seq <= max(?1, event_floor) + ?2 AND last_seq > ?1
        ORDER BY first_seq LIMIT {MOST_BATCHES}))
FROM sequence
"""
_batches = msgspec.json.Decoder(list[StoredBatch])


def read_events(
    connection: sqlite3.Connection, after: int, wanted: EventFilter, limit: int
) -> tuple[list[Event], int]:
    """Up to about ``limit`` events with a sequence number above ``after``, and the number to go on from.

    0, which no event has, begins with the oldest that is kept.

    Raises:
        EventsPrunedError: some events above ``after`` are kept no longer.
    """
    floor = event_floor(connection)
    if 0 < after < floor:
        raise EventsPrunedError(after, floor + 1)
    found: list[Event] = []
    reached = after
    rows = connection.execute(
        "SELECT first_seq, last_seq, time_ms, batch FROM event_batch WHERE first_seq >="
        " coalesce((SELECT max(first_seq) FROM event_batch WHERE first_seq <= ?), 0) AND last_seq > ?"
        " ORDER BY first_seq",
        (after + 1, after),
    )
    for first_seq, last_seq, time_ms, batch in rows:
        for event in decode_batch(first_seq, time_ms, batch, of_parents_only=wanted.of_parents_only):
            if event.seq <= after or (wanted.run_id is not None and event.run_id != wanted.run_id):
                continue
            if wanted.type is None or event.type == wanted.type:
                found.append(event)
        reached = last_seq
        if len(found) >= limit:
            break
    return found, reached


def read_batches(connection: sqlite3.Connection, after: int, limit: int) -> tuple[list[StoredBatch], int]:
    """The commits with the events above ``after``, about ``limit`` of them, and the number of the last event there is.

    By one statement with one value: every row would give the interpreter lock away and want it back. The first one may
    begin with events that are not above ``after``. None: there is nothing above it.

    Raises:
        EventsPrunedError: some events above ``after`` are kept no longer.
    """
    floor, last, found = connection.execute(_BATCHES, (after, limit)).fetchone()
    if 0 < after < floor:
        raise EventsPrunedError(after, floor + 1)
    return _batches.decode(found), last


def last_event(connection: sqlite3.Connection) -> int:
    """The sequence number of the last event."""
    return int(connection.execute("SELECT event_seq FROM sequence").fetchone()[0])


def event_floor(connection: sqlite3.Connection) -> int:
    """The sequence number up to which events were pruned."""
    return int(connection.execute("SELECT event_floor FROM sequence").fetchone()[0])


def read_logs(
    connection: sqlite3.Connection,
    job_id: int,
    *,
    after: int = 0,
    level: str | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Log lines of the job; of a run or step also those of the jobs below. In order; the number is the cursor."""
    row = connection.execute("SELECT kind FROM job WHERE id = ?", (job_id,)).fetchone()
    kind = row[0] if row else "job"
    condition = {
        "run": "run_id = ?1",
        "step": "(job_id = ?1 OR job_id IN (SELECT id FROM job WHERE parent_id = ?1))",
        "job": "job_id = ?1",
    }[kind]
    if level is not None:
        condition += " AND level = ?4"
    parameters = (job_id, after, -1 if limit is None else limit, *([level] if level else []))
    return [
        {"number": number, "job_id": id_text(owner), "time": time_ms, "level": shown, "text": text}
        for number, owner, time_ms, shown, text in connection.execute(
            "SELECT id, job_id, time_ms, level, text FROM log_entry"
            f" WHERE {condition} AND id > ?2 ORDER BY id LIMIT ?3",
            parameters,
        )
    ]
