"""Auth records: written and removed as they come, sealed. Nothing here can open one."""

from runtime.store.transaction import Transaction

_SAVE = """
INSERT INTO auth_record (id, site, sealed, created_at, updated_at) VALUES (?1, ?2, ?3, ?4, ?4)
ON CONFLICT (id) DO UPDATE SET site = ?2, sealed = ?3, updated_at = ?4
"""


def save_record(transaction: Transaction, auth_id: str, site: str, sealed: bytes) -> bool:
    """Write the record, in place of an older one; returns whether there was one."""
    query = "SELECT 1 FROM auth_record WHERE id = ?"
    before = transaction.connection.execute(query, (auth_id,)).fetchone()
    transaction.connection.execute(_SAVE, (auth_id, site, sealed, transaction.now_ms))
    return before is not None


def remove_record(transaction: Transaction, auth_id: str) -> bool:
    """Remove the record; returns whether there was one."""
    return transaction.connection.execute("DELETE FROM auth_record WHERE id = ?", (auth_id,)).rowcount > 0
