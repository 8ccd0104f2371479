"""Documents and full-text search as read."""

import sqlite3
from typing import Any

import msgspec

from actors.ids import id_text

_COLUMNS = """
document.id, document.url, document.title, document.source_type, document.tags, save.run_id, save.job_id,
ifnull(save.time_ms, document.updated_at)
"""
# A document outlives the runs that saved it.
_LAST_SAVE = """
LEFT JOIN document_save AS save ON save.id = (
    SELECT max(id) FROM document_save WHERE document_id = document.id AND (?1 IS NULL OR run_id = ?1))
"""


class SearchQueryError(ValueError):
    """The query is no full-text query."""


class DocumentFilter(msgspec.Struct, frozen=True):
    """Which documents a list shows."""

    run_id: int | None = None
    tag: str | None = None
    source_type: str | None = None
    limit: int | None = None


def list_documents(connection: sqlite3.Connection, wanted: DocumentFilter) -> list[dict[str, Any]]:
    """Documents in the order in which they were first saved."""
    conditions, parameters = _conditions(wanted)
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM document {_LAST_SAVE} WHERE {conditions} ORDER BY document.id LIMIT ?4",
        (*parameters, -1 if wanted.limit is None else wanted.limit),
    ).fetchall()
    return [_document(row) for row in rows]


def read_document(connection: sqlite3.Connection, document_id: int) -> dict[str, Any] | None:
    """One document with its body and metadata; None if there is none."""
    row = connection.execute(
        f"SELECT {_COLUMNS}, document.body, document.metadata FROM document {_LAST_SAVE} WHERE document.id = ?2",
        (None, document_id),
    ).fetchone()
    if row is None:
        return None
    return {**_document(row), "body": row[8], "metadata": msgspec.json.decode(row[9])}


def search_documents(
    connection: sqlite3.Connection, query: str, wanted: DocumentFilter
) -> list[dict[str, Any]]:
    """Documents that match a full-text query, the best first.

    The query is FTS5's: words, "phrases", AND, OR, NOT, ``title:`` and ``body:``, prefix*. Text that is no such
    query is searched for word by word.

    Raises:
        SearchQueryError: there is no word in it.
    """
    conditions, parameters = _conditions(wanted)
    text = (
        f"SELECT {_COLUMNS}, snippet(document_search, 1, '[', ']', '…', 24),"
        " -bm25(document_search, 4.0, 1.0) AS score"
        f" FROM document_search JOIN document ON document.id = document_search.rowid {_LAST_SAVE}"
        f" WHERE document_search MATCH ?5 AND {conditions} ORDER BY score DESC, document.id LIMIT ?4"
    )
    limit = 20 if wanted.limit is None else wanted.limit
    if not any(character.isalnum() for character in query):
        raise SearchQueryError(f"there is no word to search for in {query[:80]!r}")
    try:
        rows = connection.execute(text, (*parameters, limit, query)).fetchall()
    except sqlite3.OperationalError:
        quoted = " ".join('"' + word.replace('"', '""') + '"' for word in query.split())
        try:
            rows = connection.execute(text, (*parameters, limit, quoted)).fetchall()
        except sqlite3.OperationalError as error:
            raise SearchQueryError(f"{query[:80]!r} can not be searched for: {error}") from error
    return [{**_document(row), "snippet": row[8], "score": round(row[9], 4)} for row in rows]


def _conditions(wanted: DocumentFilter) -> tuple[str, tuple[Any, ...]]:
    conditions = (
        "(?1 IS NULL OR save.id IS NOT NULL)"
        " AND (?2 IS NULL OR EXISTS (SELECT 1 FROM json_each(document.tags) WHERE value = ?2))"
        " AND (?3 IS NULL OR document.source_type = ?3)"
    )
    return conditions, (wanted.run_id, wanted.tag, wanted.source_type)


def _document(row: tuple[Any, ...]) -> dict[str, Any]:
    document_id, url, title, source_type, tags, run_id, job_id, saved_at = row[:8]
    return {
        "id": id_text(document_id),
        "url": url,
        "title": title,
        "source_type": source_type,
        "tags": msgspec.json.decode(tags),
        "run_id": None if run_id is None else id_text(run_id),
        "job_id": None if job_id is None else id_text(job_id),
        "saved_at": saved_at,
    }
