"""What a crawl remembers of pages: ``actors.worker.crawler.revisit`` says what that is for."""

import asyncio
import sqlite3

from actors.worker.crawler.revisit import Known, Recollection, fingerprint_of, unpacked
from runtime.store.reading.shared import SharedReader

_KNOWN = """
SELECT document.title, memo.fingerprint, memo.memo, CASE WHEN memo.document_id IS NULL THEN document.body END
FROM document LEFT JOIN document_memo AS memo ON memo.document_id = document.id
WHERE source_type = ? AND source_id = ?
"""


class StoredCrawlMemory:
    """A ``CrawlMemory`` on a store."""

    def __init__(self, reader: SharedReader) -> None:
        self._reader = reader

    def __repr__(self) -> str:
        return f"<StoredCrawlMemory({self._reader!r})>"

    async def recall(self, source_type: str, source_id: str, job_id: int) -> Recollection:
        """See ``CrawlMemory``."""
        return await asyncio.to_thread(
            self._reader.read, lambda connection: recall(connection, source_type, source_id, job_id)
        )


def recall(connection: sqlite3.Connection, source_type: str, source_id: str, job_id: int) -> Recollection:
    """What is known of the document with that identity, and of the job that is to read it."""
    job = connection.execute("SELECT spawned_by FROM job WHERE id = ?", (job_id,)).fetchone()
    found = connection.execute(_KNOWN, (source_type, source_id)).fetchone()
    return Recollection(None if found is None else _known(*found), None if job is None else job[0])


def _known(title: str, fingerprint: str | None, memo: bytes | None, body: str | None) -> Known:
    if memo is None or fingerprint is None:  # saved by an earlier version, or by something else
        return Known(title, fingerprint_of("full", title, body or ""))
    return Known(title, fingerprint, unpacked(memo) if memo else None)
