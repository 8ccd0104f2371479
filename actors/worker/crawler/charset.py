"""Bytes of a page to text. Pure; never raises, whatever the bytes are and whatever encoding the page claims."""

import codecs
import re

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_PRESCANNED_BYTES = 4096
_META = re.compile(rb"<meta\b[^>]{0,500}?\bcharset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)
_XML = re.compile(rb"^\s{0,100}<\?xml\b[^>]{0,200}?\bencoding\s*=\s*[\"']([A-Za-z0-9_.:-]{1,40})")
_HEADER = re.compile(r"\bcharset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE)

# What pages call by these names is the larger set: the same that browsers decode.
_LARGER_SETS = {
    "ascii": "cp1252",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "big5hkscs",
    "utf-16": "utf-16-le",
    "utf-32": "utf-32-le",
}
# Python's own codecs that are no encoding of a page, or slow on hostile input.
_REFUSED = frozenset(
    {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "utf_7", "mbcs", "oem"}
)


def decode(body: bytes, content_type: str = "") -> str:
    """The text of a page: by byte order mark, header, or what the page says of itself, else as UTF-8.

    Bytes that the encoding does not know become U+FFFD.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    return body.decode(_from_header(content_type) or _from_body(body) or "utf-8", "replace")


def _from_header(content_type: str) -> str | None:
    match = _HEADER.search(content_type)
    return _known(match[1]) if match else None


def _from_body(body: bytes) -> str | None:
    start = body[:_PRESCANNED_BYTES]
    match = _META.search(start) or _XML.search(start)
    if match is None:
        return None
    encoding = _known(match[1].decode("ascii"))
    # Had it been UTF-16, the declaration could not have been read as ASCII.
    return "utf-8" if encoding is not None and encoding.startswith("utf-") else encoding


def _known(label: str) -> str | None:
    """Python's name of the encoding, or None if that is none for text."""
    try:
        name = codecs.lookup(label).name
        b"a".decode(name, "replace")  # refuses codecs that do not make text, such as base64
    except (LookupError, ValueError):
        return None
    return None if name.replace("-", "_") in _REFUSED else _LARGER_SETS.get(name, name)
