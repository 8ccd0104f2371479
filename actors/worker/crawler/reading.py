"""A fetched text to a page, without keeping the loop from its other pages. The first one loads the parsers."""

import asyncio
from weakref import WeakKeyDictionary

from actors.worker.crawler.media_types import Content
from actors.worker.crawler.parsed import ParsedPage, plain

INLINE_CHARACTERS = 65_536
"""Longer pages are parsed by a thread: they take more than a few milliseconds."""
PARSED_AT_ONCE = 2
"""Large pages in threads at the same time: each may take 150 MB, and host names are looked up by the same threads."""

_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def read_page(text: str, url: str, content: Content, *, main_content: bool = False) -> ParsedPage:
    """Parse a page; a text of another kind is kept as it is.

    Raises:
        PageError: the page can not be parsed.
    """
    if content is not Content.PAGE:
        return plain(text, url)
    from actors.worker.crawler.page import parse

    if len(text) > INLINE_CHARACTERS:
        async with _turn():
            return await asyncio.to_thread(parse, text, url, main_content=main_content)
    return parse(text, url, main_content=main_content)


def _turn() -> asyncio.Semaphore:
    """The queue of this loop's large pages."""
    return _turns.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(PARSED_AT_ONCE))
