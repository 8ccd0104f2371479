"""The search index follows the documents from a queue, a few at a time, outside the transactions of the jobs.

Triggers of ``document`` fill the queue with the text that is indexed, since an external-content index forgets a row
only by the 'delete' command with exactly what it was given. While a new index is built beside the one in use
(``rebuild``), both follow.
"""

import sqlite3
from collections.abc import Sequence
from zlib import crc32

SLICE = 64
"""Documents indexed in one transaction, at most."""
SLICE_CHARACTERS = 1 << 20
"""Text after which a transaction takes no further document."""

IN_USE = "document_search"
NEXT = "document_search_next"

_COLUMNS = "title, body, url, tags"
_TEXT = f"SELECT {_COLUMNS} FROM document_text WHERE id = ?"


def index_some(connection: sqlite3.Connection) -> bool:
    """Index some queued documents inside the open transaction; returns whether more wait."""
    queued = connection.execute(
        "SELECT document_id FROM search_queue ORDER BY document_id LIMIT ?", (SLICE,)
    ).fetchall()
    cursor = build_cursor(connection)
    characters = done = 0
    for (document_id,) in queued:
        both = cursor is not None and document_id <= cursor
        characters += follow(connection, document_id, (IN_USE, NEXT) if both else (IN_USE,))
        done += 1
        if characters >= SLICE_CHARACTERS:
            break
    return done < len(queued) or len(queued) == SLICE


def build_cursor(connection: sqlite3.Connection) -> int | None:
    """The last document that is in the index that is being built; None if none is being built."""
    found = connection.execute("SELECT cursor FROM search_build WHERE finished = 0").fetchone()
    return None if found is None else int(found[0])


def follow(connection: sqlite3.Connection, document_id: int, indexes: Sequence[str]) -> int:
    """Bring those indexes up to a queued document as it is now; returns the length of its texts."""
    indexed, *old = connection.execute(
        f"SELECT indexed, {_COLUMNS} FROM search_queue WHERE document_id = ?", (document_id,)
    ).fetchone()
    text = connection.execute(_TEXT, (document_id,)).fetchone()
    for index in indexes:
        if indexed:
            connection.execute(
                f"INSERT INTO {index} ({index}, rowid, {_COLUMNS}) VALUES ('delete', ?, ?, ?, ?, ?)",
                (document_id, *old),
            )
        if text is not None:
            insert(connection, index, document_id, text)
    record(connection, document_id, text)
    connection.execute("DELETE FROM search_queue WHERE document_id = ?", (document_id,))
    return length_of(old) + length_of(text)


def insert(connection: sqlite3.Connection, index: str, document_id: int, text: Sequence[str]) -> None:
    """Index a document that is not in that index."""
    connection.execute(
        f"INSERT INTO {index} (rowid, {_COLUMNS}) VALUES (?, ?, ?, ?, ?)", (document_id, *text)
    )


def record(connection: sqlite3.Connection, document_id: int, text: Sequence[str] | None) -> None:
    """Remember what was indexed of a document; None = it is forgotten."""
    if text is None:
        connection.execute("DELETE FROM search_entry WHERE document_id = ?", (document_id,))
        return
    connection.execute(
        "INSERT INTO search_entry VALUES (?, ?) ON CONFLICT (document_id) DO UPDATE SET digest = excluded.digest",
        (document_id, digest_of(text)),
    )


def digest_of(text: Sequence[str]) -> int:
    """A number that changes with the text."""
    return crc32("\0".join(text).encode("utf-8", "surrogatepass"))


def length_of(text: Sequence[str | None] | None) -> int:
    """Characters of a document's texts."""
    return sum(len(each or "") for each in text or ())
