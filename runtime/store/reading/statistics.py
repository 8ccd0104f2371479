"""Counts over the whole store, each from the few rows that keep them: no call reads every job."""

import sqlite3
from collections.abc import Collection
from typing import Any

from actors.job import JobState
from runtime.store.moves import IS_RUNNING, IS_TIMED, IS_WAITING
from runtime.store.reading.objects import COUNTED

_PARENTS = "SELECT kind, state, count(*) FROM parent GROUP BY kind, state"
_CHILDREN = (
    f"SELECT {', '.join(f'coalesce(sum({name}), 0)' for name in COUNTED)} FROM parent WHERE kind = 'step'"
)
_QUEUES = f"""
SELECT type, sum(pending), sum(running), sum(scheduled) FROM (
    SELECT type, sum(pending) AS pending, 0 AS running, 0 AS scheduled FROM lane WHERE pending > 0 GROUP BY type
    UNION ALL SELECT type, count(*), 0, 0 FROM job WHERE state {IS_WAITING} AND lane_id < 0 GROUP BY type
    UNION ALL SELECT type, 0, count(*), 0 FROM job WHERE state {IS_RUNNING} AND kind = 'job' GROUP BY type
    UNION ALL SELECT type, 0, 0, count(*) FROM job WHERE state {IS_TIMED} AND kind = 'job' GROUP BY type
) GROUP BY type ORDER BY type
"""


def read_statistics(connection: sqlite3.Connection) -> dict[str, Any]:
    """Runs, steps and jobs by state, and the number of documents."""
    by_kind = {kind: {state.value: 0 for state in JobState} for kind in ("run", "step", "job")}
    for kind, state, number in connection.execute(_PARENTS):
        by_kind[kind][state] = number
    total, *counted = connection.execute(_CHILDREN).fetchone()
    by_kind["job"].update(zip(COUNTED[1:], counted, strict=True))
    documents = connection.execute("SELECT count(*) FROM document").fetchone()[0]
    shown: dict[str, Any] = {
        f"{kind}s": {"total": total if kind == "job" else sum(states.values()), **states}
        for kind, states in by_kind.items()
    }
    return {**shown, "documents": documents}


def read_queues(connection: sqlite3.Connection, types: Collection[str]) -> list[dict[str, Any]]:
    """What waits and runs of each job type: of those named and of every one that has some."""
    paused = {row[0] for row in connection.execute("SELECT type FROM paused_type")}
    found = {row[0]: row[1:] for row in connection.execute(_QUEUES)}
    return [
        {
            "type": job_type,
            "pending": pending,
            "running": running,
            "scheduled": scheduled,
            "paused": job_type in paused,
        }
        for job_type in sorted({*found, *types, *paused})
        for pending, running, scheduled in (found.get(job_type, (0, 0, 0)),)
    ]
