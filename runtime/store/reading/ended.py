"""Runs and steps that have ended, with what places them in a trace."""

import sqlite3
from collections.abc import Collection

import msgspec

from actors.job import Counts, JobState
from runtime.store.moves import PARENT_IS_OPEN
from runtime.store.reading.jobs import read_counts


class EndedParent(msgspec.Struct, frozen=True, array_like=True):
    """A run or a step as its span tells of it. Times are Unix milliseconds."""

    id: int
    run_id: int
    kind: str
    type: str  # a run's definition, a step's action
    name: str
    state: JobState
    epoch: int
    created_at: int
    started_at: int | None
    finished_at: int
    error: str | None
    closing: str | None
    run_context: str | None  # of the run's row
    run_epoch: int
    definition_id: str
    counts: Counts = Counts()


_ENDED = f"""
SELECT json_group_array(json_array(job.id, job.root_id, job.kind, job.type, coalesce(job.name, job.type), job.state,
    job.epoch, job.created_at, job.started_at, job.finished_at, job.error, parent.closing, run.trace_context,
    run.epoch, run.type))
FROM job JOIN parent ON parent.id = job.id JOIN job AS run ON run.id = job.root_id
WHERE job.id IN (SELECT value FROM json_each(?)) AND NOT job.state {PARENT_IS_OPEN} AND job.finished_at IS NOT NULL
"""


def ended_parents(connection: sqlite3.Connection, ids: Collection[int]) -> list[EndedParent]:
    """Those of these runs and steps that have ended; one that was opened again meanwhile is none of them."""
    wanted = msgspec.json.encode(list(ids)).decode()
    text = connection.execute(_ENDED, (wanted,)).fetchone()[0]
    found = msgspec.json.decode(text, type=list[EndedParent])
    return [
        msgspec.structs.replace(each, counts=read_counts(connection, each.id, each.kind)) for each in found
    ]
