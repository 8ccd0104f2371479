"""The waiting children of a closing parent become ``cancelled``, a slice per commit, so that nobody waits long."""

import msgspec

from actors.job import JobState
from actors.states import Cause
from runtime.store.moves import IS_TIMED, IS_WAITING, PARENT_IS_OPEN, expect, moving
from runtime.store.transaction import Transaction
from runtime.store.verbs.end import settle_parent

SLICE = 2000
"""Children cancelled in one transaction."""

# Through the lanes and the index of what is due: those that have ended, maybe a million, are not looked at.
_WAITING = f"""
SELECT json_group_array(json_array(id, state, lane_id)) FROM (
    SELECT job.id, job.state, job.lane_id FROM lane CROSS JOIN job INDEXED BY job_ready ON job.lane_id = lane.id
    WHERE lane.parent_id = ?1 AND job.state {IS_WAITING}
    UNION ALL
    SELECT job.id, job.state, job.lane_id FROM lane CROSS JOIN job INDEXED BY job_ready ON job.lane_id = -lane.id
    WHERE lane.parent_id = ?1 AND job.state {IS_WAITING}
    UNION ALL
    SELECT id, state, lane_id FROM job INDEXED BY job_due WHERE state {IS_TIMED} AND parent_id = ?1
    LIMIT ?2)
"""
_CANCEL = moving(
    Cause.SWEPT,
    "finished_at = ?, error = coalesce(error, ?)",
    "id IN (SELECT value ->> 0 FROM json_each(?))",
)


def closing_parents(transaction: Transaction) -> list[int]:
    """Closing parents that still have waiting children, whoever closed them."""
    found = transaction.connection.execute(
        f"SELECT json_group_array(id) FROM parent WHERE closing IS NOT NULL AND state {PARENT_IS_OPEN}"
        " AND pending + scheduled > 0"
    ).fetchone()[0]
    return msgspec.json.decode(found, type=list[int])


def sweep_parent(transaction: Transaction, parent_id: int) -> None:
    """Cancel a slice of the parent's waiting children; ``transaction.unsweeped`` keeps it while more wait."""
    if not transaction.exists(parent_id):
        return  # another runtime has swept it, and it was deleted since
    parent = transaction.parent(parent_id)
    if parent.ended or parent.closing is None:
        return
    rows = msgspec.json.decode(
        transaction.connection.execute(_WAITING, (parent_id, SLICE)).fetchone()[0],
        type=list[tuple[int, str, int | None]],
    )
    if not rows:
        return
    values = (transaction.now_ms, parent.reason, msgspec.json.encode(rows).decode())
    expect(transaction.connection.execute(_CANCEL, values), len(rows))
    transaction.load_lanes({lane_id for _, _, lane_id in rows if lane_id and lane_id > 0})
    transaction.change_parent(parent)
    for _, state, lane_id in rows:
        if state == JobState.PENDING:
            if lane_id and lane_id > 0:  # else it is paused, and out of its lane
                transaction.change_lane(transaction.lanes[lane_id]).pending -= 1
            parent.pending -= 1
        else:
            parent.scheduled -= 1
    parent.cancelled += len(rows)
    ids = [job_id for job_id, _, _ in rows]
    transaction.events.status(parent.run_id, JobState.CANCELLED, ids, parent_id=parent_id)
    if parent.pending or parent.scheduled:
        transaction.unsweeped.add(parent_id)
    settle_parent(transaction, parent)
