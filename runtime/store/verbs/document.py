"""Documents of an attempt: inserted, updated in place, or found unchanged; each save is a row of the run.

A patch changes the metadata of a document and is no save: neither the run's documents nor the search index know of it.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from actors.documents import DocumentPatch, DocumentSpec
from actors.ids import id_text
from actors.job import LogLevel
from runtime.store.transaction import Transaction

_INSERT = """
INSERT INTO document
    (id, source_type, source_id, media_type, url, title, tags, created_at, updated_at, metadata, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, json_patch('{}', ?), ?)
"""
_REMEMBER = "INSERT OR REPLACE INTO document_memo (document_id, fingerprint, memo) VALUES (?, ?, ?)"
_FORGET = "DELETE FROM document_memo WHERE document_id = ?"
_FINGERPRINT = "SELECT fingerprint FROM document_memo WHERE document_id = ?"
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
        saved = _save(transaction, document)
        if saved is None:
            continue
        document_id, change = saved
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
    start = (document.body or "")[:200].lstrip("\ufeff \t\r\n\f").lower()
    return "text/html" if start.startswith(_HTML_STARTS) else ""


def _save(transaction: Transaction, document: DocumentSpec) -> tuple[int, str] | None:
    """The document's id and what became of it; None if it was to stay as it is, and is there no more."""
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
        if document.body is None:
            return None
        document_id = transaction.context.ids.next()
        values = (document_id, *source, media_type, url, title, tags, now, now, metadata, body)
        connection.execute(_INSERT, values)
        if document.fingerprint or document.memo:
            _remember(transaction, document_id, document)
        return document_id, "new"
    document_id, *before = found
    if body is None:
        media_type, title, body = before
    connection.execute(_UPDATE, (media_type, url, title, body, tags, metadata, now, document_id))
    same = before == [media_type, title, body] and _same_source(transaction, document_id, document)
    _remember(transaction, document_id, document)
    return document_id, "unchanged" if same else "changed"


def _same_source(transaction: Transaction, document_id: int, document: DocumentSpec) -> bool:
    if not document.fingerprint:
        return True
    known = transaction.connection.execute(_FINGERPRINT, (document_id,)).fetchone()
    return known is None or known[0] == document.fingerprint


def _remember(transaction: Transaction, document_id: int, document: DocumentSpec) -> None:
    if document.fingerprint or document.memo:
        transaction.connection.execute(_REMEMBER, (document_id, document.fingerprint, document.memo))
    elif document.body is not None:  # what another has saved is not what is remembered
        transaction.connection.execute(_FORGET, (document_id,))
