"""Opens what has ended again, in a new epoch: rows, counts, lanes, who waits for whom, and the events of it.

Set-based: a step's children are found, changed and reported by one statement each, however many they are. Errors of
earlier attempts are kept as history, and so are tokens: an attempt of an old epoch is refused as any stale one.
"""

from collections import Counter
from collections.abc import Sequence

import msgspec

from actors.job import JobKind, JobState
from actors.states import Cause
from runtime.store.moves import expect, moving, state_after
from runtime.store.rows import ParentRow
from runtime.store.transaction import Transaction
from runtime.store.verbs.children import add_pending
from runtime.store.verbs.condition import SKIPPED
from runtime.store.verbs.end import settle_parent, start_steps

REOPENED = "job_reopened"

_FIND = """
SELECT json_group_array(json_array(id, lane, epoch, state)) FROM (
    SELECT job.id, lane.id AS lane, job.epoch, job.state FROM job JOIN lane ON lane.id = abs(job.lane_id)
    WHERE {which} = ?1 AND job.state IN (SELECT value FROM json_each(?2)) ORDER BY job.id)
"""
_REOPEN = {
    kind: moving(
        Cause.REOPENED,
        "epoch = epoch + 1, attempt = 0, lost = 0, lane_id = abs(lane_id), not_before = NULL, started_at = NULL,"
        " finished_at = NULL, error = NULL, cancel_reason = NULL",
        "id IN (SELECT value FROM json_each(?))",
        kind=kind,
    )
    for kind in (JobKind.STEP, JobKind.JOB)
}
"""A run is reopened as its steps are."""
_EPOCHS = (
    "SELECT json_group_array(json_array(id, epoch)) FROM job WHERE id IN (SELECT value FROM json_each(?))"
)
_WAITING = (
    "SELECT json_group_array(step_id) FROM dependency WHERE needs_id IN (SELECT value FROM json_each(?))"
)


class Ended(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An ended job that may be opened again."""

    id: int
    lane_id: int
    epoch: int
    state: JobState


_found = msgspec.json.Decoder(list[Ended])


def ended_jobs(transaction: Transaction, step_id: int, states: Sequence[JobState]) -> list[Ended]:
    """The step's jobs in these states; those whose rows are damaged and have no lane are not among them."""
    return _read(transaction, _FIND.format(which="job.parent_id"), step_id, states)


def ended_job(transaction: Transaction, job_id: int, states: Sequence[JobState]) -> list[Ended]:
    """That one job, if it is among those."""
    return _read(transaction, _FIND.format(which="job.id"), job_id, states)


def _read(transaction: Transaction, statement: str, number: int, states: Sequence[JobState]) -> list[Ended]:
    parameters = (number, msgspec.json.encode(states).decode())
    return _found.decode(transaction.connection.execute(statement, parameters).fetchone()[0])


def reopen(transaction: Transaction, run: ParentRow, steps: Sequence[tuple[ParentRow, list[Ended]]]) -> None:
    """Open the ended run, these steps and these jobs of theirs again; what is ready is leased in this commit."""
    rows = [row for row, _ in steps]
    _reopen_parents(transaction, run, rows)
    for row, jobs in steps:
        _reopen_jobs(transaction, row, jobs)
    _let_wait(transaction, {run.id, *(row.id for row in rows)})
    start_steps(transaction, [row.id for row in rows if not row.waiting])
    for row in rows:  # one with nothing left to do ends as its children did
        settle_parent(transaction, row)


def _reopen_parents(transaction: Transaction, run: ParentRow, steps: Sequence[ParentRow]) -> None:
    ids = _encoded([run.id, *(row.id for row in steps)])
    found = transaction.connection.execute(_EPOCHS, (ids,)).fetchone()[0]
    epochs = dict(msgspec.json.decode(found, type=list[tuple[int, int]]))
    expect(transaction.connection.execute(_REOPEN[JobKind.STEP], (ids,)), 1 + len(steps))
    for row in (run, *steps):
        transaction.change_parent(row)
        row.state = state_after(Cause.REOPENED, JobKind(row.kind))
        row.paused = row.warned = row.naming_attempt = row.naming_at = 0
        if (row.reason or "").startswith(SKIPPED):
            row.named = 0  # it is judged again
        row.closing = row.reason = row.deadline = None
        above = {} if row is run else {"parent_id": run.id}
        transaction.events.add(REOPENED, run.id, row.id, {"epoch": epochs[row.id] + 1, **above})
        transaction.events.status(run.id, JobState.PENDING, [row.id], **above)
    run.open_steps = len(steps)


def _reopen_jobs(transaction: Transaction, step: ParentRow, jobs: list[Ended]) -> None:
    if not jobs:
        return
    ids = [job.id for job in jobs]
    expect(transaction.execute_long(_REOPEN[JobKind.JOB], (_encoded(ids),), len(ids)), len(ids))
    failed = sum(job.state is JobState.FAILED for job in jobs)
    step.failed -= failed
    step.cancelled -= len(jobs) - failed
    step.pending += len(jobs)
    lanes = Counter(job.lane_id for job in jobs)
    transaction.load_lanes(lanes)
    for lane_id, number in lanes.items():
        add_pending(transaction, transaction.lanes[lane_id], number)
    by_epoch: dict[int, list[int]] = {}
    for job in jobs:
        by_epoch.setdefault(job.epoch + 1, []).append(job.id)
    for epoch, reopened in by_epoch.items():
        transaction.events.add_many(REOPENED, step.run_id, reopened, {"epoch": epoch, "parent_id": step.id})
    transaction.events.status(step.run_id, JobState.PENDING, ids, parent_id=step.id)


def _let_wait(transaction: Transaction, reopened: set[int]) -> None:
    """Whoever waits for what is open again waits once more, also in another run; no page of it is taken meanwhile."""
    found = transaction.connection.execute(_WAITING, (_encoded(sorted(reopened)),)).fetchone()[0]
    for step_id in msgspec.json.decode(found, type=list[int]):
        row = transaction.change_parent(transaction.parent(step_id))
        row.waiting += 1
        row.naming, row.naming_owner = "idle", None


def _encoded(ids: list[int]) -> str:
    return msgspec.json.encode(ids).decode()
