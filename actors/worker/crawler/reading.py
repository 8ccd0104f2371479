"""A fetched text to a page, without keeping the loop from its other pages. The first one loads the parsers."""

import asyncio

from actors.worker.crawler.media_types import Content
from actors.worker.crawler.parsed import ParsedPage, plain

INLINE_CHARACTERS = 65_536
"""Longer pages are parsed by a thread: they take more than a few milliseconds."""


async def read_page(text: str, url: str, content: Content) -> ParsedPage:
    """Parse a page; a text of another kind is kept as it is.

    Raises:
        PageError: the page can not be parsed.
    """
    if content is not Content.PAGE:
        return plain(text, url)
    from actors.worker.crawler.page import parse

    if len(text) > INLINE_CHARACTERS:
        return await asyncio.to_thread(parse, text, url)
    return parse(text, url)
