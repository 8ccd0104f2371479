"""A page that was crawled before: what is remembered of it, what the server is asked, and what has become of it. Pure.

With a document a memo is kept: its validators (ETag, Last-Modified), a fingerprint, and the links of the page, so that
a server that answers "304 Not Modified" costs neither the body nor the pages behind it. A memo holds for one view of a
page: with another login, or where something else is kept of it, the whole page is asked for.
"""

import zlib
from hashlib import sha256
from typing import Protocol

import msgspec

from actors.worker.crawler.config import CrawlConfig

FORMAT = 1
"""Goes up when pages are read in another way than before, so that each is read anew."""
MAX_VALIDATOR_LENGTH = 512


class Memo(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the next crawl needs to know of a page."""

    view: str
    etag: str = ""
    last_modified: str = ""
    content_type: str = ""
    links: tuple[str, ...] = ()  # all of them, normalised; none where there is no validator

    def validators(self) -> dict[str, str]:
        """The headers that make a request conditional; {} = it can not be."""
        sent = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in sent.items() if value}

    def packed(self) -> bytes:
        """As it is stored."""
        return zlib.compress(msgspec.json.encode(self), 6)


def unpacked(packed: bytes) -> Memo | None:
    """The memo that was stored; None if it is none that is understood here."""
    try:
        return msgspec.json.decode(zlib.decompress(packed), type=Memo)
    except (zlib.error, msgspec.MsgspecError):
        return None


class Known(msgspec.Struct, frozen=True):
    """A page that there is a document of."""

    title: str
    fingerprint: str
    memo: Memo | None = None


class Recollection(msgspec.Struct, frozen=True):
    """What the store knows of a page before it is fetched."""

    known: Known | None = None  # None = it is new
    discovered_by: int | None = None  # the job that found it; None for a seed


class CrawlMemory(Protocol):
    """Where a crawl remembers pages: the resource "crawl_memory". The composition root has one on the store."""

    async def recall(self, source_type: str, source_id: str, job_id: int) -> Recollection:
        """What is known of the document with that identity, and of the job that is to read it."""
        ...


class NoMemory:
    """Knows nothing: every page is new."""

    async def recall(self, source_type: str, source_id: str, job_id: int) -> Recollection:
        """See ``CrawlMemory``."""
        return Recollection()


def view_of(config: CrawlConfig, auth_id: str) -> str:
    """What of a page is seen and kept: two equal ones make the same document of the same answer."""
    part = "html" if config.keep_html else "main" if config.main_content else "all"
    rendered = "" if config.render == "none" else f" {config.render}"
    return f"{FORMAT} {config.detail_level} {part} {auth_id}{rendered}"


def usable(known: Known | None, view: str, *, refresh: bool) -> Memo | None:
    """The memo a request can be made conditional with."""
    if known is None or known.memo is None or refresh or known.memo.view != view:
        return None
    return known.memo if known.memo.validators() else None


def memo_of(
    view: str, headers: dict[str, str], content_type: str, links: tuple[str, ...], *, whole: bool
) -> Memo:
    """What to remember of an answer. One that was cut off is not whole, and asked for again."""
    etag, modified = (
        _validator(headers.get(name, "")) if whole else "" for name in ("etag", "last-modified")
    )
    return Memo(view, etag, modified, content_type, links if etag or modified else ())


def fingerprint_of(detail_level: str, title: str, text: str) -> str:
    """Equal for equal documents."""
    return sha256(f"{detail_level}\0{title}\0{text}".encode("utf-8", "surrogatepass")).hexdigest()


def change_of(known: Known | None, fingerprint: str) -> str:
    """What ``document_save`` will say: new, changed or unchanged."""
    if known is None:
        return "new"
    return "unchanged" if known.fingerprint == fingerprint else "changed"


def _validator(value: str) -> str:
    """The header's value, if it can be sent back."""
    plain = value.isascii() and value.isprintable() and len(value) <= MAX_VALIDATOR_LENGTH
    return value.strip() if plain else ""
