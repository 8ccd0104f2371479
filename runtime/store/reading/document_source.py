"""StoredDocuments: the documents for managers and workers; ``actors.documents`` says what is guaranteed.

A few connections are shared by all threads: each call has one for itself while it reads. They are opened when they are
first needed, so that a runtime without such work has none.
"""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Condition

import msgspec

from actors.documents import (
    MAX_PAGE_SIZE,
    PAGE_SIZE,
    CursorError,
    DocumentFilter,
    DocumentPage,
    StoredDocument,
)
from runtime.store.database import StoreError
from runtime.store.reading.documents import find_documents, last_document, whole_document
from runtime.store.reading.reader import StoreReader

CONNECTIONS = 4


class _Cursor(msgspec.Struct, frozen=True, array_like=True):
    """Where a page ended: everything that the next one depends on, so that it finds what the first would have."""

    after: int
    last: int  # the newest document when the first page was read
    left: int | None  # of the filter's limit
    wanted: DocumentFilter


_cursors = msgspec.json.Decoder(_Cursor)  # made once: two threads must not be the first to decode to a type


class StoredDocuments:
    """Reads the documents of one store; safe for use from several threads."""

    def __init__(self, path: Path, *, busy_timeout_seconds: float = 10.0) -> None:
        self._path = path
        self._busy_timeout_seconds = busy_timeout_seconds
        self._news = Condition()
        self._idle: list[StoreReader] = []
        self._open = 0
        self._closed = False

    def __repr__(self) -> str:
        return f"<StoredDocuments({str(self._path)!r}, connections={self._open})>"

    def close(self) -> None:
        """Close the connections, those in use when they are given back; calls after this are refused."""
        with self._news:
            self._closed = True
            idle, self._idle = self._idle, []
            self._open -= len(idle)
            self._news.notify_all()
        for each in idle:
            each.close()

    def find(
        self, wanted: DocumentFilter, cursor: str | None = None, *, limit: int = PAGE_SIZE
    ) -> DocumentPage:
        """See ``DocumentSource.find``."""
        if not 1 <= limit <= MAX_PAGE_SIZE:
            raise ValueError(f"limit must be 1 to {MAX_PAGE_SIZE}, got {limit}")
        with self._connection() as connection:
            at = _decoded(cursor) if cursor else _first(connection, wanted)
            size = limit if at.left is None else min(limit, at.left)
            found = find_documents(connection, at.wanted, after=at.after, last=at.last, limit=size + 1)
        page = found[:size]
        left = None if at.left is None else at.left - len(page)
        if len(found) <= size or left == 0:
            return DocumentPage(tuple(page))
        following = _Cursor(page[-1].id, at.last, left, at.wanted)
        return DocumentPage(tuple(page), msgspec.json.encode(following).decode())

    async def find_async(
        self, wanted: DocumentFilter, cursor: str | None = None, *, limit: int = PAGE_SIZE
    ) -> DocumentPage:
        """See ``DocumentSource.find_async``."""
        return await asyncio.to_thread(self.find, wanted, cursor, limit=limit)

    def read(self, document_id: int) -> StoredDocument | None:
        """See ``DocumentSource.read``."""
        with self._connection() as connection:
            return whole_document(connection, document_id)

    async def read_async(self, document_id: int) -> StoredDocument | None:
        """See ``DocumentSource.read_async``."""
        return await asyncio.to_thread(self.read, document_id)

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        reader = self._take()
        try:
            with reader.snapshot() as connection:
                yield connection
        finally:
            self._give_back(reader)

    def _take(self) -> StoreReader:
        with self._news:
            self._news.wait_for(lambda: self._closed or self._idle or self._open < CONNECTIONS)
            if self._closed:
                raise StoreError("the runtime is closed: its documents can not be read any more")
            if self._idle:
                return self._idle.pop()
            self._open += 1
        try:
            return StoreReader(self._path, busy_timeout_seconds=self._busy_timeout_seconds)
        except BaseException:
            with self._news:
                self._open -= 1
                self._news.notify()
            raise

    def _give_back(self, reader: StoreReader) -> None:
        with self._news:
            if not self._closed:
                self._idle.append(reader)
                self._news.notify()
                return
            self._open -= 1
        reader.close()


def _first(connection: sqlite3.Connection, wanted: DocumentFilter) -> _Cursor:
    return _Cursor(0, last_document(connection), wanted.limit, wanted)


def _decoded(cursor: str) -> _Cursor:
    try:
        return _cursors.decode(cursor)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise CursorError(f"{cursor[:80]!r} is no cursor: take it from the page before") from error
