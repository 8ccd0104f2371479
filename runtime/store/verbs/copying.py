"""Copies the children that were handed over with a fan-out, from the rows of the old run to staged pages of a new one.

They are the jobs that no job has spawned, and what still waits in staged pages of the old run. Ids grow from page to
page, so an id and a page's number say how far a copy has come, whatever is named meanwhile. A slice a commit.
"""

import sqlite3
from collections.abc import Generator
from contextlib import closing

import msgspec

from actors.ids import id_text
from actors.messages import CopyProgress, StagedPage
from runtime.store.checksum import job_checksum
from runtime.store.transaction import Transaction

PAGE = 1000
"""Children of one page."""
PAGE_BYTES = 4 << 20
"""A page is full with so much payload too."""
SLICE_PAGES = 10
SLICE_BYTES = 8 << 20
"""What one commit copies."""

_JOBS = """
SELECT id, CAST(type AS BLOB), CAST(payload AS BLOB), crc, unique_key FROM job
WHERE parent_id = ? AND id > ? AND spawned_by IS NULL ORDER BY id
"""
_PAGES = "SELECT number, rows FROM staged_page WHERE run_id = ? AND number >= ? ORDER BY number"

_staged = msgspec.json.Decoder(list[tuple[int, str, int, str | None]])


class UnrepeatableError(ValueError):
    """A row is damaged or deleted: what the old run was asked to do is not known any more."""


class HandedOver(msgspec.Struct, frozen=True):
    """A step whose children came with its run, and the step of a new run that is to have them too."""

    run_id: int
    step_id: int
    job_type: str
    new_step_id: int


class Copied(msgspec.Struct):
    """One slice: new pages, and how far the copy has come."""

    pages: list[StagedPage]
    progress: CopyProgress
    done: bool


class _Page:
    """A page of the new run as it fills."""

    def __init__(self) -> None:
        self.payloads: list[tuple[str, str | None]] = []
        self.size = 0

    @property
    def full(self) -> bool:
        return len(self.payloads) >= PAGE or self.size >= PAGE_BYTES

    def add(self, payload: str, unique_key: str | None) -> None:
        self.payloads.append((payload, unique_key))
        self.size += len(payload)


def copy_slice(transaction: Transaction, source: HandedOver, progress: CopyProgress) -> Copied:
    """The next pages of a copy of the step's children.

    Raises:
        UnrepeatableError: a row is not as it was written.
    """
    pages: list[StagedPage] = []
    page = _Page()
    after, staged, size = progress.after, progress.staged, 0

    def finish() -> None:
        nonlocal page, size
        size += page.size
        pages.append(_encoded(transaction, page, progress.pages + len(pages), source))
        page = _Page()

    def enough() -> bool:
        return len(pages) >= SLICE_PAGES or size >= SLICE_BYTES

    done = True
    with closing(_children(transaction.connection, source, after, staged)) as children:
        for job_id, number, payload, unique_key in children:
            if page.full:
                finish()
                if enough():
                    done = False
                    break
            page.add(payload, unique_key)
            after, staged = job_id, max(staged, number)
    if page.payloads:
        finish()
    so_far = CopyProgress(progress.step_ids, after, staged, progress.pages + len(pages))
    return Copied(pages, so_far, done)


def _children(
    connection: sqlite3.Connection, source: HandedOver, after: int, staged: int
) -> Generator[tuple[int, int, str, str | None]]:
    """Id, number of the staged page (0 = it is named), payload and unique key of each that is left."""
    for job_id, kind, payload, crc, unique_key in connection.execute(_JOBS, (source.step_id, after)):
        after = job_id
        yield job_id, 0, _intact(job_id, source.step_id, kind, payload, crc), unique_key
    for number, rows in connection.execute(_PAGES, (source.run_id, staged)):
        for child_id, text, crc, unique_key in _staged.decode(rows):
            if child_id > after:
                whole = _intact(child_id, source.step_id, source.job_type.encode(), text.encode(), crc)
                yield child_id, number, whole, unique_key


def _intact(job_id: int, step_id: int, job_type: bytes, payload: bytes, crc: int) -> str:
    try:
        text = payload.decode()
        whole = job_checksum(job_id, step_id, job_type.decode(), text) == crc
    except UnicodeDecodeError:
        whole, text = False, ""
    if not whole:
        raise UnrepeatableError(f"the row of job {id_text(job_id)} is damaged: its checksum does not match")
    return text


def _encoded(transaction: Transaction, page: _Page, number: int, source: HandedOver) -> StagedPage:
    ids = transaction.context.ids.block(len(page.payloads))
    rows = [
        (child_id, text, job_checksum(child_id, source.new_step_id, source.job_type, text), unique_key)
        for child_id, (text, unique_key) in zip(ids, page.payloads, strict=True)
    ]
    return StagedPage(number, msgspec.json.encode(rows), len(rows))
