"""What is kept of a page, and how much of its text at most. Pure."""

from typing import Any

import msgspec

MAX_TEXT_BYTES = 4 * 1024 * 1024
"""Longer text is cut here, in front of the store's own bound for a document."""


class PageError(ValueError):
    """The page can not be parsed."""


class ParsedPage(msgspec.Struct, frozen=True):
    """What is kept of a page. ``links`` are normalised, in page order, each once."""

    title: str
    text: str  # Markdown, or the text itself where it is not HTML
    links: tuple[str, ...] = ()
    too_many_links: bool = False
    metadata: dict[str, Any] = {}


def plain(text: str, url: str) -> ParsedPage:
    """A text that is no HTML: it has neither title nor links."""
    kept = bounded(text)
    return ParsedPage(
        title=url, text=kept, metadata={"word_count": len(kept.split()), "text_length": len(kept)}
    )


def bounded(text: str) -> str:
    """The text without NUL, or as much of its beginning as ``MAX_TEXT_BYTES`` hold."""
    text = text.replace("\0", "\ufffd")
    if len(text) <= MAX_TEXT_BYTES // 4:
        return text
    return text.encode("utf-8", "replace")[:MAX_TEXT_BYTES].decode("utf-8", "ignore")
