"""Deletes an ended run, or a step or job of one: one small transaction marks it, and from then on nobody sees it.

The rows of a run or step go afterwards, slice by slice (``erase``). A job's go at once. The submit key of a run that
somebody deletes is free again; retention leaves it, so that what was submitted twice is not done twice.
"""

import msgspec

from actors.ids import id_text
from actors.job import JobState
from runtime.store.transaction import Transaction
from runtime.store.verbs.cancel import UnknownJobError
from runtime.store.verbs.erase import erase_job


class NotEndedError(ValueError):
    """What is to be deleted, or its run, has not ended."""


def delete(transaction: Transaction, job_id: int) -> int:
    """Mark it as deleted; returns how many jobs go.

    Raises:
        UnknownJobError: there is no such job, or it was deleted before.
        NotEndedError: it is open, or its run is.
    """
    transaction.flush()
    found = transaction.connection.execute(
        "SELECT kind, state, root_id FROM job WHERE id = ?", (job_id,)
    ).fetchone()
    if found is None or is_deleted(transaction, job_id):
        raise UnknownJobError(job_id)
    kind, state, run_id = found
    if not JobState(state).terminal:
        raise NotEndedError(f"{kind} {id_text(job_id)} is {state}, only what has ended can be deleted")
    run = transaction.parent(run_id)
    if not run.ended:
        raise NotEndedError(
            f"run {id_text(run_id)} is {run.state}, only what is of an ended run can be deleted"
        )
    transaction.events.add("job_deleted", run_id, job_id, {"kind": kind})
    if kind == "job":
        erase_job(transaction, job_id)
        return 1
    if kind == "run":
        transaction.connection.execute("DELETE FROM submit_key WHERE run_id = ?", (run_id,))
    return _mark(transaction, job_id)


def expire(transaction: Transaction, run_id: int, finished_at: int) -> None:
    """Mark an ended run as deleted because of its age. Its submit key lives on, from the run's end (Unix ms)."""
    transaction.connection.execute(
        "UPDATE submit_key SET ended_at = ? WHERE run_id = ?", (finished_at, run_id)
    )
    transaction.events.add("job_deleted", run_id, run_id, {"kind": "run", "reason": "retention"})
    _mark(transaction, run_id)


def is_deleted(transaction: Transaction, job_id: int) -> bool:
    """Whether the job, or what it belongs to, is marked as deleted and has rows only until they are erased."""
    found = transaction.connection.execute(
        "SELECT EXISTS (SELECT 1 FROM deletion WHERE id = ?1)"
        " OR EXISTS (SELECT 1 FROM deletion WHERE id = (SELECT parent_id FROM job WHERE id = ?1))",
        (job_id,),
    ).fetchone()
    return bool(found[0])


def _mark(transaction: Transaction, parent_id: int) -> int:
    """Of a run its steps too, so that what is below them is known by its parent; returns how many jobs are."""
    found = transaction.connection.execute(
        "SELECT json_group_array(json_array(id, total)) FROM parent WHERE (id = ?1 OR run_id = ?1)"
        " AND id NOT IN (SELECT id FROM deletion)",
        (parent_id,),
    ).fetchone()[0]
    marked = msgspec.json.decode(found, type=list[tuple[int, int]])
    transaction.connection.execute(
        "INSERT INTO deletion SELECT value ->> 0 FROM json_each(?)", (msgspec.json.encode(marked).decode(),)
    )
    transaction.deletions = True
    return sum(total for _, total in marked)
