"""The JSON objects that the command line and the API show, made of rows. Pure."""

from typing import Any

import msgspec

from actors.ids import id_text
from actors.job import Counts, JobState

COUNTED = ("total", "scheduled", "pending", "running", "completed", "failed", "cancelled")

JOB_COLUMNS = (
    "id, parent_id, root_id, kind, type, name, state, attempt, max_attempts, depth, created_at, started_at,"
    " finished_at, error, errors, payload, result, not_before, lost,"
    " epoch, coalesce(lane_id, 0) < 0"
)


def counts_object(counts: Counts) -> dict[str, int]:
    """Counts as JSON shows them."""
    return {name: getattr(counts, name) for name in COUNTED}


def progress_object(counts: Counts, *, total_final: bool, ended: bool) -> dict[str, Any]:
    """Progress: what is known of the total, and how much of it is done."""
    done = counts.finished
    percentage = 100.0 if ended else (99.0 * done / counts.total if counts.total else 0.0)
    return {
        "total": counts.total,
        "total_final": total_final or ended,
        "pending": counts.pending + counts.scheduled,
        "running": counts.running,
        "completed": counts.completed,
        "failed": counts.failed,
        "cancelled": counts.cancelled,
        "percentage": round(percentage, 1),
        "text": counts.text(),
    }


def job_object(row: tuple[Any, ...]) -> dict[str, Any]:
    """A row of ``JOB_COLUMNS``, without what depends on other rows."""
    (
        job_id,
        parent_id,
        root_id,
        kind,
        job_type,
        name,
        state,
        attempt,
        max_attempts,
        depth,
        created_at,
        started_at,
        finished_at,
        error,
        errors,
        payload,
        result,
        not_before,
        lost,
        epoch,
        paused,
    ) = row
    shown: dict[str, Any] = {
        "id": id_text(job_id),
        "parent_id": None if parent_id is None else id_text(parent_id),
        "root_id": id_text(root_id),
        "kind": kind,
        "type": job_type,
        "name": name or job_type,
        "state": state,
        "attempt": attempt,
        "max_attempts": max_attempts,
        "created_at": created_at,
        "started_at": started_at,
        "finished_at": finished_at,
        "payload": _decoded(payload),
    }
    if kind == "job":
        shown["depth"] = depth
    if error:
        shown["error"] = error
    if errors:
        shown["errors"] = _decoded(errors)
    if result is not None:
        shown["result"] = _decoded(result)
    if state == JobState.SCHEDULED:
        shown["not_before"] = not_before
    if lost:
        shown["lost"] = lost
    if epoch:
        shown["epoch"] = epoch
    if paused:
        shown["paused"] = True
    return shown


def _decoded(text: str) -> Any:
    """The value of JSON text; of a damaged row the text as it is, so that the row can be looked at."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return text
