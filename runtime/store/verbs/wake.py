"""What was waiting for a time: scheduled jobs become pending, rate lanes and namings ready."""

import sqlite3

import msgspec

from actors.job import Closing, JobKind, JobState
from actors.states import Cause
from runtime.store.moves import IS_TIMED, expect, moving
from runtime.store.transaction import Transaction
from runtime.store.verbs.children import queue_again
from runtime.store.verbs.damaged import LANELESS_TEXT, end_damaged
from runtime.store.verbs.end import close, close_run, settle_parent

SLICE = 2000
"""Jobs woken in one transaction."""

_DUE = f"""
SELECT json_group_array(json_array(id, parent_id, lane_id)) FROM (
    SELECT id, parent_id, lane_id FROM job WHERE state {IS_TIMED} AND not_before <= ? ORDER BY not_before LIMIT ?)
"""
_WAKE = moving(Cause.DUE, "not_before = NULL", "id IN (SELECT value ->> 0 FROM json_each(?))")
_NEXT = f"""
SELECT min(at) FROM (
    SELECT min(not_before) AS at FROM job WHERE state {IS_TIMED}
    UNION ALL SELECT min(not_before) FROM lane WHERE not_before > 0
    UNION ALL SELECT min(deadline) FROM parent WHERE deadline IS NOT NULL
    UNION ALL SELECT min(naming_at) FROM parent WHERE naming = 'ready' AND naming_at > ?
    UNION ALL SELECT min(next_at) FROM schedule WHERE paused = 0 AND error IS NULL)
"""
# Also of what is closing already: its running bodies may have been spared. It has none once it has ended.
_LATE = "SELECT id FROM parent WHERE deadline <= ? AND deadline IS NOT NULL ORDER BY id"


def wake_due(transaction: Transaction) -> None:
    """Make ready what is due now, up to a slice; ``next_due`` tells whether more is."""
    now = transaction.now_ms
    # Longer than its own rate a lane waits only if the wall clock was set back.
    _close_late(transaction)
    for lane in transaction.load_lanes_where(
        "not_before > 0 AND (not_before <= ?1 OR not_before > ?1 + rate_ms)", (now,)
    ):
        transaction.change_lane(lane).not_before = 0
    found = transaction.connection.execute(_DUE, (now, SLICE)).fetchone()[0]
    rows = msgspec.json.decode(found, type=list[tuple[int, int, int | None]])
    if not rows:
        return
    expect(transaction.connection.execute(_WAKE, (msgspec.json.encode(rows).decode(),)), len(rows))
    transaction.load_lanes({abs(lane_id or 0) for _, _, lane_id in rows})
    woken: dict[int, list[int]] = {}
    for job_id, parent_id, lane_id in rows:
        parent = transaction.change_parent(transaction.parent(parent_id))
        parent.scheduled -= 1
        if lane_id is None or abs(lane_id) not in transaction.lanes:
            end_damaged(transaction, parent, job_id, LANELESS_TEXT)
            continue
        queue_again(transaction, lane_id)
        parent.pending += 1
        woken.setdefault(parent_id, []).append(job_id)
    for parent_id, ids in woken.items():
        transaction.events.status(
            transaction.parent(parent_id).run_id, JobState.PENDING, ids, parent_id=parent_id
        )


def _close_late(transaction: Transaction) -> None:
    """Runs and steps whose time is over close as timed out; what runs below them is told."""
    late = transaction.connection.execute(_LATE, (transaction.now_ms,)).fetchall()
    transaction.load_parents(row[0] for row in late)
    for (parent_id,) in late:
        parent = transaction.change_parent(transaction.parent(parent_id))
        parent.deadline = None
        if parent.ended:
            continue
        text = f"timed out after {parent.timeout_ms / 1000:g} s"
        if parent.kind == JobKind.RUN:
            close_run(transaction, parent, Closing.TIMEOUT, text)
        else:
            close(transaction, parent, Closing.TIMEOUT, text)
            settle_parent(transaction, parent)


def next_due(connection: sqlite3.Connection, now_ms: int) -> int | None:
    """When the next waiting thing comes due (Unix ms); None if nothing waits for a time."""
    found: int | None = connection.execute(_NEXT, (now_ms,)).fetchone()[0]
    return found
