"""Reads a sitemap file: XML, an index of others, or lines of text; packed by gzip or not. Pure, and bounded.

No document type and so no entity is read: sitemaps have none, and files that have are meant to do harm. A file that
breaks off in the middle gives what stands before.
"""

from xml.parsers import expat

import msgspec

from actors.worker.crawler.decompress import Decoder, EncodingError
from actors.worker.crawler.urls import MAX_URL_LENGTH, normalise

MAX_SITEMAP_URLS = 50_000
"""Of one file, as the protocol has it; what follows is not read."""

_GZIP = b"\x1f\x8b"
_ROOTS = {"urlset": "url", "sitemapindex": "sitemap"}
_MAX_LASTMOD = 40


class SitemapError(ValueError):
    """The file is no sitemap."""


class SitemapEntry(msgspec.Struct, frozen=True):
    """One page, or one file of an index."""

    url: str  # normalised
    lastmod: str = ""


class SitemapFile(msgspec.Struct, frozen=True):
    """What a file has. ``whole`` is false if it was cut off, or has more than is read."""

    pages: tuple[SitemapEntry, ...] = ()
    sitemaps: tuple[SitemapEntry, ...] = ()
    whole: bool = True


def read_sitemap(data: bytes, url: str, *, max_bytes: int) -> SitemapFile:
    """The entries of a file, each once.

    Args:
        data: the file.
        url: its normalised URL.
        max_bytes: unpacked bytes that are read.

    Raises:
        SitemapError: it is none.
    """
    data, whole = _unpacked(data, url, max_bytes)
    if data.lstrip(b"\xef\xbb\xbf\0 \t\r\n")[:1] in {b"<", b"\xff", b"\xfe"}:
        found = _Reader(url).read(data)
    else:
        found = _lines(data)
    if not (found.pages or found.sitemaps) and not found.whole:
        raise SitemapError(f"{url} is no sitemap")
    return msgspec.structs.replace(found, whole=found.whole and whole)


def _unpacked(data: bytes, url: str, max_bytes: int) -> tuple[bytes, bool]:
    if not data.startswith(_GZIP):
        return data[:max_bytes], len(data) <= max_bytes
    kept = bytearray()
    try:
        for piece in Decoder("gzip").pieces(data):
            kept += piece
            if len(kept) > max_bytes:
                return bytes(kept[:max_bytes]), False
    except EncodingError as error:
        if not kept:
            raise SitemapError(f"{url} is no sitemap: {error}") from error
        return bytes(kept), False
    return bytes(kept), True


def _lines(data: bytes) -> SitemapFile:
    """A file of one URL a line."""
    found: dict[str, None] = {}
    for line in data.decode("utf-8-sig", "replace").splitlines():
        url = normalise(line.strip()) if line.strip() else None
        if url is not None:
            found[url] = None
            if len(found) >= MAX_SITEMAP_URLS:
                break
    return SitemapFile(tuple(map(SitemapEntry, found)), whole=bool(found) and len(found) < MAX_SITEMAP_URLS)


class _Reader:
    """The handlers of one parse."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._path: list[str] = []
        self._entry: dict[str, str] = {}
        self._text: list[str] | None = None
        self._found: dict[str, SitemapEntry] = {}
        self._is_index = False
        self._whole = True

    def read(self, data: bytes) -> SitemapFile:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = self._refuse
        try:
            parser.Parse(data, True)  # noqa: FBT003 - as expat has it
        except expat.ExpatError:
            self._whole = False
        except _EnoughError:
            self._whole = False
        except (ValueError, LookupError) as error:  # an encoding that is none
            raise SitemapError(f"{self._url} is no sitemap: {error}") from error
        entries = tuple(self._found.values())
        return (
            SitemapFile(sitemaps=entries, whole=self._whole)
            if self._is_index
            else SitemapFile(entries, whole=self._whole)
        )

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        name = name.rpartition(" ")[2]
        if not self._path:
            if name not in _ROOTS:
                raise SitemapError(f"{self._url} is no sitemap: it begins with <{name[:40]}>")
            self._is_index = name == "sitemapindex"
        self._path.append(name)
        if len(self._path) == 2:
            self._entry = {}
        self._text = [] if len(self._path) == 3 and name in {"loc", "lastmod"} else None

    def _characters(self, text: str) -> None:
        if self._text is not None and sum(map(len, self._text)) <= MAX_URL_LENGTH:
            self._text.append(text)

    def _end(self, _name: str) -> None:
        name = self._path.pop()
        if self._text is not None:
            self._entry.setdefault(name, "".join(self._text).strip())
            self._text = None
        if len(self._path) == 1 and name == _ROOTS[self._path[0]]:
            url = normalise(self._entry.get("loc", ""), self._url)
            if url is not None and self._entry.get("loc"):
                self._found.setdefault(url, SitemapEntry(url, self._entry.get("lastmod", "")[:_MAX_LASTMOD]))
                if len(self._found) >= MAX_SITEMAP_URLS:
                    raise _EnoughError

    def _refuse(self, *_: object) -> None:
        raise SitemapError(f"{self._url} has a document type, which no sitemap has: it is not read")


class _EnoughError(Exception):
    """So many URLs are taken."""
