"""Jobs whose rows are damaged: each ends by itself, and stops nothing else."""

import msgspec

from actors.job import AttemptError, JobState, LogLevel
from actors.states import Cause
from runtime.store.moves import expect, moving
from runtime.store.rows import ParentRow
from runtime.store.transaction import Transaction
from runtime.store.verbs.end import DAMAGED_TEXT, settle_parent
from runtime.store.verbs.tolerate import judge_tolerance

LANELESS_TEXT = "the job's row is damaged: there is no lane of its number; it can not be run again"

_END_DAMAGED = moving(
    Cause.DAMAGED,
    "token = ?5, finished_at = ?2, error = ?3, errors = ?4, owner = NULL, lease_expires = NULL",
    "id = ?1",
)


def end_damaged(transaction: Transaction, parent: ParentRow, job_id: int, text: str = DAMAGED_TEXT) -> None:
    """End a job whose row is damaged: ``failed``, without being run; its old state is no longer counted.

    It gets a new token: an attempt of it that still runs is refused.
    """
    error = AttemptError("DamagedRowError", text, at_ms=transaction.now_ms)
    values = (
        job_id,
        transaction.now_ms,
        text,
        msgspec.json.encode([error]).decode(),
        transaction.next_token(),
    )
    expect(transaction.connection.execute(_END_DAMAGED, values), 1)
    transaction.change_parent(parent).failed += 1
    transaction.log(parent.run_id, job_id, LogLevel.ERROR, text)
    transaction.events.status(parent.run_id, JobState.FAILED, [job_id], parent_id=parent.id, error=text)
    judge_tolerance(transaction, parent)
    settle_parent(transaction, parent)
