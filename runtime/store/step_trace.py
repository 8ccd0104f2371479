"""Where a step is in its run's trace, by the rows of both. Asked only where runs are traced."""

import sqlite3

from actors.job import StepTrace

_TRACE = """
SELECT run.trace_context, step.epoch FROM job AS step JOIN job AS run ON run.id = step.root_id WHERE step.id = ?
"""


def step_trace(connection: sqlite3.Connection, step_id: int) -> StepTrace:
    """What the rows say; a damaged one says nothing."""
    context, epoch = connection.execute(_TRACE, (step_id,)).fetchone() or (None, 0)
    return StepTrace(context if isinstance(context, str) else None, epoch)
