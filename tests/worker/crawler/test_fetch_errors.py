import asyncio
import socket

import pytest

from actors.seams import ManualClock
from actors.worker.crawler.config import CrawlConfig
from actors.worker.crawler.errors import HttpStatusError
from actors.worker.crawler.fetch import Fetcher, FetchRequest
from tests.worker.crawler.fetching import ALLOWED, fetch_error_of, refused
from tests.worker.crawler.site import Answer, Site, reply


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
                await fetcher.fetch(FetchRequest(site.url + "/"))
            await fetcher.aclose()
            return caught.value.retry_after_seconds

    assert asyncio.run(run()) == seconds


@pytest.mark.parametrize("encoding", ["br", "zstd"])
def test_an_encoding_nobody_offered_is_an_error_for_good(encoding: str) -> None:
    error = refused(reply(b"\x1b\x00", Content_Encoding=encoding))

    assert not error.retryable
    assert encoding in str(error)


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

    error = refused(missing, CrawlConfig(request_timeout_seconds=3))
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


def test_nobody_there_is_an_error_that_may_pass() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert fetch_error_of(f"http://127.0.0.1:{free.getsockname()[1]}/", ALLOWED).retryable


def test_an_unknown_host_is_an_error_that_may_pass() -> None:
    error = fetch_error_of("http://no-such-host.invalid/")

    assert error.retryable
    assert "no-such-host.invalid" in str(error)
