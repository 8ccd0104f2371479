"""What is a page, what is text of another kind, and what is not read at all. Pure."""

from enum import StrEnum


class Content(StrEnum):
    """What becomes of a body."""

    PAGE = "page"  # parsed: it has a title and links
    TEXT = "text"  # kept as it is
    OTHER = "other"  # not downloaded


_PAGES = frozenset({"text/html", "application/xhtml+xml"})
_TEXTS = frozenset(
    {
        "text/plain",
        "text/markdown",
        "text/x-markdown",
        "text/xml",
        "text/json",
        "application/xml",
        "application/json",
    }
)
_TEXT_SUFFIXES = ("+xml", "+json")


def media_type(content_type: str) -> str:
    """The media type of a Content-Type header, in lower case, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def content_of(content_type: str) -> Content:
    """What a body with this Content-Type is. One without is taken for a page, as servers of old mean it."""
    kind = media_type(content_type)
    if not kind or kind in _PAGES:
        return Content.PAGE
    if kind in _TEXTS or (kind.startswith("application/") and kind.endswith(_TEXT_SUFFIXES)):
        return Content.TEXT
    return Content.OTHER
