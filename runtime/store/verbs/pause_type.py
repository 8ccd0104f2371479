"""Pause and resume of a worker type: a row that every runtime's transactions see before they lease.

The number of such rows stands beside the sequences that each transaction reads anyway, so that nothing is asked while
no type is paused.
"""

from runtime.store.transaction import Transaction, read_paused_types

_COUNT = "UPDATE sequence SET paused_types = (SELECT count(*) FROM paused_type)"


def pause_type(transaction: Transaction, job_type: str) -> bool:
    """Lease no job of the type from this commit on, in any runtime; returns whether that changed anything."""
    return _change(
        transaction,
        job_type,
        "type_paused",
        "INSERT OR IGNORE INTO paused_type (type, paused_at) VALUES (?, ?)",
        (job_type, transaction.now_ms),
    )


def resume_type(transaction: Transaction, job_type: str) -> bool:
    """Take the pause back; what is ready is leased in this commit. Returns whether that changed anything."""
    changed = _change(
        transaction, job_type, "type_resumed", "DELETE FROM paused_type WHERE type = ?", (job_type,)
    )
    if changed:
        transaction.load_lanes_where(
            "id IN (SELECT id FROM lane WHERE type = ? AND ready = 1 LIMIT 1)", (job_type,)
        )
    return changed


def _change(
    transaction: Transaction, job_type: str, event: str, statement: str, parameters: tuple[object, ...]
) -> bool:
    if not transaction.connection.execute(statement, parameters).rowcount:
        return False
    transaction.connection.execute(_COUNT)
    transaction.paused_types = read_paused_types(transaction.connection)
    transaction.events.add(event, 0, 0, {"type": job_type})
    return True
