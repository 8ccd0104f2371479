"""Child rows: admitted by unique key and by the step's limit, inserted together, counted as inserted."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from actors.ids import id_text
from actors.job import ChildSpec, JobState
from actors.states import Cause
from runtime.store.checksum import job_checksum
from runtime.store.context import DEFAULT_MAX_ATTEMPTS
from runtime.store.logs import NUL_SHOWN
from runtime.store.moves import state_after
from runtime.store.rows import LaneRow, ParentRow
from runtime.store.transaction import Transaction

_INSERT = """
INSERT INTO job (id, root_id, parent_id, kind, type, name, state, max_attempts, priority, depth, lane_id, spawned_by,
                 unique_key, payload, crc, not_before, backoff_ms, created_at)
SELECT value ->> 0, ?1, ?2, 'job', value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
       value ->> 7, ?3, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, ?4
FROM json_each(?5)
"""


class MissingPageError(LookupError):
    """A staged page that a step was to name is not there."""


class _StagedRow(msgspec.Struct, array_like=True, gc=False):
    id: int
    payload: str
    crc: int
    unique_key: str | None


_staged = msgspec.json.Decoder(list[_StagedRow])


def insert_children(
    transaction: Transaction, parent: ParentRow, specs: Sequence[ChildSpec], spawned_by: int | None
) -> list[int]:
    """Insert the children that are admitted; returns their ids. The caller has seen that the parent is open."""
    transaction.flush_children()
    admitted = _admitted(transaction, parent, specs)
    if not admitted:
        return []
    identities: list[int] = []
    for start in range(0, len(admitted), 1000):
        identities.extend(transaction.context.ids.block(min(1000, len(admitted) - start)))
    rows = []
    for child_id, spec in zip(identities, admitted, strict=True):
        delayed = spec.delay_ms > 0
        rate_ms = spec.rate_ms if spec.rate_key else 0
        lane = transaction.lane(parent.id, spec.type, spec.rate_key, rate_ms)
        rows.append(
            (
                child_id,
                spec.type,
                spec.name,
                state_after(Cause.DELAYED if delayed else Cause.NAMED),
                attempts_of(transaction, parent, spec.type, spec.max_attempts),
                spec.priority,
                spec.depth,
                lane.id,
                spec.unique_key,
                spec.payload,
                job_checksum(child_id, parent.id, spec.type, spec.payload),
                transaction.now_ms + spec.delay_ms if delayed else None,
                spec.backoff_ms,
            )
        )
        if delayed:
            parent.scheduled += 1
            transaction.timed = True
        else:
            add_pending(transaction, lane, 1)
            parent.pending += 1
    transaction.count_parent(parent).total += len(rows)
    text = msgspec.json.encode(rows).decode()
    transaction.execute_long(
        _INSERT, (parent.run_id, parent.id, spawned_by, transaction.now_ms, text), len(rows)
    )
    waiting = [row[0] for row in rows if row[3] is JobState.SCHEDULED]
    ready = [row[0] for row in rows if row[3] is JobState.PENDING]
    transaction.events.status(parent.run_id, JobState.SCHEDULED, waiting, parent_id=parent.id)
    transaction.events.status(parent.run_id, JobState.PENDING, ready, parent_id=parent.id)
    return identities


def insert_staged(
    transaction: Transaction, parent: ParentRow, number: int, config: Mapping[str, Any]
) -> list[int]:
    """Insert the children of a staged page, which is consumed; returns their ids.

    Raises:
        MissingPageError: there is no such page; it was lost, or the request that staged it was never acknowledged.
    """
    found = transaction.connection.execute(
        "DELETE FROM staged_page WHERE run_id = ? AND number = ? RETURNING rows", (parent.run_id, number)
    ).fetchall()
    if not found:
        raise MissingPageError(
            f"page {number} of the children handed over with run {id_text(parent.run_id)} is not in the store"
        )
    return insert_page(transaction, parent, found[0][0], config)


def insert_page(
    transaction: Transaction, parent: ParentRow, page: bytes, config: Mapping[str, Any]
) -> list[int]:
    """Insert the children of the rows of a ``StagedPage``; returns their ids.

    ``config`` is the step's: ``job_type``, and if it has them ``max_attempts``, ``rate_key`` and ``rate_ms`` of each.
    """
    job_type: str = config["job_type"]
    rows = _staged.decode(page)
    if any(row.unique_key is not None for row in rows):
        transaction.flush_children()
        known = _known_keys(
            transaction, parent, {row.unique_key for row in rows if row.unique_key is not None}
        )
        rows = [row for row in rows if _is_new(row.unique_key, known)]
    identities = [row.id for row in rows]
    if not identities:
        return []
    lane = transaction.lane(parent.id, job_type, config.get("rate_key", ""), config.get("rate_ms", 0))
    attempts = attempts_of(transaction, parent, job_type, config.get("max_attempts", 0))
    of_all = (parent.run_id, parent.id, job_type, attempts, lane.id)
    transaction.add_children(
        [
            value
            for row in rows
            for value in (row.id, *of_all, row.unique_key, row.payload, row.crc, transaction.now_ms)
        ]
    )
    add_pending(transaction, lane, len(identities))
    transaction.count_parent(parent)
    parent.pending += len(identities)
    parent.total += len(identities)
    transaction.events.status(parent.run_id, JobState.PENDING, identities, parent_id=parent.id)
    return identities


def attempts_of(transaction: Transaction, parent: ParentRow, job_type: str, asked: int) -> int:
    """A child's attempt budget: its own, or its type's, and what the step's ``on_error = "retry"`` adds."""
    own = asked or transaction.context.max_attempts.get(job_type, DEFAULT_MAX_ATTEMPTS)
    return own + parent.max_retries


def add_pending(transaction: Transaction, lane: LaneRow, number: int) -> None:
    """Count pending children in their lane. A lane that gets its first ones comes in among those that wait."""
    if lane.pending == 0 and lane.served == 0:
        lane.served = transaction.context.newcomers.place(lane, transaction.turn)
    transaction.change_lane(lane).pending += number


def queue_again(transaction: Transaction, lane_id: int) -> None:
    """Count a job that waits again in its lane, which was read; one that is paused by itself stays out of it."""
    lane = transaction.lanes[abs(lane_id)]
    if lane_id > 0:
        add_pending(transaction, lane, 1)


def offer_lanes(transaction: Transaction, parent_ids: Sequence[int]) -> None:
    """These parents may be leased from again: this commit looks at their types, and tells of what it leaves."""
    transaction.load_lanes_where(
        "id IN (SELECT min(id) FROM lane WHERE pending > 0 AND not_before = 0"
        " AND parent_id IN (SELECT value FROM json_each(?)) GROUP BY type)",
        (msgspec.json.encode(parent_ids).decode(),),
    )


def _admitted(transaction: Transaction, parent: ParentRow, specs: Sequence[ChildSpec]) -> list[ChildSpec]:
    specs = [_without_nul(spec) for spec in specs]
    known = _known_keys(
        transaction, parent, {spec.unique_key for spec in specs if spec.unique_key is not None}
    )
    room = parent.max_children - parent.total if parent.max_children else len(specs)
    admitted: list[ChildSpec] = []
    for spec in specs:
        more = spec.in_place and parent.max_children > 0
        if len(admitted) >= room and not more:
            continue
        if _is_new(spec.unique_key, known):
            admitted.append(spec)
            if more:
                transaction.change_parent(parent).max_children += 1
                room += 1
    return admitted


def _known_keys(transaction: Transaction, parent: ParentRow, keys: set[str]) -> set[str]:
    if not keys:
        return set()
    found = transaction.connection.execute(
        "SELECT json_group_array(unique_key) FROM job WHERE parent_id = ? AND unique_key IN"
        " (SELECT value FROM json_each(?))",
        (parent.id, msgspec.json.encode(keys).decode()),
    ).fetchone()[0]
    return set(msgspec.json.decode(found, type=list[str]))


def _is_new(key: str | None, known: set[str]) -> bool:
    """Whether no child has the key yet; from now on one has it."""
    if key is None:
        return True
    if key in known:
        return False
    known.add(key)
    return True


def _without_nul(spec: ChildSpec) -> ChildSpec:
    """SQLite's JSON ends a text at a NUL: two keys that differ only behind it would be one."""
    if "\0" not in f"{spec.unique_key}{spec.name}":
        return spec
    return msgspec.structs.replace(
        spec,
        unique_key=None if spec.unique_key is None else spec.unique_key.replace("\0", NUL_SHOWN),
        name=None if spec.name is None else spec.name.replace("\0", NUL_SHOWN),
    )
