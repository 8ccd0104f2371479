"""The search index follows the documents from a queue, a few at a time, outside the transactions of the jobs."""

import sqlite3

SLICE = 64
"""Documents indexed in one transaction."""


def index_some(connection: sqlite3.Connection) -> bool:
    """Index up to ``SLICE`` queued documents inside the open transaction; returns whether more wait."""
    queued = connection.execute(
        "SELECT document_id, old_title, old_body FROM search_queue LIMIT ?", (SLICE,)
    ).fetchall()
    for document_id, old_title, old_body in queued:
        if old_title is not None:
            # An external-content index forgets a row only by the 'delete' command with the text it was given.
            connection.execute(
                "INSERT INTO document_search (document_search, rowid, title, body) VALUES ('delete', ?, ?, ?)",
                (document_id, old_title, old_body),
            )
        connection.execute(
            "INSERT INTO document_search (rowid, title, body) SELECT id, title, body FROM document WHERE id = ?",
            (document_id,),
        )
        connection.execute("DELETE FROM search_queue WHERE document_id = ?", (document_id,))
    return len(queued) == SLICE
