"""How many failures a step bears: asked after each end of a child, in the transaction that caused it."""

import msgspec

from actors.job import Closing, FailureAction
from actors.orchestrator.tolerance import exceeded, exceeded_text, exceeded_within
from runtime.store.rows import ParentRow
from runtime.store.transaction import Transaction
from runtime.store.verbs.end import close


def judge_tolerance(transaction: Transaction, parent: ParentRow, *, failed: bool = True) -> None:
    """Ask whether the step has failed too often; called after each child's end, with the counts as of then.

    ``failed``: whether that end was a failure. In a step that was retried the old failures of what was not opened
    again stop nothing: another end closes it only if it is the last one.
    """
    if parent.closing is not None or not parent.failed:
        return
    tolerance = parent.error_tolerance()
    if tolerance is None or not exceeded(tolerance, parent.counts):
        return
    if tolerance.failure_action is FailureAction.STOP_ALL:
        goes_on = parent.open or not parent.named
        if goes_on and not failed and _was_retried(transaction, parent):
            return
        close(transaction, parent, Closing.TOLERANCE, exceeded_text(tolerance, parent.counts))
    elif tolerance.failure_action is FailureAction.MARK_WARNING and not parent.warned:
        parent.warned = 1
        text = f"Warning: {exceeded_text(tolerance, parent.counts)}"
        transaction.connection.execute("UPDATE job SET error = ? WHERE id = ?", (text, parent.id))
        transaction.events.add("tolerance_warning", parent.run_id, parent.id, {"message": text})


def _was_retried(transaction: Transaction, parent: ParentRow) -> bool:
    found = transaction.connection.execute("SELECT epoch > 0 FROM job WHERE id = ?", (parent.id,)).fetchone()
    return bool(found[0])


def would_trip(parent: ParentRow, successes: int) -> bool:
    """Whether that many successes, not yet counted in the row, would use the step's tolerance up on the way."""
    if parent.closing is not None or parent.warned or not parent.failed:
        return False
    tolerance = parent.error_tolerance()
    if tolerance is None or tolerance.failure_action is FailureAction.CONTINUE:
        return False
    counts = msgspec.structs.replace(parent.counts, completed=parent.completed + successes)
    return exceeded_within(tolerance, counts, successes)
