"""Erases the rows of what is marked as deleted, a slice per commit, so that nobody waits long.

From below: the jobs of a step with their log lines and saves, then the step's lanes and the step, then the run. The
counts of a step go down with its rows, so that they agree at every commit; a process that dies leaves the mark, and
the next one goes on. Documents stay: they are the data, only the record of who saved them goes. So do the events, many
of whose rows are shared with other runs, until retention prunes them.
"""

from collections.abc import Callable, Sequence

import msgspec

from actors.job import JobState
from runtime.store.rows import ParentRow
from runtime.store.transaction import Transaction

BATCH = 100
"""Jobs erased by one statement."""
RECORDS = 1000
"""Log lines or saves erased by one statement."""

Left = Callable[[], bool]
"""Whether this slice may go on."""

_BELOW = "SELECT json_group_array(json_array(id, state)) FROM (SELECT id, state FROM job WHERE parent_id = ? LIMIT ?)"


def erase_some(transaction: Transaction, left: Left) -> bool:
    """Erase what is marked while the slice lasts; returns whether more is."""
    while True:
        found = transaction.connection.execute("SELECT id FROM deletion LIMIT 1").fetchone()
        if found is None:
            return False
        if not left():
            return True
        target = found[0]
        step = transaction.connection.execute(
            "SELECT id FROM job WHERE parent_id = ? AND kind = 'step' LIMIT 1", (target,)
        ).fetchone()
        _erase_parent(transaction, target if step is None else step[0])


def erase_job(transaction: Transaction, job_id: int) -> None:
    """Erase one job of an ended step with all that was recorded of it."""
    state, parent_id = transaction.connection.execute(
        "SELECT state, parent_id FROM job WHERE id = ?", (job_id,)
    ).fetchone()
    while not _erase_records(transaction, [job_id]):
        pass
    # Those of an attempt that was settled in this very transaction are not written yet.
    transaction.logs = [line for line in transaction.logs if line[1] != job_id]
    _erase_jobs(transaction, transaction.parent(parent_id), [(job_id, state)])


def _erase_parent(transaction: Transaction, parent_id: int) -> None:
    """A batch of what belongs to a step, or to a run without steps; the row itself comes last."""
    connection = transaction.connection
    found = connection.execute(_BELOW, (parent_id, BATCH)).fetchone()[0]
    jobs = msgspec.json.decode(found, type=list[tuple[int, JobState]])
    if not _erase_records(transaction, [job_id for job_id, _ in jobs] or [parent_id]):
        return
    if jobs:
        transaction.load_parents((parent_id,))
        _erase_jobs(transaction, transaction.parents.get(parent_id), jobs)
        return
    for some in (
        "DELETE FROM lane WHERE id IN (SELECT id FROM lane WHERE parent_id = ? LIMIT 200)",
        "DELETE FROM staged_page WHERE rowid IN (SELECT rowid FROM staged_page WHERE run_id = ? LIMIT 1)",
    ):
        if connection.execute(some, (parent_id,)).rowcount:
            return
    transaction.flush()
    connection.execute("DELETE FROM dependency WHERE step_id = ?1 OR needs_id = ?1", (parent_id,))
    connection.execute("DELETE FROM parent WHERE id = ?", (parent_id,))
    connection.execute("DELETE FROM job WHERE id = ?", (parent_id,))
    connection.execute("DELETE FROM deletion WHERE id = ?", (parent_id,))
    transaction.parents.pop(parent_id, None)
    transaction.touched.pop(parent_id, None)


def _erase_jobs(
    transaction: Transaction, parent: ParentRow | None, jobs: Sequence[tuple[int, JobState]]
) -> None:
    """The jobs' rows go and their parent, unless its row was lost, counts them no longer."""
    ids = msgspec.json.encode([job_id for job_id, _ in jobs]).decode()
    transaction.connection.execute("DELETE FROM job WHERE id IN (SELECT value FROM json_each(?))", (ids,))
    if parent is None:
        return
    transaction.count_parent(parent).total -= len(jobs)
    for _, state in jobs:
        if state == JobState.COMPLETED:
            parent.completed -= 1
        elif state == JobState.FAILED:
            parent.failed -= 1
        else:
            parent.cancelled -= 1


def _erase_records(transaction: Transaction, job_ids: Sequence[int]) -> bool:
    """Erase log lines and saves of the jobs, up to a number; returns whether that was all."""
    ids = msgspec.json.encode(job_ids).decode()
    for table in ("log_entry", "document_save"):
        erased = transaction.connection.execute(
            f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE job_id IN"
            " (SELECT value FROM json_each(?)) LIMIT ?)",
            (ids, RECORDS),
        ).rowcount
        if erased == RECORDS:
            return False
    return True
