import asyncio
import contextlib
import gzip
import resource
import socket
import zlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from actors.seams import ManualClock, SystemClock
from actors.worker.crawler.config import MAX_PAGE_BYTES, CrawlConfig
from actors.worker.crawler.errors import FetchError, HttpStatusError, PrivateAddressError
from actors.worker.crawler.fetch import Fetched, Fetcher
from actors.worker.crawler.media_types import Content
from tests.worker.crawler.site import Answer, Site, reply

Result = TypeVar("Result")
MEBIBYTE = 1024 * 1024
ALLOWED = CrawlConfig(allow_private_addresses=True)


def with_site(answers: dict[str, Answer], use: Callable[[Fetcher, Site], Awaitable[Result]]) -> Result:
    """Serve the answers on loopback while ``use`` fetches them."""

    async def run() -> Result:
        async with Site(answers).serving() as site:
            fetcher = Fetcher(SystemClock(), allow_private_addresses=True)
            try:
                return await use(fetcher, site)
            finally:
                await fetcher.aclose()

    return asyncio.run(run())


def fetched(answer: Answer, config: CrawlConfig = ALLOWED) -> Fetched:
    return with_site({"/": answer}, lambda fetcher, site: fetcher.fetch(site.url + "/", config))


def refused(answer: Answer, config: CrawlConfig = ALLOWED) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetched(answer, config)
    return caught.value


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
                await fetcher.fetch(site.url + path)
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
        await fetcher.fetch(site.url + "/")
        await fetcher.fetch(site.url + "/")
        return [request.headers for request in site.requests]

    _, second = with_site({"/": reply("x", Set_Cookie="id=1; Path=/")}, use)
    assert second["user-agent"].startswith("quaero")
    assert "crawler" in second["user-agent"]
    assert second["accept-encoding"] == "gzip, deflate"
    assert "cookie" not in second


def test_the_url_is_asked_for_exactly_as_it_is_spelled() -> None:
    path = "/a%20b/%C3%A4;x,(y)?q=%C3%A4&r=[1]|{2}+3%2F"

    async def use(fetcher: Fetcher, site: Site) -> list[str]:
        await fetcher.fetch(site.url + path)
        return site.paths()

    assert with_site({path: reply("x")}, use) == [path]


@pytest.mark.parametrize(
    "status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
)
def test_a_redirect_is_told_and_not_followed(status: str) -> None:
    async def use(fetcher: Fetcher, site: Site) -> tuple[Fetched, list[str]]:
        return await fetcher.fetch(site.url + "/"), site.paths()

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


@pytest.mark.parametrize(
    ("status", "retryable"),
    [
        ("400 Bad Request", False),
        ("401 Unauthorized", False),
        ("403 Forbidden", False),
        ("404 Not Found", False),
        ("410 Gone", False),
        ("429 Too Many Requests", True),
        ("500 Internal Server Error", True),
        ("502 Bad Gateway", True),
        ("503 Service Unavailable", True),
    ],
)
def test_an_error_of_the_server_is_an_error(status: str, retryable: bool) -> None:
    error = refused(reply("<h1>sorry</h1>", status=status))

    assert isinstance(error, HttpStatusError)
    assert error.status == int(status[:3])
    assert error.retryable is retryable
    assert error.retry_after_seconds is None
    assert str(error).endswith(f"/ answered {status}")


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), ("Thu, 01 Jan 2026 00:00:30 GMT", 30), ("86400", 3600), ("soon", None)]
)
def test_retry_after_is_honoured(header: str, seconds: float | None) -> None:
    async def run() -> float | None:
        async with Site({"/": reply("", status="503 Busy", Retry_After=header)}).serving() as site:
            fetcher = Fetcher(ManualClock(wall_ms=1_767_225_600_000), allow_private_addresses=True)
            with pytest.raises(HttpStatusError) as caught:
                await fetcher.fetch(site.url + "/")
            await fetcher.aclose()
            return caught.value.retry_after_seconds

    assert asyncio.run(run()) == seconds


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_packed_pages_are_unpacked(pack: Callable[[bytes], bytes]) -> None:
    encoding = "gzip" if pack is gzip.compress else "deflate"
    page = fetched(reply(pack("<p>ä".encode()), Content_Encoding=encoding))

    assert (page.text, page.body_bytes) == ("<p>ä", 5)


def test_a_page_in_another_encoding_becomes_text() -> None:
    page = fetched(reply("Привет".encode("cp1251"), Content_Type="text/html; charset=windows-1251"))

    assert page.text == "Привет"


@pytest.mark.parametrize("encoding", ["br", "zstd"])
def test_an_encoding_nobody_offered_is_an_error_for_good(encoding: str) -> None:
    error = refused(reply(b"\x1b\x00", Content_Encoding=encoding))

    assert not error.retryable
    assert encoding in str(error)


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


async def nothing(_: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def drip(writer: asyncio.StreamWriter) -> None:
    writer.write(reply("", Content_Length="1000000"))
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)  # the slowness is what is tested


@pytest.mark.parametrize("answer", [nothing, drip])
def test_a_server_that_takes_too_long_is_given_up_for_now(answer: Answer) -> None:
    error = refused(answer, CrawlConfig(request_timeout_seconds=0.3))

    assert error.retryable
    assert "longer than 0.3 s" in str(error)


def test_an_error_counts_although_its_body_never_ends() -> None:
    async def missing(writer: asyncio.StreamWriter) -> None:
        writer.write(reply("", status="404 Not Found", Content_Length="10"))
        await writer.drain()
        await asyncio.Event().wait()

    error = refused(missing, CrawlConfig(request_timeout_seconds=0.3))
    assert isinstance(error, HttpStatusError)


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X%d: x\r\n" % i for i in range(5000)) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 999999 What\r\n\r\n",
    ],
)
def test_what_is_no_http_is_an_error_that_may_pass(answer: bytes) -> None:
    assert refused(answer).retryable


def test_a_body_that_breaks_off_is_an_error_that_may_pass() -> None:
    async def broken(writer: asyncio.StreamWriter) -> None:
        writer.write(reply("", Content_Length="1000") + b"only this")
        await writer.drain()
        writer.close()

    assert refused(broken).retryable


def test_a_packed_body_that_is_none_is_an_error_for_good() -> None:
    error = refused(reply("<p>plain", Content_Encoding="gzip"))

    assert not error.retryable
    assert "not gzip" in str(error)


def fetch_error_of(url: str, config: CrawlConfig | None = None) -> FetchError:
    async def run() -> FetchError:
        fetcher = Fetcher(SystemClock())
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(url, config)
        await fetcher.aclose()
        return caught.value

    return asyncio.run(run())


def test_nobody_there_is_an_error_that_may_pass() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert fetch_error_of(f"http://127.0.0.1:{free.getsockname()[1]}/", ALLOWED).retryable


def test_an_unknown_host_is_an_error_that_may_pass() -> None:
    error = fetch_error_of("http://no-such-host.invalid/")

    assert error.retryable
    assert "no-such-host.invalid" in str(error)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "10.0.0.1",
        "169.254.169.254",
        "0.0.0.0",
    ],
)
def test_addresses_that_are_not_of_the_internet_are_refused_for_good(host: str) -> None:
    error = fetch_error_of(f"http://{host}:9/")

    assert isinstance(error, PrivateAddressError)
    assert not error.retryable
    assert "allow_private_addresses" in str(error)


def test_a_refused_address_is_never_connected_to() -> None:
    async def run() -> tuple[list[str], int]:
        async with Site({"/": reply("secret")}).serving() as site:
            fetcher = Fetcher(SystemClock())
            with pytest.raises(PrivateAddressError):
                await fetcher.fetch(site.url + "/")
            await fetcher.aclose()
            return site.paths(), site._connections

    assert asyncio.run(run()) == ([], 0)


def test_a_connection_that_was_allowed_is_not_used_by_a_request_that_is_not() -> None:
    async def run() -> list[str]:
        async with Site({"/": reply("secret")}).serving() as site:
            fetcher = Fetcher(SystemClock())
            await fetcher.fetch(site.url + "/", ALLOWED)
            with pytest.raises(PrivateAddressError):
                await fetcher.fetch(site.url + "/")
            await fetcher.aclose()
            return site.paths()

    assert asyncio.run(run()) == ["/"]


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
            pages = await asyncio.gather(*(fetcher.fetch(site.url + "/") for _ in range(requests)))
            await fetcher.aclose()
            return len(pages)

    assert asyncio.run(run()) == requests


def test_no_more_connections_go_to_one_host_than_allowed() -> None:
    async def run() -> set[int]:
        async with Site({"/": reply("x")}).serving() as site:
            fetcher = Fetcher(SystemClock(), allow_private_addresses=True, connections_per_host=3)
            await asyncio.gather(*(fetcher.fetch(site.url + "/") for _ in range(50)))
            await fetcher.aclose()
            return {request.connection for request in site.requests}

    assert len(asyncio.run(run())) <= 3


def test_a_closed_fetcher_opens_anew_also_on_another_loop() -> None:
    fetcher = Fetcher(SystemClock(), allow_private_addresses=True)

    async def run() -> str | None:
        async with Site({"/": reply("x")}).serving() as site:
            page = await fetcher.fetch(site.url + "/")
            await fetcher.aclose()
            await fetcher.aclose()
            return page.text

    assert [asyncio.run(run()), asyncio.run(run())] == ["x", "x"]
    assert repr(fetcher) == "<Fetcher(sessions=0, private=True)>"


def test_a_fetcher_is_of_one_loop() -> None:
    async def run(fetcher: Fetcher) -> None:
        async with Site({"/": reply("x")}).serving() as site:
            await fetcher.fetch(site.url + "/")
            with pytest.raises(RuntimeError, match="one for each loop"):
                await asyncio.to_thread(asyncio.run, fetcher.fetch(site.url + "/"))
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
            task = asyncio.create_task(fetcher.fetch(site.url + "/"))
            await arrived.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await fetcher.aclose()

    asyncio.run(run())
