"""The beginning of runs and steps: what makes them ``running``, and how one that was reopened goes on."""

from actors.job import JobState
from actors.states import Cause
from runtime.store.rows import ParentRow
from runtime.store.transaction import Transaction
from runtime.store.verbs.children import offer_lanes


def mark_running(transaction: Transaction, parent: ParentRow) -> None:
    """The first lease of a step's naming makes the step, and the run if it is its first, ``running``."""
    for row in (transaction.parent(parent.run_id), parent):
        if row.state is JobState.PENDING:
            transaction.transition(row, Cause.BEGUN)
            if row.timeout_ms:
                row.deadline = transaction.now_ms + row.timeout_ms
                transaction.timed = True


def go_on(transaction: Transaction, parent: ParentRow) -> None:
    """The step has begun before a retry made it wait: its children are leased from this commit on."""
    transaction.change_parent(parent)
    if parent.open:
        mark_running(transaction, parent)
        offer_lanes(transaction, (parent.id,))
