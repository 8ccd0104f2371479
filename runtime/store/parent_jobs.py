"""The rows of ``job`` of runs and steps: written and moved together, those of a transaction by one statement each.

Their counts and their life are in the narrow table ``parent`` (``rows``).
"""

import sqlite3
from collections.abc import Mapping

import msgspec

from actors.job import JobKind, JobState
from actors.states import Cause
from runtime.store.moves import state_after

_INSERT_JOBS = f"""
INSERT INTO job (id, root_id, parent_id, kind, type, name, payload, crc, state, priority, trace_context, created_at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
       '{state_after(Cause.SUBMITTED, JobKind.STEP)}', value ->> 8, value ->> 9, ?1
FROM json_each(?2)
"""
_TRANSITION = """
UPDATE job SET state = j.value ->> 1,
               started_at = CASE WHEN j.value ->> 2 THEN started_at ELSE coalesce(started_at, ?1) END,
               finished_at = CASE WHEN j.value ->> 2 THEN ?1 END,
               error = coalesce(j.value ->> 3, error)
FROM json_each(?2) AS j WHERE job.id = j.value ->> 0
"""


def insert_parent_jobs(connection: sqlite3.Connection, now_ms: int, jobs: list[tuple[object, ...]]) -> None:
    """Write new ones: of each id, root_id, parent_id, kind, type, name, payload, crc, priority, trace_context."""
    connection.execute(_INSERT_JOBS, (now_ms, msgspec.json.encode(jobs).decode()))


def move_parent_jobs(
    connection: sqlite3.Connection, now_ms: int, moved: Mapping[int, tuple[JobState, str | None]]
) -> None:
    """Bring those that moved to their states, with their times and, if there is one, the error."""
    changes = [(job_id, state, state.terminal, error) for job_id, (state, error) in moved.items()]
    connection.execute(_TRANSITION, (now_ms, msgspec.json.encode(changes).decode()))
