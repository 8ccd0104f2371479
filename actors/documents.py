"""Documents as an attempt saves them, and as managers and workers see them: found by a filter, read singly, patched.

What is behind ``DocumentSource`` is handed over by the composition root; nothing here knows a store. Every call sees
one state of the store. Times are Unix milliseconds.
"""

from typing import Any, Protocol

import msgspec

PAGE_SIZE = 100
"""Documents of one page where nobody says how many."""
MAX_PAGE_SIZE = 1000
MAX_BODY_BYTES = 5 * 1024 * 1024
"""The longest body of a document, as UTF-8."""


class CursorError(ValueError):
    """The text is no cursor of ``find``."""


class DocumentFilter(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which documents are meant: those that meet every condition. Without any, all."""

    run_id: int | None = None  # that this run saved, also those it found unchanged
    source_types: tuple[str, ...] = ()  # one of these
    tags: tuple[str, ...] = ()  # every one of these
    media_types: tuple[str, ...] = ()  # one of these
    created_after: int | None = None  # first saved later than that
    updated_after: int | None = None  # last changed later than that
    job_id: int | None = None  # that this job saved
    after: int | None = None  # made later than the document of this id: the cursor of a page
    limit: int | None = None  # the first so many, over all pages; None = no limit


class DocumentBrief(msgspec.Struct, frozen=True):
    """A document without its body and metadata."""

    id: int
    source_type: str
    source_id: str
    url: str | None
    title: str
    tags: tuple[str, ...]
    media_type: str  # of the body; "" = nobody said, it is taken for text
    created_at: int
    updated_at: int


class StoredDocument(DocumentBrief, frozen=True):
    """A whole document."""

    body: str
    metadata: dict[str, Any]


class DocumentPage(msgspec.Struct, frozen=True):
    """Some documents in the order in which they were first saved; ``next_cursor`` None = these were the last."""

    documents: tuple[DocumentBrief, ...] = ()
    next_cursor: str | None = None


class DocumentSpec(msgspec.Struct, frozen=True):
    """A document to save with the outcome. (source_type, source_id) identifies it: saving again updates it."""

    source_type: str
    source_id: str
    url: str | None
    title: str
    body: str | None  # Markdown or text; None = body and title stay as they are stored
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}  # merged into what is stored; a key that is None goes
    media_type: str = ""  # of the body; "" = Markdown or text, or HTML if it begins so. HTML is not searched
    fingerprint: str = ""  # of the source, where the body is not all of it: another one is a change, too
    memo: bytes = b""  # what the worker wants to know of it next time


class DocumentPatch(msgspec.Struct, frozen=True):
    """What is to become of a document's metadata: each key's value takes the place of the old one; None removes it."""

    document_id: int
    metadata: dict[str, Any]


class DocumentSource(Protocol):
    """Reads the stored documents; safe for use from any thread. The ``_async`` forms are for bodies on the loop."""

    def find(
        self, wanted: DocumentFilter, cursor: str | None = None, *, limit: int = PAGE_SIZE
    ) -> DocumentPage:
        """A page of the documents that the filter lets through.

        Args:
            wanted: the filter, for the first page; a cursor has its own.
            cursor: where to go on, as the page before said. Documents first saved after the first page was read are
                on none of them, so a step that saves documents never finds its own.
            limit: documents of this page, 1 to ``MAX_PAGE_SIZE``.

        Raises:
            CursorError: the cursor is none of this method's.
        """
        ...

    async def find_async(
        self, wanted: DocumentFilter, cursor: str | None = None, *, limit: int = PAGE_SIZE
    ) -> DocumentPage:
        """``find`` for a coroutine."""
        ...

    def read(self, document_id: int) -> StoredDocument | None:
        """The document with its body and metadata; None if there is none of that id."""
        ...

    async def read_async(self, document_id: int) -> StoredDocument | None:
        """``read`` for a coroutine."""
        ...
