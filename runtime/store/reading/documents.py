"""Documents as read."""

import sqlite3
from typing import Any

import msgspec

from actors.documents import DocumentBrief, DocumentFilter, StoredDocument
from actors.ids import id_text

COLUMNS = """
document.id, document.url, document.title, document.source_type, document.tags, save.run_id, save.job_id,
ifnull(save.time_ms, document.updated_at)
"""
# A document outlives the runs that saved it.
LAST_SAVE = """
LEFT JOIN document_save AS save ON save.id = (
    SELECT max(id) FROM document_save WHERE document_id = document.id AND (:run_id IS NULL OR run_id = :run_id))
"""
_BRIEF = """
document.id, document.source_type, document.source_id, document.url, document.title, document.tags, document.media_type,
document.created_at, document.updated_at
"""


_tags = msgspec.json.Decoder(
    tuple[str, ...]
)  # made once: two threads must not be the first to decode to a type


def find_documents(
    connection: sqlite3.Connection, wanted: DocumentFilter, *, after: int, last: int, limit: int
) -> list[DocumentBrief]:
    """Documents with ids above ``after``, up to ``last``; ``limit`` is this one, not the filter's."""
    condition, values = condition_of(wanted)
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
    condition, values = condition_of(wanted)
    rows = connection.execute(
        f"SELECT {COLUMNS} FROM document {LAST_SAVE} WHERE {condition} ORDER BY document.id LIMIT :limit",
        {**values, "limit": -1 if wanted.limit is None else wanted.limit},
    ).fetchall()
    return [shown_document(row) for row in rows]


def read_document(connection: sqlite3.Connection, document_id: int) -> dict[str, Any] | None:
    """One document with its body and metadata; None if there is none."""
    row = connection.execute(
        f"SELECT {COLUMNS}, document.media_type, document.body, document.metadata FROM document {LAST_SAVE}"
        " WHERE document.id = :id",
        {"id": document_id, "run_id": None},
    ).fetchone()
    if row is None:
        return None
    return {
        **shown_document(row),
        "media_type": row[8],
        "body": row[9],
        "metadata": msgspec.json.decode(row[10]),
    }


def condition_of(wanted: DocumentFilter) -> tuple[str, dict[str, Any]]:
    """What the filter asks of a row of ``document``, and the values in it; the limit is not among them."""
    conditions = ["1"]
    values: dict[str, Any] = {"run_id": wanted.run_id}
    if wanted.run_id is not None:
        conditions.append("document.id IN (SELECT document_id FROM document_save WHERE run_id = :run_id)")
    if wanted.job_id is not None:
        conditions.append("document.id IN (SELECT document_id FROM document_save WHERE job_id = :job_id)")
        values["job_id"] = wanted.job_id
    if wanted.after is not None:
        conditions.append("document.id > :after")
        values["after"] = wanted.after
    if wanted.source_types:
        conditions.append("document.source_type IN (SELECT value FROM json_each(:source_types))")
        values["source_types"] = msgspec.json.encode(wanted.source_types).decode()
    for number, tag in enumerate(dict.fromkeys(wanted.tags)):
        conditions.append(f"EXISTS (SELECT 1 FROM json_each(document.tags) WHERE value = :tag{number})")
        values[f"tag{number}"] = tag
    if wanted.media_types:
        conditions.append("document.media_type IN (SELECT value FROM json_each(:media_types))")
        values["media_types"] = msgspec.json.encode(wanted.media_types).decode()
    if wanted.created_after is not None:
        conditions.append("document.created_at > :created_after")
        values["created_after"] = wanted.created_after
    if wanted.updated_after is not None:
        conditions.append("document.updated_at > :updated_after")
        values["updated_after"] = wanted.updated_after
    return " AND ".join(conditions), values


def shown_document(row: tuple[Any, ...]) -> dict[str, Any]:
    """A row that begins with ``COLUMNS`` as people and JSON see it."""
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
