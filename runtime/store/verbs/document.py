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
INSERT INTO document (id, source_type, source_id, url, title, body, tags, metadata, created_at, updated_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_UPDATE = """
UPDATE document SET url = ?, title = ?, body = ?, tags = ?, metadata = json_patch(metadata, ?), updated_at = ?
WHERE id = ?
"""


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


def _save(transaction: Transaction, document: DocumentSpec) -> tuple[int, str]:
    connection, now = transaction.connection, transaction.now_ms
    tags = msgspec.json.encode(document.tags).decode()
    metadata = msgspec.json.encode(document.metadata).decode()
    found = connection.execute(
        "SELECT id, title, body, tags FROM document WHERE source_type = ? AND source_id = ?",
        (document.source_type, document.source_id),
    ).fetchone()
    if found is None:
        document_id = transaction.context.ids.next()
        connection.execute(
            _INSERT,
            (
                document_id,
                document.source_type,
                document.source_id,
                document.url,
                document.title,
                document.body,
                tags,
                metadata,
                now,
                now,
            ),
        )
        connection.execute("INSERT INTO search_queue VALUES (?, NULL, NULL)", (document_id,))
        transaction.indexable = True
        return document_id, "new"
    document_id, title, body, _ = found
    same_text = (title, body) == (document.title, document.body)
    if not same_text:
        # What is indexed now has to be taken out with exactly the text that was put in; the first one queued holds.
        connection.execute("INSERT OR IGNORE INTO search_queue VALUES (?, ?, ?)", (document_id, title, body))
        transaction.indexable = True
    connection.execute(
        _UPDATE, (document.url, document.title, document.body, tags, metadata, now, document_id)
    )
    return document_id, "unchanged" if same_text else "changed"
