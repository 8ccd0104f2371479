"""Cancels a run, a step or a job: one small transaction closes what is open; the sweep follows in slices."""

from actors.job import Closing, JobState, LogLevel
from actors.states import Cause
from runtime.store.moves import expect, moving
from runtime.store.transaction import Transaction
from runtime.store.verbs.end import close, close_run, settle_parent
from runtime.store.verbs.tolerate import judge_tolerance

_CANCEL = moving(Cause.CANCELLED, "finished_at = ?2, error = ?3", "id = ?1")


class UnknownJobError(LookupError):
    """There is no job with this id."""


def cancel(transaction: Transaction, job_id: int, reason: str) -> tuple[bool, JobState]:
    """Close the job and what is below it; returns whether that changed anything, and the job's state now.

    Raises:
        UnknownJobError: there is no such job.
    """
    transaction.flush()
    found = transaction.connection.execute(
        "SELECT kind, state, root_id FROM job WHERE id = ?", (job_id,)
    ).fetchone()
    if found is None:
        raise UnknownJobError(job_id)
    kind, state, run_id = found
    text = f"cancelled: {reason}" if reason else "cancelled"
    if JobState(state).terminal:
        return False, JobState(state)
    if kind == "job":
        return _cancel_job(transaction, job_id, text)
    parent = transaction.parent(job_id)
    told = len(transaction.cancelled_jobs)
    changed = parent.closing is None
    if kind == "run":
        close_run(transaction, parent, Closing.CANCEL, text)
    else:
        close(transaction, parent, Closing.CANCEL, text)
        settle_parent(transaction, parent)
    changed |= len(transaction.cancelled_jobs) > told
    if changed:
        transaction.log(run_id, job_id, LogLevel.WARNING, text)
    return changed, parent.state


def _cancel_job(transaction: Transaction, job_id: int, text: str) -> tuple[bool, JobState]:
    """A waiting job ends; a running one has its budget taken, so that its failure, told by the runtime, is its end."""
    state, parent_id, lane_id, run_id = transaction.connection.execute(
        "SELECT state, parent_id, lane_id, root_id FROM job WHERE id = ?", (job_id,)
    ).fetchone()
    parent = transaction.change_parent(transaction.parent(parent_id))
    if state == JobState.RUNNING:
        transaction.connection.execute(
            "UPDATE job SET cancel_reason = coalesce(cancel_reason, ?) WHERE id = ?", (text, job_id)
        )
        transaction.cancelled_jobs.append(job_id)
        return True, JobState.RUNNING
    if state == JobState.PENDING:
        if lane_id > 0:  # else it is paused, and out of its lane
            transaction.load_lanes((lane_id,))
            transaction.change_lane(transaction.lanes[lane_id]).pending -= 1
        parent.pending -= 1
    else:
        parent.scheduled -= 1
    parent.cancelled += 1
    expect(transaction.connection.execute(_CANCEL, (job_id, transaction.now_ms, text)), 1)
    transaction.events.status(run_id, JobState.CANCELLED, [job_id], parent_id=parent_id)
    judge_tolerance(transaction, parent, failed=False)
    settle_parent(transaction, parent)
    return True, JobState.CANCELLED
