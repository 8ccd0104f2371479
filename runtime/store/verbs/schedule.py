"""Schedules are set, forgotten, paused and resumed: one row for each definition's id."""

from typing import Any

import msgspec

from actors.firing import next_firing
from actors.messages import ScheduleAcknowledged, ScheduleRuns
from runtime.store.checksum import schedule_checksum
from runtime.store.transaction import Transaction

_ROW = "SELECT next_at, paused, error, origin FROM schedule WHERE id = ?"
_TEXTS = """
SELECT CAST(cron AS BLOB), CAST(time_zone AS BLOB), CAST(definitions AS BLOB), crc FROM schedule WHERE id = ?
"""
_SET = """
INSERT INTO schedule (id, cron, time_zone, next_at, set_at, origin, crc, definitions) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET cron = excluded.cron, time_zone = excluded.time_zone, next_at = excluded.next_at,
    set_at = excluded.set_at, origin = excluded.origin, crc = excluded.crc, definitions = excluded.definitions,
    error = NULL
"""


class UnknownScheduleError(LookupError):
    """There is no schedule with this id."""


def set_schedule(transaction: Transaction, request: ScheduleRuns) -> ScheduleAcknowledged:
    """Set the schedule of a definition, in place of one it may have.

    Its next time stays as long as cron expression and time zone do, so that what was missed is made up for; so does a
    pause. One that could fire no more is mended.

    Raises:
        FiringError: it never fires, or this host does not know the time zone.
    """
    first = request.definitions[0]
    cron, time_zone = first.schedule, first.time_zone
    text = msgspec.json.encode(request.definitions)
    checksum = schedule_checksum(first.id.encode(), cron.encode(), time_zone.encode(), text)
    known = transaction.connection.execute(_ROW, (first.id,)).fetchone()
    paused = known is not None and bool(known[1])
    next_at: int | None = None
    changed = True
    if known is not None and known[2] is None:
        written = transaction.connection.execute(_TEXTS, (first.id,)).fetchone()
        changed = (known[3], *written) != (request.origin, cron.encode(), time_zone.encode(), text, checksum)
        if written[:2] == (cron.encode(), time_zone.encode()):
            next_at = known[0]
    if next_at is None:
        next_at = next_firing(cron, time_zone, transaction.now_ms)
    if changed:
        values = (
            first.id,
            cron,
            time_zone,
            next_at,
            transaction.now_ms,
            request.origin,
            checksum,
            text.decode(),
        )
        transaction.connection.execute(_SET, values)
        _tell(transaction, "schedule_set", first.id, next_at=next_at)
    return ScheduleAcknowledged(
        first.id, changed=changed, next_at_ms=next_at, paused=paused, origin=request.origin
    )


def forget_schedule(transaction: Transaction, schedule_id: str) -> ScheduleAcknowledged:
    """Forget a schedule; its runs go on."""
    known = transaction.connection.execute(_ROW, (schedule_id,)).fetchone()
    if known is None:
        return ScheduleAcknowledged(schedule_id, changed=False)
    transaction.connection.execute("DELETE FROM schedule WHERE id = ?", (schedule_id,))
    _tell(transaction, "schedule_forgotten", schedule_id)
    return ScheduleAcknowledged(schedule_id, changed=True, origin=known[3])


def pause_schedule(transaction: Transaction, schedule_id: str) -> ScheduleAcknowledged:
    """Let a schedule not fire until it is resumed.

    Raises:
        UnknownScheduleError: there is none.
    """
    next_at, paused, _, origin = _known(transaction, schedule_id)
    if not paused:
        transaction.connection.execute("UPDATE schedule SET paused = 1 WHERE id = ?", (schedule_id,))
        _tell(transaction, "schedule_paused", schedule_id)
    return ScheduleAcknowledged(
        schedule_id, changed=not paused, next_at_ms=next_at, paused=True, origin=origin
    )


def resume_schedule(transaction: Transaction, schedule_id: str) -> ScheduleAcknowledged:
    """Let a schedule fire from its next time on, also one that could not; what it missed in its pause was not wanted.

    Raises:
        UnknownScheduleError: there is none.
        FiringError: it still can not fire.
    """
    next_at, paused, error, origin = _known(transaction, schedule_id)
    if not paused and error is None:
        return ScheduleAcknowledged(schedule_id, changed=False, next_at_ms=next_at, origin=origin)
    cron, time_zone = (
        text.decode(errors="replace")
        for text in transaction.connection.execute(_TEXTS, (schedule_id,)).fetchone()[:2]
    )
    next_at = next_firing(cron, time_zone, transaction.now_ms)
    transaction.connection.execute(
        "UPDATE schedule SET paused = 0, error = NULL, next_at = ?, set_at = ? WHERE id = ?",
        (next_at, transaction.now_ms, schedule_id),
    )
    _tell(transaction, "schedule_resumed", schedule_id, next_at=next_at)
    return ScheduleAcknowledged(schedule_id, changed=True, next_at_ms=next_at, origin=origin)


def _known(transaction: Transaction, schedule_id: str) -> tuple[int, int, str | None, str]:
    known: tuple[int, int, str | None, str] | None
    known = transaction.connection.execute(_ROW, (schedule_id,)).fetchone()
    if known is None:
        raise UnknownScheduleError(schedule_id)
    return known


def _tell(transaction: Transaction, event: str, schedule_id: str, **data: Any) -> None:
    transaction.events.add(event, 0, 0, {"schedule": schedule_id, **data})
    transaction.timed = True
