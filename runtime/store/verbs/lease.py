"""Leases ready work within the free slots: fairly among parents, and touching only the rows it takes.

Lanes are taken by (priority, served): up to ``TURN`` children of each per round, so that 10 000 live runs all move
while one run alone still gets whole batches. A lane whose jobs have a rate gives one job and waits for its time.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress

import msgspec

from actors.job import AttemptError, Closing, JobDefinition, JobState, LeasedJob, LogLevel, Step, StepStart
from runtime.store.checksum import intact_payload, job_checksum
from runtime.store.rows import LaneRow, ParentRow
from runtime.store.transaction import Transaction
from runtime.store.verbs.end import DAMAGED_TEXT, close, judge_tolerance, settle_parent

TURN = 32
"""Children of one lane per round; turns of one cost the whole system a factor of three."""

LANES = 64
"""Lanes looked at per type and commit."""

_TAKE = """
SELECT CAST(json_group_array(json_array(id, ?1, parent_id, root_id, type, payload, name, attempt + 1, max_attempts,
                                        depth, backoff_ms, unique_key, crc)) AS BLOB)
FROM (SELECT * FROM job WHERE lane_id = ?2 AND state = 'pending' ORDER BY priority, depth, id LIMIT ?3)
"""
MARK = """
UPDATE job SET state = 'running', attempt = attempt + 1, token = ?1, owner = ?2, lease_expires = ?3,
               started_at = coalesce(started_at, ?4)
WHERE id IN (SELECT value FROM json_each(?5)) AND state = 'pending'
"""


_taken = msgspec.json.Decoder(list[LeasedJob])
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError)
_TAKE_IDS = "SELECT id FROM job WHERE lane_id = ? AND state = 'pending' ORDER BY priority, depth, id LIMIT ?"
_TAKE_ONE = _TAKE[: _TAKE.index("FROM")] + "FROM job WHERE id = ?2"


def lease_jobs(transaction: Transaction, free: Mapping[str, int]) -> tuple[list[LeasedJob], set[str]]:
    """Lease up to ``free[type]`` jobs of each type; returns them, and the types that may have more ready."""
    transaction.flush()
    leased: list[LeasedJob] = []
    more: set[str] = set()
    for job_type, slots in free.items():
        if slots <= 0:
            more.add(job_type)
            continue
        taken, others = _lease_type(transaction, job_type, slots)
        leased.extend(taken)
        if others:
            more.add(job_type)
    return leased, more


def lease_starts(transaction: Transaction, actions: Sequence[str], slots: int) -> list[StepStart]:
    """Lease up to ``slots`` steps whose next page of children is to be named; fewer only if no more are ready."""
    leased: list[StepStart] = []
    while actions and len(leased) < slots:
        ids = _ready_steps(transaction, actions, slots - len(leased))
        if not ids:
            break
        leased += filter(None, [_lease_start(transaction, transaction.parent(step_id)) for step_id in ids])
    return leased


def _ready_steps(transaction: Transaction, actions: Sequence[str], limit: int) -> list[int]:
    transaction.flush()
    found = transaction.connection.execute(
        "SELECT json_group_array(id) FROM (SELECT id FROM parent WHERE naming = 'ready' AND action IN"
        " (SELECT value FROM json_each(?)) AND naming_at <= ? AND paused = 0 ORDER BY priority, served LIMIT ?)",
        (msgspec.json.encode(actions).decode(), transaction.now_ms, limit),
    ).fetchone()[0]
    ids = msgspec.json.decode(found, type=list[int])
    transaction.load_parents(ids)
    return ids


def _lease_start(transaction: Transaction, parent: ParentRow) -> StepStart | None:
    if parent.naming != "ready":
        return None  # another of these steps was damaged, and its end closed this one
    step = intact_payload(transaction.connection, parent.id)
    definition = intact_payload(transaction.connection, parent.run_id)
    if step is None or definition is None:
        close(transaction, parent, Closing.FAILED, DAMAGED_TEXT)
        settle_parent(transaction, parent)
        return None
    mark_running(transaction, parent)
    transaction.change_parent(parent)
    parent.naming = "leased"
    parent.naming_owner = transaction.context.owner
    parent.naming_attempt += 1
    parent.token = transaction.next_token()
    parent.served = transaction.next_turn()
    return StepStart(
        step_id=parent.id,
        run_id=parent.run_id,
        token=parent.token,
        cursor=parent.cursor,
        attempt=parent.naming_attempt,
        step=msgspec.json.decode(step, type=Step),
        definition=msgspec.json.decode(definition, type=JobDefinition),
    )


def mark_running(transaction: Transaction, parent: ParentRow) -> None:
    """The first lease of a step's naming makes the step, and the run if it is its first, ``running``."""
    for row in (transaction.parent(parent.run_id), parent):
        if row.state is JobState.PENDING:
            transaction.transition(row, JobState.RUNNING)


def _lease_type(transaction: Transaction, job_type: str, slots: int) -> tuple[list[LeasedJob], bool]:
    """Jobs of one type; and whether there may be ready lanes besides those looked at."""
    limit = min(LANES, slots)
    lanes = transaction.load_lanes_where(
        "id IN (SELECT id FROM lane WHERE type = ? AND ready = 1 ORDER BY priority, served LIMIT ?)",
        (job_type, limit),
    )
    lanes.sort(key=lambda lane: (lane.priority, lane.served))
    shares = _share(transaction, lanes, slots)
    leased: list[LeasedJob] = []
    for lane, share in shares:
        leased.extend(_take(transaction, lane, share))
    return leased, len(lanes) == limit or len(leased) == slots


def _share(transaction: Transaction, lanes: list[LaneRow], slots: int) -> list[tuple[LaneRow, int]]:
    """How many to take of each lane: rounds of ``TURN`` until the slots or the lanes are used up."""
    shares: dict[int, int] = {}
    room: dict[int, int] = {}  # per parent, what its concurrency leaves
    active = list(lanes)
    while slots > 0 and active:
        rest: list[LaneRow] = []
        for lane in active:
            parent = transaction.parent(lane.parent_id)
            left = room.setdefault(
                parent.id, parent.concurrency - parent.running if parent.concurrency else 1 << 30
            )
            taken = shares.get(lane.id, 0)
            share = min(TURN, slots, left, lane.pending - taken)
            if share <= 0:
                continue
            if lane.rate_ms:
                if taken or not _rate_allows(transaction, lane):
                    continue
                share = 1
            shares[lane.id] = taken + share
            room[parent.id] = left - share
            slots -= share
            if lane.pending > shares[lane.id] and not lane.rate_ms:
                rest.append(lane)
        active = rest
    return [(lane, shares[lane.id]) for lane in lanes if lane.id in shares]


def _rate_allows(transaction: Transaction, lane: LaneRow) -> bool:
    """Take the rate key's next start if it is due; otherwise the lane waits for it."""
    now = transaction.now_ms
    found = transaction.connection.execute(
        "SELECT started_at FROM rate WHERE key = ?", (lane.rate_key,)
    ).fetchone()
    started_at = found[0] if found else 0
    # A start in the future was before the wall clock was set back: it must not hold the host until then.
    allowed = not started_at <= now < started_at + lane.rate_ms
    if allowed:
        started_at = now
        transaction.connection.execute("INSERT OR REPLACE INTO rate VALUES (?, ?)", (lane.rate_key, now))
    transaction.change_lane(lane).not_before = started_at + lane.rate_ms
    transaction.timed = True
    return allowed


def _take(transaction: Transaction, lane: LaneRow, number: int) -> list[LeasedJob]:
    connection, context = transaction.connection, transaction.context
    token = transaction.next_token()
    good, damaged = _read(transaction, lane, number, token)
    parent = transaction.change_parent(transaction.parent(lane.parent_id))
    transaction.change_lane(lane)
    for job_id in damaged:
        _end_damaged(transaction, parent, lane, job_id)
    if parent.closing is not None:
        good = []  # the damaged ones have used the tolerance up
    lane.served = transaction.next_turn()
    if not good:
        return []
    ids = [row.id for row in good]
    marked = connection.execute(
        MARK,
        (
            token,
            context.owner,
            transaction.boottime_ms + context.lease_ms,
            transaction.now_ms,
            msgspec.json.encode(ids).decode(),
        ),
    ).rowcount
    if marked != len(ids):
        raise RuntimeError(
            f"{len(ids) - marked} of {len(ids)} jobs of lane {lane.id} changed inside the transaction"
        )
    lane.pending -= len(ids)
    parent.pending -= len(ids)
    parent.running += len(ids)
    transaction.events.status(parent.run_id, JobState.RUNNING, ids, parent_id=parent.id)
    settle_parent(transaction, parent)
    return good


def _read(
    transaction: Transaction, lane: LaneRow, number: int, token: int
) -> tuple[list[LeasedJob], list[int]]:
    """The lane's first jobs, and the ids of those whose rows do not match their checksums."""
    connection = transaction.connection
    try:
        rows = _taken.decode(connection.execute(_TAKE, (token, lane.id, number)).fetchone()[0])
        known = [row.id for row in rows]
    except _UNREADABLE:
        # One row is no text any more: read them one by one.
        rows = []
        known = [row[0] for row in connection.execute(_TAKE_IDS, (lane.id, number)).fetchall()]
        for job_id in known:
            with suppress(*_UNREADABLE):
                rows += _taken.decode(connection.execute(_TAKE_ONE, (token, job_id)).fetchone()[0])
    good = [row for row in rows if row.crc == job_checksum(row.id, row.step_id, row.type, row.payload)]
    intact = {row.id for row in good}
    return good, [job_id for job_id in known if job_id not in intact]


def _end_damaged(transaction: Transaction, parent: ParentRow, lane: LaneRow, job_id: int) -> None:
    """The row does not match its checksum: the job ends ``failed`` without being run."""
    error = AttemptError("DamagedRowError", DAMAGED_TEXT, at_ms=transaction.now_ms)
    transaction.connection.execute(
        "UPDATE job SET state = 'failed', finished_at = ?, error = ?, errors = ? WHERE id = ?",
        (transaction.now_ms, DAMAGED_TEXT, msgspec.json.encode([error]).decode(), job_id),
    )
    lane.pending -= 1
    parent.pending -= 1
    parent.failed += 1
    transaction.log(parent.run_id, job_id, LogLevel.ERROR, DAMAGED_TEXT)
    transaction.events.status(
        parent.run_id, JobState.FAILED, [job_id], parent_id=parent.id, error=DAMAGED_TEXT
    )
    judge_tolerance(transaction, parent)
    settle_parent(transaction, parent)
