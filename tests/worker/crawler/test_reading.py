import asyncio

import pytest

from actors.worker.crawler.media_types import Content
from actors.worker.crawler.parsed import PageError, ParsedPage
from actors.worker.crawler.reading import INLINE_CHARACTERS, read_page

URL = "http://h/p"


def read(text: str, content: Content = Content.PAGE) -> ParsedPage:
    return asyncio.run(read_page(text, URL, content))


def test_a_page_is_parsed() -> None:
    assert read("<title>T</title><a href=x>l</a>").links == ("http://h/x",)


@pytest.mark.parametrize("content", [Content.TEXT, Content.OTHER])
def test_what_is_no_page_is_kept_as_it_is(content: Content) -> None:
    assert read("<a href=x>l</a>", content) == ParsedPage(
        URL, "<a href=x>l</a>", metadata={"word_count": 2, "text_length": 15}
    )


def test_a_large_page_is_parsed_while_the_loop_goes_on() -> None:
    async def run() -> tuple[ParsedPage, int]:
        task = asyncio.create_task(read_page("<p>x</p>" * 30_000 + "<a href=x>l</a>", URL, Content.PAGE))
        turns = 0
        while not task.done():
            await asyncio.sleep(0)
            turns += 1
        return await task, turns

    page, turns = asyncio.run(run())
    assert page.metadata["paragraphs_count"] == 30_000
    assert turns > 10


def test_large_pages_wait_for_their_turn_and_all_get_one_on_every_loop() -> None:
    async def run() -> list[int]:
        text = "<p>x</p>" * 10_000
        pages = await asyncio.gather(*(read_page(text, URL, Content.PAGE) for _ in range(10)))
        return [page.metadata["paragraphs_count"] for page in pages]

    assert [asyncio.run(run()), asyncio.run(run())] == [[10_000] * 10] * 2


@pytest.mark.parametrize("size", [1, INLINE_CHARACTERS + 1])
def test_a_page_that_can_not_be_parsed_is_an_error_wherever_it_was_tried(size: int) -> None:
    with pytest.raises(PageError):
        read("\ud800" * size)
