"""A new search index beside the one in use: filled in slices, swapped in by one small transaction, the old one erased.

Searches go on in the old one until the swap. What is saved meanwhile is followed by both (``index``), so the new one
is whole when the last document is in it, whoever was killed on the way: its rows say how far it is.
"""

import sqlite3

import msgspec

from runtime.store.verbs.index import (
    IN_USE,
    NEXT,
    SLICE,
    SLICE_CHARACTERS,
    follow,
    insert,
    length_of,
    record,
)

OLD = "document_search_old"
ERASED_BLOCKS = 256
"""Blocks of an old index erased in one transaction; each has about 4 KB."""
_LARGEST = 2**63 - 1
_STRUCTURE = 10
"""The last of the ids in an index's data that are no blocks of text: without them it could not be dropped."""

_CREATE = f"""
CREATE VIRTUAL TABLE {NEXT} USING fts5 (
    title, body, url, tags, content = 'document_text', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
)
"""


class BuildProgress(msgspec.Struct, frozen=True):
    """How far a build is. ``number`` names it, None = it could not begin yet: ask again."""

    number: int | None
    done: bool
    documents: int  # that were indexed in this slice


def build_some(connection: sqlite3.Connection, number: int | None) -> BuildProgress:
    """One slice of a build inside the open transaction.

    Args:
        connection: the writing one.
        number: as the last answer said; None = begin a build, or join the one under way.
    """
    found = connection.execute("SELECT number, cursor FROM search_build WHERE finished = 0").fetchone()
    if number is not None and (found is None or found[0] != number):
        return BuildProgress(number, done=True, documents=0)
    if found is None:
        if erase_some_of_old(connection):
            return BuildProgress(None, done=False, documents=0)
        return BuildProgress(_begin(connection), done=False, documents=0)
    return _go_on(connection, *found)


def _begin(connection: sqlite3.Connection) -> int:
    connection.execute(f"DROP TABLE IF EXISTS {NEXT}")
    connection.execute(_CREATE)
    connection.execute("DELETE FROM search_build")
    return int(connection.execute("INSERT INTO search_build DEFAULT VALUES RETURNING number").fetchone()[0])


def _go_on(connection: sqlite3.Connection, number: int, cursor: int) -> BuildProgress:
    ids = connection.execute(
        "SELECT id FROM document WHERE id > ? ORDER BY id LIMIT ?", (cursor, SLICE)
    ).fetchall()
    documents = characters = 0
    for (document_id,) in ids:
        characters += _settle_up_to(connection, cursor, document_id)
        text = connection.execute(
            "SELECT title, body, url, tags FROM document_text WHERE id = ?", (document_id,)
        ).fetchone()
        insert(connection, NEXT, document_id, text)
        record(connection, document_id, text)
        cursor = document_id
        documents += 1
        characters += length_of(text)
        if characters >= SLICE_CHARACTERS:
            break
    connection.execute("UPDATE search_build SET cursor = ? WHERE number = ?", (cursor, number))
    done = documents == len(ids) < SLICE
    if done:
        _settle_up_to(connection, cursor, _LARGEST)
        _swap(connection, number)
    return BuildProgress(number, done, documents)


def _settle_up_to(connection: sqlite3.Connection, after: int, last: int) -> int:
    """What is queued of these ids concerns the old index alone: take it out of the queue before the new one has them.

    Entries of documents that are there no more are forgotten. Returns the length of the texts.
    """
    connection.execute(
        "DELETE FROM search_entry WHERE document_id > ? AND document_id < ?"
        " AND document_id NOT IN (SELECT document_id FROM search_queue)",
        (after, last),
    )
    queued = connection.execute(
        "SELECT document_id FROM search_queue WHERE document_id > ? AND document_id <= ?", (after, last)
    ).fetchall()
    return sum(follow(connection, document_id, (IN_USE,)) for (document_id,) in queued)


def _swap(connection: sqlite3.Connection, number: int) -> None:
    """The new index takes the place of the old one, whose remains are erased afterwards."""
    connection.execute(f"ALTER TABLE {IN_USE} RENAME TO {OLD}")
    connection.execute(f"ALTER TABLE {NEXT} RENAME TO {IN_USE}")
    connection.execute("UPDATE search_build SET finished = 1 WHERE number = ?", (number,))


def erase_some_of_old(connection: sqlite3.Connection) -> bool:
    """Erase a slice of an index that is in use no more, inside the open transaction; returns whether more is left."""
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (OLD,)).fetchone():
        return False
    erased = connection.execute(
        f"DELETE FROM {OLD}_data WHERE id IN (SELECT id FROM {OLD}_data WHERE id > ? LIMIT ?)",
        (_STRUCTURE, ERASED_BLOCKS),
    ).rowcount
    if erased:
        return True
    connection.execute(f"DROP TABLE {OLD}")
    return False
