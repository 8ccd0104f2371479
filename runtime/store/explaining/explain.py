"""Explains one run, step or job."""

import sqlite3
from pathlib import Path

import msgspec

from actors.ids import id_text
from actors.job import JobState
from actors.seams import Clock
from runtime.store.explaining.children import step_reasons
from runtime.store.explaining.job import JobFacts, job_reasons
from runtime.store.explaining.reason import Explanation, Reason, ReasonCode
from runtime.store.explaining.run import run_reasons
from runtime.store.explaining.scene import Scene, look
from runtime.store.rows import read_parents

_JOB = """
SELECT kind, type, name, state, parent_id, error, finished_at, attempt, max_attempts, depth, priority, lane_id,
       not_before, owner, lease_expires, started_at, cancel_reason FROM job WHERE id = ?
"""


class _Row(msgspec.Struct, array_like=True):
    kind: str
    type: str
    name: str | None
    state: str
    parent_id: int | None
    error: str | None
    finished_at: int | None
    attempt: int
    max_attempts: int
    depth: int
    priority: int
    lane_id: int | None
    not_before: int | None
    owner: int | None
    lease_expires: int | None
    started_at: int | None
    cancel_reason: str | None


def explain(connection: sqlite3.Connection, job_id: int, *, path: Path, clock: Clock) -> Explanation | None:
    """Why it does not move; None if there is no such run, step or job.

    Args:
        connection: in a read transaction: all is told of one snapshot.
        job_id: the run, step or job.
        path: the store's file, beside which the locks of its runtimes are.
        clock: what the leases' times are compared with.
    """
    found = connection.execute(_JOB, (job_id,)).fetchone()
    if found is None:
        return None
    row = _Row(*found)
    ended = JobState(row.state).terminal
    reasons = [_ended(row)] if ended else _reasons(look(connection, path, clock), job_id, row)
    return Explanation(id_text(job_id), row.kind, row.type, row.name or row.type, row.state, tuple(reasons))


def _reasons(scene: Scene, job_id: int, row: _Row) -> list[Reason]:
    parents = read_parents(scene.connection, [job_id if row.kind != "job" else row.parent_id or 0])
    if not parents:
        return [Reason(ReasonCode.CLOSING, "its rows are damaged: there is no parent that counts it")]
    if row.kind == "run":
        return run_reasons(scene, parents[0])
    if row.kind == "step":
        return step_reasons(scene, parents[0])
    facts = JobFacts(
        id=job_id,
        state=row.state,
        type=row.type,
        attempt=row.attempt,
        max_attempts=row.max_attempts,
        depth=row.depth,
        priority=row.priority,
        lane_id=row.lane_id or 0,
        not_before=row.not_before,
        owner=row.owner,
        lease_expires=row.lease_expires,
        started_at=row.started_at,
        error=row.error,
        cancel_reason=row.cancel_reason,
    )
    return job_reasons(scene, facts, parents[0])


def _ended(row: _Row) -> Reason:
    text = f"it has ended: {row.state}"
    if row.error:
        text += f" ({row.error})"
    return Reason(ReasonCode.ENDED, text, until_ms=row.finished_at)
