"""Documents and full-text search as read."""

import sqlite3
from typing import Any

import msgspec

from actors.documents import DocumentBrief, DocumentFilter, StoredDocument
from actors.ids import id_text

_COLUMNS = """
document.id, document.url, document.title, document.source_type, document.tags, save.run_id, save.job_id,
ifnull(save.time_ms, document.updated_at)
"""
# A document outlives the runs that saved it.
_LAST_SAVE = """
LEFT JOIN document_save AS save ON save.id = (
    SELECT max(id) FROM document_save WHERE document_id = document.id AND (:run_id IS NULL OR run_id = :run_id))
"""
_BRIEF = """
document.id, document.source_type, document.source_id, document.url, document.title, document.tags, '' AS media_type,
document.created_at, document.updated_at
"""


_tags = msgspec.json.Decoder(
    tuple[str, ...]
)  # made once: two threads must not be the first to decode to a type


class SearchQueryError(ValueError):
    """The query is no full-text query."""


def find_documents(
    connection: sqlite3.Connection, wanted: DocumentFilter, *, after: int, last: int, limit: int
) -> list[DocumentBrief]:
    """Documents with ids above ``after``, up to ``last``; ``limit`` is this one, not the filter's."""
    condition, values = _condition(wanted)
    rows = connection.execute(
        f"SELECT {_BRIEF} FROM document WHERE id > :after AND id <= :last AND {condition} ORDER BY id LIMIT :limit",
        {**values, "after": after, "last": last, "limit": limit},
    )
    return [DocumentBrief(**_brief(row)) for row in rows]


def last_document(connection: sqlite3.Connection) -> int:
    """The largest id of a document; 0 if there is none."""
    return int(connection.execute("SELECT ifnull(max(id), 0) FROM document").fetchone()[0])


def whole_document(connection: sqlite3.Connection, document_id: int) -> StoredDocument | None:
    """One document; None if there is none."""
    row = connection.execute(
        f"SELECT {_BRIEF}, body, metadata FROM document WHERE id = ?", (document_id,)
    ).fetchone()
    if row is None:
        return None
    return StoredDocument(**_brief(row), body=row[9], metadata=msgspec.json.decode(row[10]))


def _brief(row: tuple[Any, ...]) -> dict[str, Any]:
    fields = dict(zip(DocumentBrief.__struct_fields__, row, strict=False))  # a body and metadata may follow
    return {**fields, "tags": _tags.decode(row[5])}


def list_documents(connection: sqlite3.Connection, wanted: DocumentFilter) -> list[dict[str, Any]]:
    """Documents in the order in which they were first saved."""
    condition, values = _condition(wanted)
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM document {_LAST_SAVE} WHERE {condition} ORDER BY document.id LIMIT :limit",
        {**values, "limit": -1 if wanted.limit is None else wanted.limit},
    ).fetchall()
    return [_document(row) for row in rows]


def read_document(connection: sqlite3.Connection, document_id: int) -> dict[str, Any] | None:
    """One document with its body and metadata; None if there is none."""
    row = connection.execute(
        f"SELECT {_COLUMNS}, document.body, document.metadata FROM document {_LAST_SAVE} WHERE document.id = :id",
        {"id": document_id, "run_id": None},
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
    condition, values = _condition(wanted)
    text = (
        f"SELECT {_COLUMNS}, snippet(document_search, 1, '[', ']', '…', 24),"
        " -bm25(document_search, 4.0, 1.0) AS score"
        f" FROM document_search JOIN document ON document.id = document_search.rowid {_LAST_SAVE}"
        f" WHERE document_search MATCH :query AND {condition} ORDER BY score DESC, document.id LIMIT :limit"
    )
    values["limit"] = 20 if wanted.limit is None else wanted.limit
    if not any(character.isalnum() for character in query):
        raise SearchQueryError(f"there is no word to search for in {query[:80]!r}")
    try:
        rows = connection.execute(text, {**values, "query": query}).fetchall()
    except sqlite3.OperationalError:
        quoted = " ".join('"' + word.replace('"', '""') + '"' for word in query.split())
        try:
            rows = connection.execute(text, {**values, "query": quoted}).fetchall()
        except sqlite3.OperationalError as error:
            raise SearchQueryError(f"{query[:80]!r} can not be searched for: {error}") from error
    return [{**_document(row), "snippet": row[8], "score": round(row[9], 4)} for row in rows]


def _condition(wanted: DocumentFilter) -> tuple[str, dict[str, Any]]:
    """What the filter asks of a row of ``document``, and the values in it; the limit is not among them."""
    conditions = ["1"]
    values: dict[str, Any] = {"run_id": wanted.run_id}
    if wanted.run_id is not None:
        conditions.append("document.id IN (SELECT document_id FROM document_save WHERE run_id = :run_id)")
    if wanted.source_types:
        conditions.append("document.source_type IN (SELECT value FROM json_each(:source_types))")
        values["source_types"] = msgspec.json.encode(wanted.source_types).decode()
    for number, tag in enumerate(dict.fromkeys(wanted.tags)):
        conditions.append(f"EXISTS (SELECT 1 FROM json_each(document.tags) WHERE value = :tag{number})")
        values[f"tag{number}"] = tag
    if wanted.created_after is not None:
        conditions.append("document.created_at > :created_after")
        values["created_after"] = wanted.created_after
    if wanted.updated_after is not None:
        conditions.append("document.updated_at > :updated_after")
        values["updated_after"] = wanted.updated_after
    return " AND ".join(conditions), values


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
