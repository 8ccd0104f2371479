"""Leases that come back: of dead owners, of frozen ones whose time is over, and those given back by this runtime.

The attempt is not consumed: it counts in ``lost``, and a job that was lost too often ends ``failed``.
"""

import sqlite3

import msgspec

from actors.job import AttemptError, JobState, LogLevel
from actors.states import Cause
from runtime.store.moves import IS_RUNNING, expect, moving
from runtime.store.rows import ParentRow
from runtime.store.transaction import Transaction
from runtime.store.verbs.children import queue_again
from runtime.store.verbs.damaged import LANELESS_TEXT, end_damaged
from runtime.store.verbs.end import settle_parent
from runtime.store.verbs.own import leave
from runtime.store.verbs.tolerate import judge_tolerance

_LEASED = (
    f"SELECT id, parent_id, lane_id, lost, attempt, cancel_reason FROM job WHERE state {IS_RUNNING} AND "
)
_STOP = moving(
    Cause.STOPPED,
    "token = ?2, lost = ?3, finished_at = ?4, owner = NULL, lease_expires = NULL, error = coalesce(error, ?5)",
    "id = ?1",
)
_AGAIN = "token = ?2, lost = ?3, attempt = attempt - 1, owner = NULL, lease_expires = NULL"
_LOSE = moving(Cause.LOST, _AGAIN, "id = ?1")
_RETURN = moving(Cause.GIVEN_BACK, _AGAIN, "id = ?1")
_GIVE_UP = moving(
    Cause.LOST_TOO_OFTEN,
    "token = ?2, lost = ?3, finished_at = ?4, owner = NULL, lease_expires = NULL, error = ?5,"
    " errors = json_insert(coalesce(errors, '[]'), '$[#]', json(?6))",
    "id = ?1",
)


def other_owners(connection: sqlite3.Connection, own: int) -> list[int]:
    """The owners on record besides this one."""
    return [row[0] for row in connection.execute("SELECT id FROM owner WHERE id <> ? ORDER BY id", (own,))]


def bury_owner(transaction: Transaction, owner: int) -> int:
    """The owner is dead (its lock could be taken): give back all it held and forget it; returns how many jobs."""
    given = give_back(transaction, "owner = ?", (owner,), "its runtime died", lost=True)
    _free_namings(transaction, "naming_owner = ?", (owner,))
    leave(transaction.connection, owner)
    return given


def expire_leases(transaction: Transaction) -> int:
    """Give back what other owners hold beyond its time; leases of another boot are over. Never this runtime's own."""
    own, boot = transaction.context.owner, transaction.context.boot_id
    given = 0
    for owner, boot_id, heartbeat in transaction.connection.execute(
        "SELECT id, boot_id, heartbeat FROM owner WHERE id <> ?", (own,)
    ).fetchall():
        over = boot_id != boot
        condition = "owner = ?" if over else "owner = ? AND lease_expires < ?"
        parameters = (owner,) if over else (owner, transaction.boottime_ms)
        given += give_back(transaction, condition, parameters, "its lease ran out", lost=True)
        if over or heartbeat + transaction.context.lease_ms < transaction.boottime_ms:
            _free_namings(transaction, "naming_owner = ?", (owner,))
    return given


def give_back(
    transaction: Transaction, condition: str, parameters: tuple[object, ...], reason: str, *, lost: bool
) -> int:
    """Hand back running jobs that meet the condition, under a new token so that the old attempt is refused."""
    rows = transaction.connection.execute(_LEASED + condition, parameters).fetchall()
    if not rows:
        return 0
    transaction.load_lanes({abs(row[2] or 0) for row in rows})
    returned: dict[int, list[int]] = {}  # by parent; told of together, but before what may close the parent
    token = transaction.next_token()
    for job_id, parent_id, lane_id, lost_before, attempt, cancel_reason in rows:
        parent = transaction.change_parent(transaction.parent(parent_id))
        parent.running -= 1
        times = lost_before + lost
        stopped = parent.closing is not None or cancel_reason is not None
        damaged = abs(lane_id or 0) not in transaction.lanes
        spent = times > transaction.context.max_lost
        if (stopped or damaged or spent) and parent_id in returned:
            _tell_returned(transaction, parent, returned.pop(parent_id), reason)
        if stopped:
            parent.cancelled += 1
            values = (job_id, token, times, transaction.now_ms, parent.reason or cancel_reason)
            expect(transaction.connection.execute(_STOP, values), 1)
            transaction.events.status(parent.run_id, JobState.CANCELLED, [job_id], parent_id=parent_id)
            judge_tolerance(transaction, parent, failed=False)
        elif damaged:
            end_damaged(transaction, parent, job_id, LANELESS_TEXT)
        elif spent:
            _give_up(transaction, parent, job_id, token=token, times=times, attempt=attempt)
        else:
            parent.pending += 1
            queue_again(transaction, lane_id)
            again = _LOSE if lost else _RETURN
            expect(transaction.connection.execute(again, (job_id, token, times)), 1)
            returned.setdefault(parent_id, []).append(job_id)
        transaction.log(
            parent.run_id, job_id, LogLevel.WARNING, f"attempt {attempt} was given back: {reason}"
        )
    for parent_id, ids in returned.items():
        _tell_returned(transaction, transaction.parent(parent_id), ids, reason)
    for parent_id in {row[1] for row in rows}:
        settle_parent(transaction, transaction.parent(parent_id))
    return len(rows)


def _tell_returned(transaction: Transaction, parent: ParentRow, ids: list[int], reason: str) -> None:
    transaction.events.status(parent.run_id, JobState.PENDING, ids, parent_id=parent.id, reason=reason)


def _give_up(
    transaction: Transaction, parent: ParentRow, job_id: int, *, token: int, times: int, attempt: int
) -> None:
    """The job was lost too often: it ends ``failed``, as if it killed its runtimes itself."""
    text = f"given up: the attempt was lost {times} times with its runtime"
    error = AttemptError("LostTooOftenError", text, attempt=attempt, at_ms=transaction.now_ms)
    parent.failed += 1
    values = (job_id, token, times, transaction.now_ms, text, msgspec.json.encode(error).decode())
    expect(transaction.connection.execute(_GIVE_UP, values), 1)
    transaction.events.status(parent.run_id, JobState.FAILED, [job_id], parent_id=parent.id, error=text)
    judge_tolerance(transaction, parent)


def give_back_own(
    transaction: Transaction, parent_id: int | None, reason: str, *, namings_only: bool = False
) -> int:
    """Give back this runtime's leases, below one run or step or all; not counted as lost."""
    own = transaction.context.owner
    if parent_id is None:
        _free_namings(transaction, "naming_owner = ?", (own,))
        if namings_only:
            return 0
        return give_back(transaction, "owner = ?", (own,), reason, lost=False)
    return give_back(
        transaction, "owner = ? AND ? IN (parent_id, root_id)", (own, parent_id), reason, lost=False
    )


def give_back_after(transaction: Transaction, token: int) -> None:
    """Give back what this runtime leased after that token: the commits that leased it were not answered.

    Nobody was told of these leases, so nobody works on them, and no living owner would ever let them expire.
    """
    own = transaction.context.owner
    reason = "the commit that leased it was not answered"
    give_back(transaction, "owner = ? AND token > ?", (own, token), reason, lost=False)
    _free_namings(transaction, "naming_owner = ? AND token > ?", (own, token))


def _free_namings(transaction: Transaction, condition: str, parameters: tuple[object, ...]) -> None:
    for row in transaction.connection.execute(
        f"SELECT id FROM parent WHERE naming = 'leased' AND {condition}", parameters
    ).fetchall():
        parent = transaction.parent(row[0])
        if parent.naming != "leased":
            continue  # settled or closed earlier in this transaction, which is not written yet
        transaction.change_parent(parent)
        parent.naming = "ready"
        parent.naming_owner = None
        parent.naming_attempt = max(parent.naming_attempt - 1, 0)
        parent.token = transaction.next_token()
