"""A page of HTML as Markdown, as text, or as JSON with what it says of itself. Pure, and bounded as the crawl is."""

from typing import Any

import msgspec

from actors.worker.crawler.config import MAX_PAGE_BYTES
from actors.worker.crawler.defuse import defuse
from actors.worker.crawler.markdown import to_text
from actors.worker.crawler.page import parse
from actors.worker.crawler.parsed import ParsedPage
from actors.worker.transform.config import OutputFormat


class Converted(msgspec.Struct, frozen=True):
    """What a page became. ``truncated``: it is longer than what is read of a page."""

    body: str
    title: str
    metadata: dict[str, Any]
    truncated: bool


def converted(html: str, url: str, wanted: OutputFormat) -> Converted:
    """The page in another format.

    Args:
        html: the page.
        url: what its relative links begin at; "" = they stay relative.
        wanted: the format.

    Raises:
        PageError: it can not be parsed.
    """
    page = parse(html, url)
    truncated = len(html) > MAX_PAGE_BYTES
    title = "" if page.title == url else page.title
    return Converted(_body(page, html, url, wanted), title, page.metadata, truncated)


def _body(page: ParsedPage, html: str, url: str, wanted: OutputFormat) -> str:
    match wanted:
        case OutputFormat.MARKDOWN:
            return page.text
        case OutputFormat.TEXT:
            return to_text(defuse(html[:MAX_PAGE_BYTES]), url)
        case OutputFormat.JSON:
            whole = {
                "title": page.title,
                "url": url or None,
                "metadata": page.metadata,
                "links": page.links,
                "markdown": page.text,
            }
            return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode()
