"""Schedules as read."""

import sqlite3
from typing import Any

from actors.firing import DEFAULT_ZONE
from actors.ids import id_text

_SCHEDULES = """
SELECT schedule.id, CASE WHEN json_valid(definitions) THEN definitions ->> '$[0].name' END, cron, time_zone, next_at,
       paused, schedule.error, last_run_id, job.state, last_fired_at, origin
FROM schedule LEFT JOIN job ON job.id = last_run_id
ORDER BY paused OR schedule.error IS NOT NULL, next_at, schedule.id
"""
_DUE = "SELECT EXISTS (SELECT 1 FROM schedule WHERE paused = 0 AND error IS NULL AND next_at <= ?)"


def list_schedules(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """All schedules, the next to fire first, then those that do not fire."""
    return [_schedule_object(row) for row in connection.execute(_SCHEDULES).fetchall()]


def is_due(connection: sqlite3.Connection, now_ms: int) -> bool:
    """Whether a schedule is to fire now."""
    return bool(connection.execute(_DUE, (now_ms,)).fetchone()[0])


def _schedule_object(row: tuple[Any, ...]) -> dict[str, Any]:
    schedule_id, name, cron, time_zone, next_at, paused, error, run_id, state, fired_at, origin = row
    shown: dict[str, Any] = {
        "id": schedule_id,
        "name": name or schedule_id,
        "schedule": cron,
        "time_zone": time_zone or DEFAULT_ZONE,
        "next_at": None if paused or error is not None else next_at,
        "paused": bool(paused),
        "last_run_id": None if run_id is None else id_text(run_id),
        "last_run_state": state,
        "last_fired_at": fired_at,
        "directory": origin or None,
    }
    return shown if error is None else {**shown, "error": error}
