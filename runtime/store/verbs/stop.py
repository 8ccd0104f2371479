"""Tells the running children of a parent that was closing already.

A step that failed or used its tolerance up lets what runs go on, and the first closing reason stays. But a cancel or a
time limit that comes after it is meant for the bodies too: a parent whose body waits for that word would never end.
"""

from actors.job import Closing
from runtime.store.moves import IS_RUNNING
from runtime.store.rows import ParentRow
from runtime.store.transaction import Transaction

# Through the index of what is leased: a step may have a million children that do not run.
_STOP = f"""
UPDATE job INDEXED BY job_leased SET cancel_reason = ?
WHERE parent_id = ? AND state {IS_RUNNING} AND cancel_reason IS NULL RETURNING id
"""

_SPARING = frozenset({Closing.FAILED, Closing.TOLERANCE})
"""Reasons to close that do not stop what runs; its orchestrator stops it by itself for the others."""


def stop_running(transaction: Transaction, parent: ParentRow, closing: Closing, reason: str) -> None:
    """Mark every running child as cancelled if the parent's own reason spared them and this one does not."""
    if parent.ended or parent.closing not in _SPARING or closing in _SPARING:
        return
    stopped = transaction.connection.execute(_STOP, (reason, parent.id)).fetchall()
    transaction.cancelled_jobs.extend(row[0] for row in stopped)
