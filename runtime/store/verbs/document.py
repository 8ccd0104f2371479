"""Documents of an attempt: inserted, updated in place, or found unchanged; each save is a row of the run.

A patch changes the metadata of a document and is no save: neither the run's documents nor the search index know of it.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from actors.documents import DocumentPatch
from actors.ids import id_text
from actors.job import DocumentSpec, LogLevel
from runtime.store.transaction import Transaction

_INSERT = """
INSERT INTO document
    (id, source_type, source_id, media_type, url, title, tags, created_at, updated_at, metadata, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_UPDATE = """
UPDATE document SET media_type = ?, url = ?, title = ?, body = ?, tags = ?, metadata = json_patch(metadata, ?),
                    updated_at = ?
WHERE id = ?
"""
_HTML_STARTS = ("<!doctype html", "<html")


def save_documents(
    transaction: Transaction, run_id: int, job_id: int, documents: Sequence[DocumentSpec]
) -> None:
    """Save them in order; the search index follows after the commit."""
    for document in documents:
        document_id, change = _save(transaction, document)
        transaction.connection.execute(
            "INSERT INTO document_save (run_id, job_id, document_id, change, time_ms) VALUES (?, ?, ?, ?, ?)",
            (run_id, job_id, document_id, change, transaction.now_ms),
        )
        transaction.events.add(
            "document_saved",
            run_id,
            job_id,
            {"document_id": id_text(document_id), "source_type": document.source_type, "change": change},
        )


def patch_documents(
    transaction: Transaction, run_id: int, job_id: int, patches: Sequence[DocumentPatch]
) -> None:
    """Change their metadata, in order; a patch that changes nothing leaves no trace."""
    connection = transaction.connection
    for patch in patches:
        found = connection.execute(
            "SELECT metadata FROM document WHERE id = ?", (patch.document_id,)
        ).fetchone()
        if found is None:
            text = f"the metadata of document {id_text(patch.document_id)} was not changed: there is no such document"
            transaction.log(run_id, job_id, LogLevel.WARNING, text)
            continue
        before = msgspec.json.decode(found[0], type=dict[str, Any])
        after = {**before, **patch.metadata}
        after = {key: value for key, value in after.items() if value is not None}
        text = msgspec.json.encode(after).decode()
        if text == msgspec.json.encode(before).decode():
            continue
        connection.execute(
            "UPDATE document SET metadata = ?, updated_at = ? WHERE id = ?",
            (text, transaction.now_ms, patch.document_id),
        )
        data = {"document_id": id_text(patch.document_id), "keys": list(patch.metadata)}
        transaction.events.add("document_updated", run_id, job_id, data)


def media_type_of(document: DocumentSpec) -> str:
    """What the body is said to be; one that begins as HTML does is HTML, if nothing is said."""
    if document.media_type:
        return document.media_type
    start = document.body[:200].lstrip("\ufeff \t\r\n\f").lower()
    return "text/html" if start.startswith(_HTML_STARTS) else ""


def _save(transaction: Transaction, document: DocumentSpec) -> tuple[int, str]:
    connection, now = transaction.connection, transaction.now_ms
    tags = msgspec.json.encode(document.tags).decode()
    metadata = msgspec.json.encode(document.metadata).decode()
    media_type, url, title, body = media_type_of(document), document.url, document.title, document.body
    source = (document.source_type, document.source_id)
    transaction.indexable = True  # the table's triggers have queued it, if there is anything new
    found = connection.execute(
        "SELECT id, media_type, title, body FROM document WHERE source_type = ? AND source_id = ?", source
    ).fetchone()
    if found is None:
        document_id = transaction.context.ids.next()
        values = (document_id, *source, media_type, url, title, tags, now, now, metadata, body)
        connection.execute(_INSERT, values)
        return document_id, "new"
    document_id, *before = found
    connection.execute(_UPDATE, (media_type, url, title, body, tags, metadata, now, document_id))
    return document_id, "unchanged" if before == [media_type, title, body] else "changed"
