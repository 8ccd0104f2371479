"""Deliveries of one webhook as read: a page of them, and what became of the last ones."""

import sqlite3
from typing import Any

import msgspec

from actors.ids import id_text
from actors.job import JobState
from actors.webhooks.webhook import PREFIX
from runtime.store.reading.jobs import read_job

NEWEST_RUNS = 2
"""In which the last deliveries are looked for: in an older one nothing is under way."""

_STEPS = """
SELECT parent.id FROM job JOIN parent ON parent.run_id = job.id AND parent.kind = 'step'
WHERE job.kind = 'run' AND job.type = ? ORDER BY job.id DESC
"""
# The ids first: only what is shown is read whole.
_PAGE = """
SELECT id FROM job WHERE parent_id IN (SELECT value FROM json_each(?1))
AND (?2 = '[]' OR state IN (SELECT value FROM json_each(?2))) AND (?3 IS NULL OR id < ?3) ORDER BY id DESC LIMIT ?4
"""
_LAST_DELIVERED = """
SELECT max(finished_at) FROM job WHERE parent_id IN (SELECT value FROM json_each(?)) AND state = ?
"""
_LAST_FAILED = """
SELECT id FROM job WHERE parent_id IN (SELECT value FROM json_each(?)) AND errors IS NOT NULL AND state <> ?
ORDER BY id DESC LIMIT 1
"""


class DeliveryFilter(msgspec.Struct, frozen=True):
    """Which deliveries of a webhook a list shows, the newest first."""

    states: tuple[str, ...] = ()
    after: int | None = None
    limit: int = 50


def list_deliveries(
    connection: sqlite3.Connection, name: str, wanted: DeliveryFilter
) -> list[dict[str, Any]]:
    """Deliveries of that webhook, whichever of its runs they are in."""
    states = msgspec.json.encode(wanted.states).decode()
    parameters = _steps_of(connection, name), states, wanted.after, wanted.limit
    found = [read_job(connection, job_id) for (job_id,) in connection.execute(_PAGE, parameters).fetchall()]
    return [job for job in found if job is not None]


def last_deliveries(connection: sqlite3.Connection, name: str) -> dict[str, Any]:
    """When one was accepted last, and the newest that failed and was not accepted since; as far as they are kept."""
    steps = _steps_of(connection, name, NEWEST_RUNS)
    delivered_at = connection.execute(_LAST_DELIVERED, (steps, JobState.COMPLETED)).fetchone()[0]
    failed = connection.execute(_LAST_FAILED, (steps, JobState.COMPLETED)).fetchone()
    shown: dict[str, Any] = {"last_delivered_at": delivered_at}
    if failed is not None:
        errors = (read_job(connection, failed[0]) or {}).get("errors") or [{}]
        error = errors[-1] if isinstance(errors[-1], dict) else {}
        shown["last_failure"] = {"job_id": id_text(failed[0]), "error": str(error.get("message", ""))}
    return shown


def _steps_of(connection: sqlite3.Connection, name: str, newest: int = -1) -> str:
    found = connection.execute(f"{_STEPS} LIMIT ?", (PREFIX + name, newest)).fetchall()
    return msgspec.json.encode([step_id for (step_id,) in found]).decode()
