"""What is left to do here, and what of it waits in vain: for a worker, a manager, or the end of a pause."""

import sqlite3
from collections.abc import Collection

import msgspec

from actors.webhooks.webhook import DELIVERY
from runtime.store.moves import IS_TIMED, IS_WAITING, PARENT_IS_OPEN

_HAS_WORK = f"""
SELECT EXISTS (SELECT 1 FROM parent WHERE state {PARENT_IS_OPEN} AND kind = 'step'
               AND (naming = 'leased' OR running > 0 OR closing IS NOT NULL
                    OR (naming = 'ready' AND paused = 0 AND action IN (SELECT value FROM json_each(?1)))))
    OR EXISTS (SELECT 1 FROM parent JOIN lane ON lane.parent_id = parent.id
               WHERE parent.state {PARENT_IS_OPEN} AND parent.paused = 0 AND parent.waiting = 0
               AND lane.pending > 0 AND lane.type IN (SELECT value FROM json_each(?2))
               AND lane.type NOT IN (SELECT type FROM paused_type))
    OR EXISTS (SELECT 1 FROM main.job INDEXED BY job_due CROSS JOIN parent ON parent.id = job.parent_id
               WHERE job.state {IS_TIMED} AND job.lane_id > 0 AND parent.paused = 0 AND parent.waiting = 0
               AND job.type IN (SELECT value FROM json_each(?2))
               AND job.type NOT IN (SELECT type FROM paused_type)
               AND (?3 IS NULL OR job.type <> '{DELIVERY}' OR job.not_before <= ?3))
"""
_LATER_DELIVERIES = f"""
SELECT count(*), min(not_before) FROM main.job INDEXED BY job_due
WHERE state {IS_TIMED} AND type = '{DELIVERY}' AND lane_id > 0
"""
_PAUSED_TYPES = f"""
SELECT lane.type, sum(lane.pending) FROM lane JOIN parent ON parent.id = lane.parent_id
WHERE lane.pending > 0 AND parent.state {PARENT_IS_OPEN} AND lane.type IN (SELECT type FROM paused_type)
GROUP BY lane.type
"""
_PAUSED_PARENTS = f"SELECT count(*) FROM parent WHERE paused & 1 AND state {PARENT_IS_OPEN}"
_PAUSED_JOBS = f"""
SELECT (SELECT count(*) FROM job WHERE state {IS_WAITING} AND lane_id < 0)
     + (SELECT count(*) FROM main.job INDEXED BY job_due WHERE state {IS_TIMED} AND lane_id < 0)
"""


class LaterDeliveries(msgspec.Struct, frozen=True):
    """Deliveries to webhooks that wait to be tried again."""

    number: int
    next_at: int | None  # Unix milliseconds; None: there are none


def has_work(
    connection: sqlite3.Connection,
    types: Collection[str],
    actions: Collection[str],
    now_ms: int | None = None,
) -> bool:
    """Whether something unended is left that a runtime with these types and actions can bring further.

    What is paused does not count, but for what of it still runs; waiting for a time, for a dependency that can end,
    and for others' leases does. With ``now_ms`` deliveries to webhooks that wait for a later time do not either.
    """
    encoded = msgspec.json.encode(list(actions)).decode(), msgspec.json.encode(list(types)).decode()
    return bool(connection.execute(_HAS_WORK, (*encoded, now_ms)).fetchone()[0])


def later_deliveries(connection: sqlite3.Connection) -> LaterDeliveries:
    """How many deliveries wait to be tried again, and when the next is due."""
    return LaterDeliveries(*connection.execute(_LATER_DELIVERIES).fetchone())


def stranded(connection: sqlite3.Connection, types: Collection[str], actions: Collection[str]) -> list[str]:
    """Unended work that no runtime with these types and actions does, in words: it lacks a worker, or is paused."""
    encoded = msgspec.json.encode(list(types)).decode()
    sentences = [
        f"{number} jobs of type {job_type!r} wait: no worker of that type is registered here"
        for job_type, number in connection.execute(
            "SELECT lane.type, sum(lane.pending) FROM lane JOIN parent ON parent.id = lane.parent_id"
            f" WHERE lane.pending > 0 AND parent.state {PARENT_IS_OPEN}"
            " AND lane.type NOT IN (SELECT value FROM json_each(?)) GROUP BY lane.type",
            (encoded,),
        )
    ]
    sentences += [
        f"{number} steps with action {action!r} wait: no manager of that action is registered here"
        for action, number in connection.execute(
            "SELECT action, count(*) FROM parent WHERE naming = 'ready'"
            " AND action NOT IN (SELECT value FROM json_each(?)) GROUP BY action",
            (msgspec.json.encode(list(actions)).decode(),),
        )
    ]
    return sentences + _paused(connection)


def _paused(connection: sqlite3.Connection) -> list[str]:
    sentences = [
        f"{number} jobs of type {job_type!r} wait: the type is paused; `quaero resume --type {job_type}`"
        for job_type, number in connection.execute(_PAUSED_TYPES)
    ]
    for text, what in ((_PAUSED_PARENTS, "runs and steps"), (_PAUSED_JOBS, "single jobs")):
        number = connection.execute(text).fetchone()[0]
        if number:
            sentences.append(f"{number} {what} are paused; `quaero resume ID` lets them go on")
    return sentences
