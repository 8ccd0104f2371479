"""What is kept no longer because of its age: runs, events, submit keys, and rate keys that hold nobody up any more.

Each walks its table with a cursor, a slice per commit; a walk that finds nothing writes nothing. Ages are of the wall
clock, in days: a clock that jumps shifts them by as much.
"""

from collections.abc import Callable

from actors.job import JobState
from actors.webhooks.webhook import is_of_deliveries
from runtime.store.retention import DAY_MS, KEY_DAYS, Retention, expired
from runtime.store.transaction import Transaction
from runtime.store.verbs.delete import expire
from runtime.store.verbs.erase import Left

BATCH = 200
"""Rows looked at by one statement."""
EVENT_BATCH = 20
"""Of events, whose rows are as large as the commits they tell of."""

Chore = Callable[[Transaction, Left], bool]
"""Does some of its work while the slice lasts; returns whether there is more."""


def run_expiry(retention: Retention) -> Chore:
    """Marks the runs that are too old as deleted. Where nothing but deliveries expires, and there are none, no look."""
    after = 0

    def chore(transaction: Transaction, left: Left) -> bool:
        nonlocal after
        if retention.keeps_runs and not _had_webhooks(transaction):
            return False
        while left():
            rows = transaction.connection.execute(
                "SELECT id, state, finished_at, CAST(type AS BLOB) FROM job WHERE kind = 'run' AND id > ?"
                " AND id NOT IN (SELECT id FROM deletion) ORDER BY id LIMIT ?",
                (after, BATCH),
            ).fetchall()
            for run_id, state, finished_at, definition_id in rows:
                after = run_id
                of_deliveries = is_of_deliveries(definition_id.decode(errors="replace"))
                if retention.run_expired(
                    JobState(state), finished_at, transaction.now_ms, of_deliveries=of_deliveries
                ):
                    expire(transaction, run_id, finished_at)
            if len(rows) < BATCH:
                return False
        return True

    return chore


def _had_webhooks(transaction: Transaction) -> bool:
    """Whether there ever was a webhook."""
    return transaction.connection.execute("SELECT identity FROM sequence").fetchone()[0] is not None


def event_expiry(retention: Retention) -> Chore:
    """Prunes the oldest events and records up to which; the last ones stay, whatever their age."""

    def chore(transaction: Transaction, left: Left) -> bool:
        connection = transaction.connection
        while left():
            rows = connection.execute(
                "SELECT last_seq, time_ms FROM event_batch WHERE first_seq < (SELECT max(first_seq) FROM event_batch)"
                " ORDER BY first_seq LIMIT ?",
                (EVENT_BATCH,),
            ).fetchall()
            floor = 0
            for last_seq, time_ms in rows:
                if not expired(retention.events_days, time_ms, transaction.now_ms):
                    break
                floor = last_seq
            if not floor:
                return False
            connection.execute("DELETE FROM event_batch WHERE first_seq <= ?", (floor,))
            connection.execute("UPDATE sequence SET event_floor = ?", (floor,))
        return True

    return chore


def key_expiry() -> Chore:
    """Forgets the submit keys of runs that ended long ago."""

    def is_old(now_ms: int, ended_at: int | None) -> bool:
        return ended_at is not None and expired(KEY_DAYS, ended_at, now_ms)

    ended_at = "coalesce(ended_at, (SELECT finished_at FROM job WHERE id = run_id))"
    return _by_key("submit_key", ended_at, is_old)


def rate_expiry() -> Chore:
    """Forgets when rate keys were started last, once nobody who shares the key can still have to wait."""

    def is_old(now_ms: int, started_at: int, longest_ms: int) -> bool:
        # A day besides: who has not asked yet may have a longer rate than those who have.
        return started_at + max(longest_ms, DAY_MS) <= now_ms

    return _by_key("rate", "started_at, longest_ms", is_old)


def _by_key(table: str, columns: str, is_old: Callable[..., bool]) -> Chore:
    """Walks a table by its key and deletes the rows of which ``is_old(now_ms, *columns)`` holds."""
    after = ""

    def chore(transaction: Transaction, left: Left) -> bool:
        nonlocal after
        while left():
            rows = transaction.connection.execute(
                f"SELECT key, {columns} FROM {table} WHERE key > ? ORDER BY key LIMIT ?", (after, BATCH)
            ).fetchall()
            for key, *values in rows:
                after = key
                if is_old(transaction.now_ms, *values):
                    transaction.connection.execute(f"DELETE FROM {table} WHERE key = ?", (key,))
            if len(rows) < BATCH:
                return False
        return True

    return chore
