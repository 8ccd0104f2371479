"""What the search index has beside what it should have, looked at in slices; nothing is changed.

A document that waits in the queue is no difference: the index will follow it.
"""

import sqlite3

import msgspec

from runtime.store.verbs.index import digest_of, length_of

SLICE = 1000
SLICE_CHARACTERS = 4 << 20


class Differences(msgspec.Struct, frozen=True):
    """The ids of a slice's documents that are not searched as they are. ``after`` None = that was the last slice."""

    documents: int  # that were looked at
    missing: tuple[int, ...]  # not in the index
    stale: tuple[int, ...]  # in it with another text
    orphaned: tuple[int, ...]  # in the index, and no document
    after: int | None


def compare_some(connection: sqlite3.Connection, after: int) -> Differences:
    """Compare the documents and entries with ids above ``after``, as many as a slice takes."""
    waiting = "id IN (SELECT document_id FROM search_queue)"
    rows = connection.execute(
        f"SELECT id, {waiting}, title, body, url, tags FROM document_text WHERE id > ? ORDER BY id LIMIT ?",
        (after, SLICE),
    )
    documents: dict[int, tuple[bool, int]] = {}
    characters, last = 0, None
    for document_id, queued, *text in rows:
        documents[document_id] = (bool(queued), digest_of(text))
        characters += length_of(text)
        if len(documents) == SLICE or characters >= SLICE_CHARACTERS:
            last = document_id
            break
    entries = connection.execute(
        f"SELECT id, {waiting}, (SELECT digest FROM search_entry WHERE document_id = id)"
        " FROM document_search_docsize WHERE id > ? AND (? IS NULL OR id <= ?) ORDER BY id",
        (after, last, last),
    )
    missing, stale, orphaned = set(documents), [], []
    for document_id, queued, digest in entries:
        missing.discard(document_id)
        found = documents.get(document_id)
        if queued:
            continue
        if found is None:
            orphaned.append(document_id)
        elif found[1] != digest:
            stale.append(document_id)
    really = tuple(each for each in sorted(missing) if not documents[each][0])
    return Differences(len(documents), really, tuple(stale), tuple(orphaned), last)
