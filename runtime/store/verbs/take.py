"""Takes the first pending jobs of lanes: reads them, verifies their checksums, marks them running under one token.

Lanes are read together, as many as give the same number; if a row among them is damaged, they are taken one by one,
and the damaged row's job ends without being run.
"""

from collections.abc import Sequence
from contextlib import suppress
from itertools import takewhile

import msgspec

from actors.job import JobState, LeasedJob
from actors.states import Cause
from runtime.store.checksum import job_checksum
from runtime.store.moves import IS_RUNNING, IS_WAITING, expect, moving
from runtime.store.rows import LaneRow, ParentRow
from runtime.store.transaction import Transaction
from runtime.store.verbs.damaged import end_damaged
from runtime.store.verbs.end import settle_parent

_ROW = """
SELECT CAST(json_group_array(json_array(job.id, ?1, job.parent_id, job.root_id, job.type, job.payload, job.name,
                                        job.attempt + 1, job.max_attempts, job.depth, job.backoff_ms, job.unique_key,
                                        job.crc)) AS BLOB)
"""
_FIRST = (
    f"SELECT first.id FROM job AS first WHERE first.lane_id = {{lane}} AND first.state {IS_WAITING}"
    " ORDER BY first.priority, first.depth, first.id LIMIT ?3"
)
_TAKE = f"{_ROW} FROM job WHERE id IN ({_FIRST.format(lane='?2')})"
TAKE_LANES = f"{_ROW} FROM json_each(?2) AS lane JOIN job ON job.id IN ({_FIRST.format(lane='lane.value')})"
_TAKE_ONE = f"{_ROW} FROM job WHERE id = ?2"
_LAST, _LAST_TRACED = "job.crc))", "job.crc, job.trace_context))"
_TAKE_IDS = _FIRST.format(lane="?1").replace("?3", "?2")
MARK = moving(
    Cause.LEASED,
    "attempt = attempt + 1, token = ?1, owner = ?2, lease_expires = ?3, started_at = coalesce(started_at, ?4)",
    "id IN (SELECT value FROM json_each(?5))",
)
_DEPTHS = f"SELECT depth FROM job WHERE lane_id = ? AND state {IS_WAITING} ORDER BY priority, depth LIMIT ?"
_ALL = -1
"""As a limit: every row."""

_taken = msgspec.json.Decoder(list[LeasedJob])
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError)


def take(transaction: Transaction, shares: Sequence[tuple[LaneRow, int]]) -> list[LeasedJob]:
    """Lease that many jobs of each lane."""
    if len(shares) > 1 and not any(transaction.parent(lane.parent_id).by_level for lane, _ in shares):
        together = _take_together(transaction, shares)
        if together is not None:
            return together
    return [job for lane, share in shares for job in _take_lane(transaction, lane, share)]


def _take_together(transaction: Transaction, shares: Sequence[tuple[LaneRow, int]]) -> list[LeasedJob] | None:
    """All lanes at once; None, and nothing done, if a row is not as it should be."""
    by_limit: dict[int, list[int]] = {}
    for lane, share in shares:
        by_limit.setdefault(share if share < lane.pending else _ALL, []).append(lane.id)
    token = transaction.next_token()
    rows: list[LeasedJob] = []
    try:
        for limit, lanes in by_limit.items():
            wanted = (token, msgspec.json.encode(lanes).decode(), limit)
            statement = _reading(transaction, TAKE_LANES)
            found = transaction.execute_long(statement, wanted, sum(share for _, share in shares)).fetchone()[
                0
            ]
            rows += _taken.decode(found)
    except _UNREADABLE:
        return None
    if len(rows) != sum(share for _, share in shares) or not all(map(_intact, rows)):
        return None
    by_parent: dict[int, list[int]] = {}
    for row in rows:
        by_parent.setdefault(row.step_id, []).append(row.id)
    _mark(transaction, token, [row.id for row in rows])
    for lane, share in shares:
        transaction.change_lane(lane).pending -= share
        lane.served = transaction.next_turn()
    for parent_id, ids in by_parent.items():
        _count(transaction, transaction.parent(parent_id), ids)
    return rows


def _take_lane(transaction: Transaction, lane: LaneRow, number: int) -> list[LeasedJob]:
    parent = transaction.parent(lane.parent_id)
    if parent.by_level:
        number = _of_one_level(transaction, lane, number)
        if not number:
            # Nothing has changed: whoever said so would look again at once, and again, until a shallower one ends.
            transaction.held_lanes.add(lane.id)
            return []
    token = transaction.next_token()
    good, damaged = _read(transaction, lane, number, token)
    transaction.change_lane(lane)
    for job_id in damaged:
        _end_damaged(transaction, parent, lane, job_id)
    if parent.closing is not None:
        good = []  # the damaged ones have used the tolerance up
    lane.served = transaction.next_turn()
    if good:
        ids = [row.id for row in good]
        _mark(transaction, token, ids)
        lane.pending -= len(ids)
        _count(transaction, parent, ids)
    return good


def _of_one_level(transaction: Transaction, lane: LaneRow, number: int) -> int:
    """How many of the lane's first jobs may start now: those of one level, while none runs that is shallower."""
    connection = transaction.connection
    running: int | None = connection.execute(
        f"SELECT min(depth) FROM job INDEXED BY job_leased WHERE parent_id = ? AND state {IS_RUNNING}",
        (lane.parent_id,),
    ).fetchone()[0]
    depths = [row[0] for row in connection.execute(_DEPTHS, (lane.id, number))]
    if not depths or (running is not None and depths[0] > running):
        return 0
    return sum(1 for _ in takewhile(lambda depth: depth == depths[0], depths))


def _mark(transaction: Transaction, token: int, ids: list[int]) -> None:
    context = transaction.context
    lease = (token, context.owner, transaction.boottime_ms + context.lease_ms, transaction.now_ms)
    expect(transaction.execute_long(MARK, (*lease, msgspec.json.encode(ids).decode()), len(ids)), len(ids))


def _count(transaction: Transaction, parent: ParentRow, ids: list[int]) -> None:
    transaction.count_parent(parent)
    parent.pending -= len(ids)
    parent.running += len(ids)
    transaction.events.status(parent.run_id, JobState.RUNNING, ids, parent_id=parent.id)
    settle_parent(transaction, parent)


def _reading(transaction: Transaction, statement: str) -> str:
    """The statement, reading the jobs' trace contexts too where runs are traced."""
    return statement.replace(_LAST, _LAST_TRACED) if transaction.context.traced else statement


def _intact(row: LeasedJob) -> bool:
    return row.crc == job_checksum(row.id, row.step_id, row.type, row.payload)


def _read(
    transaction: Transaction, lane: LaneRow, number: int, token: int
) -> tuple[list[LeasedJob], list[int]]:
    """The lane's first jobs, and the ids of those whose rows do not match their checksums."""
    connection = transaction.connection
    try:
        statement = _reading(transaction, _TAKE)
        found = transaction.execute_long(statement, (token, lane.id, number), number).fetchone()[0]
        rows = _taken.decode(found)
        known = [row.id for row in rows]
    except _UNREADABLE:
        # One row is no text any more: read them one by one.
        rows = []
        known = [row[0] for row in connection.execute(_TAKE_IDS, (lane.id, number)).fetchall()]
        for job_id in known:
            with suppress(*_UNREADABLE):
                one = connection.execute(_reading(transaction, _TAKE_ONE), (token, job_id))
                rows += _taken.decode(one.fetchone()[0])
    good = [row for row in rows if _intact(row)]
    intact = {row.id for row in good}
    return good, [job_id for job_id in known if job_id not in intact]


def _end_damaged(transaction: Transaction, parent: ParentRow, lane: LaneRow, job_id: int) -> None:
    """The row does not match its checksum: the job ends ``failed`` without being run."""
    lane.pending -= 1
    parent.pending -= 1
    end_damaged(transaction, parent, job_id)
