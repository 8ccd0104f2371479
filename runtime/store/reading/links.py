"""Runs that wait for each other, as read."""

import sqlite3
from typing import Any

from actors.ids import id_text
from runtime.store.moves import PARENT_IS_OPEN

_LINKS = """
SELECT CASE WHEN dependency.role = 'post' THEN 'post_job_of' ELSE 'pre_job' END, run.id, run.type, run.state
    FROM parent AS step JOIN dependency ON dependency.step_id = step.id AND dependency.role <> 'step'
    JOIN job AS run ON run.id = dependency.needs_id WHERE step.run_id = ?1 AND step.kind = 'step'
UNION
SELECT CASE WHEN dependency.role = 'post' THEN 'post_job' ELSE 'pre_job_of' END, run.id, run.type, run.state
    FROM dependency JOIN parent AS step ON step.id = dependency.step_id
    JOIN job AS run ON run.id = step.run_id WHERE dependency.needs_id = ?1 AND dependency.role <> 'step'
ORDER BY 1, 2
"""
_FOLLOWING = f"""
WITH RECURSIVE following (id) AS (
    SELECT ?1
    UNION
    SELECT step.run_id FROM following
        JOIN dependency ON dependency.needs_id = following.id AND dependency.role = 'post'
        JOIN parent AS step ON step.id = dependency.step_id)
SELECT following.id FROM following JOIN parent USING (id)
WHERE following.id <> ?1 AND parent.state {PARENT_IS_OPEN} ORDER BY following.id
"""


def read_links(connection: sqlite3.Connection, run_id: int) -> list[dict[str, Any]]:
    """The runs linked with this one: its pre-jobs and post-jobs, and the runs whose one it is."""
    return [
        {"role": role, "run_id": id_text(other), "definition_id": definition_id, "state": state}
        for role, other, definition_id, state in connection.execute(_LINKS, (run_id,)).fetchall()
    ]


def following_runs(connection: sqlite3.Connection, run_id: int) -> list[int]:
    """The unended runs that come after this one as its post-jobs, or as theirs."""
    return [row[0] for row in connection.execute(_FOLLOWING, (run_id,)).fetchall()]
