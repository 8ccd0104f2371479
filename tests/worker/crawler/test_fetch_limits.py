import asyncio
import resource
import zlib

import pytest

from actors.worker.crawler.config import MAX_PAGE_BYTES, CrawlConfig
from actors.worker.crawler.media_types import Content
from tests.worker.crawler.fetching import fetched
from tests.worker.crawler.site import reply

MEBIBYTE = 1024 * 1024


@pytest.mark.parametrize(
    "content_type", ["image/png", "application/pdf", "text/css", "image/svg+xml", "video/mp4"]
)
def test_what_is_not_text_is_not_downloaded(content_type: str) -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(reply("", Content_Type=content_type, Content_Length=""))
        while True:
            writer.write(bytes(MEBIBYTE))
            await writer.drain()

    page = fetched(endless)
    assert (page.status, page.content, page.text, page.body_bytes) == (200, Content.OTHER, None, 0)


def test_a_bomb_costs_little_memory() -> None:
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(bytes(MEBIBYTE)) for _ in range(512)) + packer.flush()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    page = fetched(reply(bomb, Content_Encoding="gzip"))

    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before  # KiB, of the highest point
    assert page.truncated
    assert page.text is not None
    assert len(page.text) == MAX_PAGE_BYTES
    assert 10 * MEBIBYTE < page.body_bytes < 11 * MEBIBYTE
    assert grown < 64 * 1024


def test_an_endless_body_is_broken_off() -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(reply("", Content_Length=""))
        while True:
            writer.write(b"x" * MEBIBYTE)
            await writer.drain()

    page = fetched(endless)
    assert page.truncated
    assert page.text == "x" * MAX_PAGE_BYTES


def test_of_a_large_page_the_beginning_is_kept() -> None:
    page = fetched(reply(b"x" * (MAX_PAGE_BYTES + 5)))

    assert page.text == "x" * MAX_PAGE_BYTES
    assert page.body_bytes == MAX_PAGE_BYTES + 5
    assert page.truncated


@pytest.mark.parametrize(("size", "truncated"), [(99, False), (100, False), (101, True)])
def test_no_more_is_read_than_the_step_allows(size: int, truncated: bool) -> None:
    page = fetched(reply(b"x" * size), CrawlConfig(max_body_bytes=100))

    assert page.text == "x" * min(size, 100)
    assert page.truncated is truncated
