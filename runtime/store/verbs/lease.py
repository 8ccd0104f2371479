"""Leases ready work within the free slots: fairly among parents, and touching only the rows it takes.

Lanes are taken by (priority, served): up to ``TURN`` children of each per round, so that 10 000 live runs all move
while one run alone still gets whole batches. A step's first turn is shorter, so that many new ones all begin soon. A
lane whose jobs have a rate gives one job and waits for its time.
"""

from collections.abc import Mapping, Sequence

import msgspec

from actors.job import Closing, JobDefinition, LeasedJob, Step, StepStart
from runtime.store.checksum import intact
from runtime.store.newcomers import FIRST_TURN
from runtime.store.rows import LaneRow, ParentRow
from runtime.store.step_trace import step_trace
from runtime.store.transaction import Transaction
from runtime.store.verbs.begin import mark_running
from runtime.store.verbs.end import DAMAGED_TEXT, close, settle_parent
from runtime.store.verbs.take import take

TURN = 96
"""Children of one lane per round; turns of one cost the whole system a factor of three."""

LANES = 64
"""Lanes looked at per type and commit."""


def lease_jobs(transaction: Transaction, free: Mapping[str, int]) -> tuple[list[LeasedJob], set[str]]:
    """Lease up to ``free[type]`` jobs of each type; returns them, and the types that may have more ready."""
    transaction.flush_lanes()
    leased: list[LeasedJob] = []
    more: set[str] = set()
    for job_type, slots in free.items():
        if job_type in transaction.paused_types:
            continue
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
        limit = slots - len(leased)
        ids = _ready_steps(transaction, actions, limit)
        leased += filter(None, [_lease_start(transaction, transaction.parent(step_id)) for step_id in ids])
        if len(ids) < limit:
            break
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
    transaction.load_parents({transaction.parent(step_id).run_id for step_id in ids})
    return ids


def _lease_start(transaction: Transaction, parent: ParentRow) -> StepStart | None:
    if parent.naming != "ready":
        return None  # another of these steps was damaged, and its end closed this one
    step = intact(transaction.connection, parent.id, Step)
    definition = intact(transaction.connection, parent.run_id, JobDefinition)
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
        step=step,
        definition=definition,
        trace=step_trace(transaction.connection, parent.id) if transaction.context.traced else None,
    )


def _lease_type(transaction: Transaction, job_type: str, slots: int) -> tuple[list[LeasedJob], bool]:
    """Jobs of one type; and whether there may be ready lanes besides those looked at."""
    leased: list[LeasedJob] = []
    while True:
        held = len(transaction.held_lanes)
        limit = min(LANES, slots - len(leased))
        lanes = _ready_lanes(transaction, job_type, limit)
        transaction.context.newcomers.seen(job_type, lanes, more=len(lanes) == limit)
        leased += take(transaction, _share(transaction, lanes, slots - len(leased)))
        others = len(lanes) == limit
        # Lanes that wait for their shallower jobs must not keep those behind them from being looked at.
        if len(leased) >= slots or not others or len(transaction.held_lanes) == held:
            return leased, others or len(leased) == slots


def _ready_lanes(transaction: Transaction, job_type: str, limit: int) -> list[LaneRow]:
    """The next lanes in their order, without those that are known to give nothing in this transaction."""
    if transaction.held_lanes:
        excluded = msgspec.json.encode(list(transaction.held_lanes)).decode()
        transaction.flush_lanes()
        lanes = transaction.load_lanes_where(
            "id IN (SELECT id FROM lane WHERE type = ?1 AND ready = 1 AND id NOT IN (SELECT value FROM json_each(?3))"
            " ORDER BY priority, served LIMIT ?2)",
            (job_type, limit, excluded),
        )
    else:
        lanes = transaction.load_lanes_where(
            "id IN (SELECT id FROM lane WHERE type = ? AND ready = 1 ORDER BY priority, served LIMIT ?)",
            (job_type, limit),
        )
    lanes.sort(key=lambda lane: (lane.priority, lane.served, lane.id))
    return lanes


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
                parent.id, parent.concurrency - parent.running if parent.concurrency else slots
            )
            taken = shares.get(lane.id, 0)
            turn = TURN if taken or _begun(parent) else FIRST_TURN
            share = min(turn, slots, left, lane.pending - taken)
            if share <= 0 or parent.closing is not None:  # a damaged row of another type has just closed it
                continue
            if lane.rate_ms:
                if not _rate_allows(transaction, lane):
                    continue
                share = 1
            shares[lane.id] = taken + share
            room[parent.id] = left - share
            slots -= share
            if lane.pending > shares[lane.id] and not lane.rate_ms:
                rest.append(lane)
        active = rest
    return [(lane, shares[lane.id]) for lane in lanes if lane.id in shares]


def _begun(parent: ParentRow) -> bool:
    """Whether a child of it was ever taken."""
    return bool(parent.running or parent.completed or parent.failed)


def _rate_allows(transaction: Transaction, lane: LaneRow) -> bool:
    """Take the rate key's next start if it is due; otherwise the lane waits for it."""
    now = transaction.now_ms
    found = transaction.connection.execute(
        "SELECT started_at, longest_ms FROM rate WHERE key = ?", (lane.rate_key,)
    ).fetchone()
    started_at, longest_ms = found or (0, 0)
    # A start in the future was before the wall clock was set back: it must not hold the host until then.
    allowed = not started_at <= now < started_at + lane.rate_ms
    if allowed:
        started_at = now
    if allowed or longest_ms < lane.rate_ms:
        transaction.connection.execute(
            "INSERT OR REPLACE INTO rate (key, started_at, longest_ms) VALUES (?, ?, ?)",
            (lane.rate_key, started_at, max(longest_ms, lane.rate_ms)),
        )
    transaction.change_lane(lane).not_before = started_at + lane.rate_ms
    transaction.timed = True
    return allowed
