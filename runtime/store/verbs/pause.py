"""Pause and resume: nothing new below a paused run, step or job is leased; what runs goes on to its end.

A parent's pause is a bit in its row, which keeps its lanes from being ready and its children from being named. A run's
pause is a second bit of its steps, so that resuming it leaves a step that was paused by itself as it was. A paused job
leaves its lane: its ``lane_id`` is the negative of the lane's number. So leasing looks at nothing that is paused, and
pays nothing for it; such a job still is ``pending`` (or ``scheduled``) and counts as that.

Time limits go on while something is paused. The verbs are idempotent, and change nothing of what takes no more work.
"""

import msgspec

from actors.job import JobKind, JobState, LogLevel
from runtime.store.rows import ParentRow
from runtime.store.transaction import Transaction
from runtime.store.verbs.cancel import UnknownJobError
from runtime.store.verbs.children import add_pending, offer_lanes
from runtime.store.verbs.end import open_steps

ITSELF = 1
ITS_RUN = 2
"""Bits of ``parent.paused``."""


class Paused(msgspec.Struct, frozen=True):
    """What became of a pause or a resume. ``held``: resumed, and yet what is above it is paused."""

    changed: bool
    state: JobState
    held: bool = False


class _Found(msgspec.Struct, frozen=True):
    id: int
    kind: JobKind
    state: JobState
    run_id: int
    parent_id: int | None
    lane_id: int | None


def pause(transaction: Transaction, job_id: int) -> Paused:
    """Lease nothing new of the run, step or job from this commit on.

    Raises:
        UnknownJobError: there is no such job.
    """
    found = _find(transaction, job_id)
    if found.kind is JobKind.JOB:
        return _pause_job(transaction, found)
    parent = transaction.parent(job_id)
    if parent.ended or parent.closing is not None or parent.paused & ITSELF:
        return Paused(changed=False, state=parent.state)
    _set(transaction, parent, ITSELF)
    if found.kind is JobKind.RUN:
        for step in open_steps(transaction, job_id):
            _set(transaction, step, ITS_RUN)
    _record(transaction, found, "paused")
    return Paused(changed=True, state=parent.state)


def resume(transaction: Transaction, job_id: int) -> Paused:
    """Take the pause back; what is ready is leased in this commit.

    Raises:
        UnknownJobError: there is no such job.
    """
    found = _find(transaction, job_id)
    if found.kind is JobKind.JOB:
        return _resume_job(transaction, found)
    parent = transaction.parent(job_id)
    if parent.ended or not parent.paused & ITSELF:
        return Paused(changed=False, state=parent.state, held=not parent.ended and bool(parent.paused))
    freed = [parent]
    transaction.change_parent(parent).paused &= ~ITSELF
    if found.kind is JobKind.RUN:
        freed = open_steps(transaction, job_id)
        for step in freed:
            transaction.change_parent(step).paused &= ~ITS_RUN
    offer_lanes(transaction, [row.id for row in freed if not row.paused])
    _record(transaction, found, "resumed")
    return Paused(changed=True, state=parent.state, held=bool(parent.paused))


def _pause_job(transaction: Transaction, found: _Found) -> Paused:
    if found.parent_id is None or found.lane_id is None or found.lane_id < 0 or found.state.terminal:
        return Paused(changed=False, state=found.state)
    if transaction.parent(found.parent_id).closing is not None:
        return Paused(changed=False, state=found.state)
    transaction.load_lanes((found.lane_id,))
    lane = transaction.lanes.get(found.lane_id)
    if found.state is JobState.PENDING and lane is not None:
        transaction.change_lane(lane).pending -= 1
    _swap_lane(transaction, found)
    _record(transaction, found, "paused")
    return Paused(changed=True, state=found.state)


def _resume_job(transaction: Transaction, found: _Found) -> Paused:
    if found.parent_id is None or found.state.terminal:
        return Paused(changed=False, state=found.state)
    held = bool(transaction.parent(found.parent_id).paused)
    if found.lane_id is None or found.lane_id > 0:
        return Paused(changed=False, state=found.state, held=held)
    transaction.load_lanes((-found.lane_id,))
    lane = transaction.lanes.get(-found.lane_id)
    if found.state is JobState.PENDING and lane is not None:
        add_pending(transaction, lane, 1)
    _swap_lane(transaction, found)
    _record(transaction, found, "resumed")
    return Paused(changed=True, state=found.state, held=held)


def _swap_lane(transaction: Transaction, found: _Found) -> None:
    transaction.connection.execute("UPDATE job SET lane_id = -lane_id WHERE id = ?", (found.id,))


def _set(transaction: Transaction, parent: ParentRow, bit: int) -> None:
    transaction.change_parent(parent).paused |= bit


def _record(transaction: Transaction, found: _Found, word: str) -> None:
    data = {} if found.parent_id is None else {"parent_id": found.parent_id}
    transaction.events.add(f"job_{word}", found.run_id, found.id, data)
    transaction.log(found.run_id, found.id, LogLevel.INFO, word)


def _find(transaction: Transaction, job_id: int) -> _Found:
    transaction.flush()
    row = transaction.connection.execute(
        "SELECT id, kind, state, root_id, parent_id, lane_id FROM job WHERE id = ?", (job_id,)
    ).fetchone()
    if row is None:
        raise UnknownJobError(job_id)
    return _Found(row[0], JobKind(row[1]), JobState(row[2]), *row[3:])
