import asyncio
import contextlib
import gzip
import zlib
from collections.abc import Callable

import pytest

from actors.seams import SystemClock
from actors.worker.crawler.errors import HttpStatusError
from actors.worker.crawler.fetch import Fetched, Fetcher, FetchRequest
from actors.worker.crawler.media_types import Content
from tests.worker.crawler.fetching import fetched, with_site
from tests.worker.crawler.site import Answer, Site, reply


def test_a_page_comes_with_its_text_and_what_the_server_said_of_it() -> None:
    page = fetched(reply("<p>ä", Content_Type="Text/HTML; charset=utf-8", X_Said="this"))

    assert (page.status, page.text, page.content_type, page.content) == (
        200,
        "<p>ä",
        "text/html",
        Content.PAGE,
    )
    assert page.body_bytes == 5
    assert page.headers["x-said"] == "this"
    assert page.location is None
    assert not page.truncated
    assert 0 <= page.elapsed_ms < 30_000


def test_connections_are_kept_and_used_again() -> None:
    async def use(fetcher: Fetcher, site: Site) -> list[int]:
        for path in ("/", "/redirect", "/missing", "/file", "/", "/chunked", "/empty", "/"):
            with contextlib.suppress(HttpStatusError):
                await fetcher.fetch(FetchRequest(site.url + path))
        return [request.connection for request in site.requests]

    chunked = reply("", status="302 Found", Content_Length="", Location="/", Transfer_Encoding="chunked")
    answers: dict[str, Answer] = {
        "/": reply("x"),
        "/redirect": reply("moved", status="301 Moved", Location="/"),
        "/file": reply(b"\0" * 1000, Content_Type="image/png"),
        "/chunked": chunked + b"5\r\nmoved\r\n0\r\n\r\n",
        "/empty": reply("", status="204 No Content", Content_Length="", Content_Type=""),
    }
    assert with_site(answers, use) == [1] * 8


def test_the_crawler_says_who_it_is_and_keeps_no_cookies() -> None:
    async def use(fetcher: Fetcher, site: Site) -> list[dict[str, str]]:
        await fetcher.fetch(FetchRequest(site.url + "/"))
        await fetcher.fetch(FetchRequest(site.url + "/"))
        return [request.headers for request in site.requests]

    _, second = with_site({"/": reply("x", Set_Cookie="id=1; Path=/")}, use)
    assert second["user-agent"].startswith("quaero")
    assert "crawler" in second["user-agent"]
    assert second["accept-encoding"] == "gzip, deflate"
    assert "cookie" not in second


def test_the_url_is_asked_for_exactly_as_it_is_spelled() -> None:
    path = "/a%20b/%C3%A4;x,(y)?q=%C3%A4&r=[1]|{2}+3%2F"

    async def use(fetcher: Fetcher, site: Site) -> list[str]:
        await fetcher.fetch(FetchRequest(site.url + path))
        return site.paths()

    assert with_site({path: reply("x")}, use) == [path]


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
def test_a_redirect_is_told_and_not_followed(status: str) -> None:
    async def use(fetcher: Fetcher, site: Site) -> tuple[Fetched, list[str]]:
        return await fetcher.fetch(FetchRequest(site.url + "/")), site.paths()

    page, paths = with_site({"/": reply("moved", status=status, Location="/there?ä")}, use)
    assert (page.status, page.location, page.text) == (int(status[:3]), "/there?ä", None)
    assert paths == ["/"]


def test_a_redirect_to_itself_is_one_request() -> None:
    assert fetched(reply("", status="302 Found", Location="/")).location == "/"


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("", Content.PAGE),
        ("application/xhtml+xml", Content.PAGE),
        ("text/plain", Content.TEXT),
        ("text/markdown; charset=utf-8", Content.TEXT),
        ("application/json", Content.TEXT),
        ("application/rss+xml", Content.TEXT),
        ("text/xml", Content.TEXT),
    ],
)
def test_text_of_many_kinds_is_read(content_type: str, content: Content) -> None:
    page = fetched(reply("text", Content_Type=content_type))

    assert (page.content, page.text) == (content, "text")


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_packed_pages_are_unpacked(pack: Callable[[bytes], bytes]) -> None:
    encoding = "gzip" if pack is gzip.compress else "deflate"
    page = fetched(reply(pack("<p>ä".encode()), Content_Encoding=encoding))

    assert (page.text, page.body_bytes) == ("<p>ä", 5)


def test_a_page_in_another_encoding_becomes_text() -> None:
    page = fetched(reply("Привет".encode("cp1251"), Content_Type="text/html; charset=windows-1251"))

    assert page.text == "Привет"


def test_hundreds_of_slow_requests_wait_together() -> None:
    requests = 200

    async def run() -> int:
        all_there = asyncio.Event()

        async def late(writer: asyncio.StreamWriter) -> None:
            if len(site.requests) == requests:
                all_there.set()
            await all_there.wait()
            writer.write(reply("x"))

        site = Site({"/": late})
        async with site.serving():
            fetcher = Fetcher(SystemClock(), allow_private_addresses=True, connections_per_host=requests)
            pages = await asyncio.gather(
                *(fetcher.fetch(FetchRequest(site.url + "/")) for _ in range(requests))
            )
            await fetcher.aclose()
            return len(pages)

    assert asyncio.run(run()) == requests


def test_no_more_connections_go_to_one_host_than_allowed() -> None:
    async def run() -> set[int]:
        async with Site({"/": reply("x")}).serving() as site:
            fetcher = Fetcher(SystemClock(), allow_private_addresses=True, connections_per_host=3)
            await asyncio.gather(*(fetcher.fetch(FetchRequest(site.url + "/")) for _ in range(50)))
            await fetcher.aclose()
            return {request.connection for request in site.requests}

    assert len(asyncio.run(run())) <= 3


def test_a_closed_fetcher_opens_anew_also_on_another_loop() -> None:
    fetcher = Fetcher(SystemClock(), allow_private_addresses=True)

    async def run() -> list[bool]:
        async with Site({"/": reply("x")}).serving() as site:
            before = fetcher.in_use
            await fetcher.fetch(FetchRequest(site.url + "/"))
            during = fetcher.in_use
            await fetcher.aclose()
            await fetcher.aclose()
            return [before, during, fetcher.in_use]

    assert [asyncio.run(run()), asyncio.run(run())] == [[False, True, False]] * 2
    assert repr(fetcher) == "<Fetcher(sessions=0, private=True)>"


def test_a_fetcher_is_of_one_loop() -> None:
    async def run(fetcher: Fetcher) -> None:
        async with Site({"/": reply("x")}).serving() as site:
            await fetcher.fetch(FetchRequest(site.url + "/"))
            with pytest.raises(RuntimeError, match="one for each loop"):
                await asyncio.to_thread(asyncio.run, fetcher.fetch(FetchRequest(site.url + "/")))
            await fetcher.aclose()

    asyncio.run(run(Fetcher(SystemClock(), allow_private_addresses=True)))


def test_a_cancelled_fetch_leaves_no_connection_behind() -> None:
    async def run() -> None:
        arrived = asyncio.Event()

        async def never(_: asyncio.StreamWriter) -> None:
            arrived.set()
            await asyncio.Event().wait()

        async with Site({"/": never}).serving() as site:
            fetcher = Fetcher(SystemClock(), allow_private_addresses=True)
            task = asyncio.create_task(fetcher.fetch(FetchRequest(site.url + "/")))
            await arrived.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await fetcher.aclose()

    asyncio.run(run())
