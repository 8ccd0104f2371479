import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from actors.seams import SystemClock
from actors.worker.crawler.config import CrawlConfig
from actors.worker.crawler.errors import FetchError
from actors.worker.crawler.fetch import Fetcher
from actors.worker.crawler.robots import (
    MAX_CRAWL_DELAY_SECONDS,
    MAX_ROBOTS_BYTES,
    Robots,
    RobotsCache,
)
from tests.worker.crawler.fetching import with_site
from tests.worker.crawler.site import Answer, Site, reply

AGENT = "Quaero/1.0 (+crawler)"
CONFIG = CrawlConfig(allow_private_addresses=True, rate_limit=0)
Result = TypeVar("Result")


def asked(answers: dict[str, Answer], use: Callable[[RobotsCache, Site], Awaitable[Result]]) -> Result:
    async def run(fetcher: Fetcher, site: Site) -> Result:
        return await use(RobotsCache(fetcher, SystemClock(), AGENT), site)

    return with_site(answers, run)


def allows(answers: dict[str, Answer], path: str = "/private") -> bool:
    async def use(cache: RobotsCache, site: Site) -> bool:
        return (await cache.of(site.url + "/", CONFIG)).allows(site.url + path)

    return asked(answers, use)


def text(body: str, **headers: str) -> bytes:
    return reply(body, Content_Type="text/plain", **headers)


DISALLOW = "User-agent: *\nDisallow: /private\nAllow: /private/open\n"


@pytest.mark.parametrize(
    ("body", "path", "expected"),
    [
        (DISALLOW, "/private", False),
        (DISALLOW, "/private/open", True),
        (DISALLOW, "/", True),
        ("User-agent: quaero\nDisallow: /\n\nUser-agent: *\nDisallow:\n", "/x", False),
        ("User-agent: other\nDisallow: /\n", "/x", True),
        ("User-agent: *\nDisallow: /*.pdf$\n", "/a/b.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$\n", "/a/b.pdf?x", True),
        ("", "/x", True),
        ("\0\xff not robots at all", "/x", True),
    ],
)
def test_what_may_be_asked_for(body: str, path: str, expected: bool) -> None:
    assert Robots(body, AGENT).allows(f"http://h.io{path}") is expected


@pytest.mark.parametrize(
    ("line", "delay_ms"),
    [
        ("Crawl-delay: 2", 2000),
        ("Crawl-delay: 0.5", 500),
        ("Request-rate: 1/5s", 5000),
        ("Crawl-delay: 86400", MAX_CRAWL_DELAY_SECONDS * 1000),
        ("Crawl-delay: -3", 0),
        ("Crawl-delay: nan", 0),
        ("Crawl-delay: soon", 0),
    ],
)
def test_how_often_it_may_be_asked(line: str, delay_ms: int) -> None:
    assert Robots(f"User-agent: *\n{line}\n", AGENT).crawl_delay_ms == delay_ms


def test_sitemaps_are_named_whoever_asks() -> None:
    assert Robots("Sitemap: /a.xml\nUser-agent: x\nDisallow: /\nSitemap: http://b/", AGENT).sitemaps == (
        "/a.xml",
        "http://b/",
    )


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"/robots.txt": text(DISALLOW)}, False),
        ({"/robots.txt": reply(DISALLOW)}, False),  # whatever its type
        ({}, True),  # 404
        ({"/robots.txt": reply("", status="403 Forbidden")}, True),
        ({"/robots.txt": reply("", status="301 Moved", Location="/r"), "/r": text(DISALLOW)}, False),
        ({"/robots.txt": reply("", status="301 Moved", Location="/robots.txt")}, True),
        ({"/robots.txt": reply("", status="301 Moved", Location="mailto:x")}, True),
        (
            {"/robots.txt": reply("", status="301 Moved", Location="/r"), "/r": text("", Content_Length="0")},
            True,
        ),
    ],
)
def test_the_file_is_found(answers: dict[str, Answer], expected: bool) -> None:
    assert allows(answers) is expected


def test_redirects_without_end_have_one() -> None:
    answers: dict[str, Answer] = {
        f"/r{number}": reply("", status="302 Found", Location=f"/r{number + 1}") for number in range(50)
    }
    answers["/robots.txt"] = reply("", status="302 Found", Location="/r0")

    assert allows(answers)


@pytest.mark.parametrize("status", ["500 Oops", "503 Busy", "429 Slow"])
def test_a_server_that_does_not_give_it_now_is_asked_again(status: str) -> None:
    async def use(cache: RobotsCache, site: Site) -> list[str]:
        for _ in range(2):
            with pytest.raises(FetchError, match="respect_robots = false") as caught:
                await cache.of(site.url + "/", CONFIG)
            assert caught.value.retryable
        site.answers["/robots.txt"] = text(DISALLOW)
        assert not (await cache.of(site.url + "/", CONFIG)).allows(site.url + "/private")
        return site.paths()

    assert asked({"/robots.txt": reply("", status=status)}, use) == ["/robots.txt"] * 3


def test_a_file_without_any_answer_is_as_if_it_were_not_there_and_waited_for_once() -> None:
    async def never(_: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async def use(cache: RobotsCache, site: Site) -> list[str]:
        config = CrawlConfig(allow_private_addresses=True, rate_limit=0, request_timeout_seconds=0.2)
        for _ in range(3):
            assert (await cache.of(site.url + "/", config)).allows(site.url + "/private")
        return site.paths()

    assert asked({"/robots.txt": never}, use) == ["/robots.txt"]


def test_many_pages_ask_for_it_once() -> None:
    async def use(cache: RobotsCache, site: Site) -> list[str]:
        await asyncio.gather(*(cache.of(f"{site.url}/{number}", CONFIG) for number in range(20)))
        await cache.of(site.url + "/late", CONFIG)
        return site.paths()

    assert asked({"/robots.txt": text(DISALLOW)}, use) == ["/robots.txt"]


def test_one_that_gives_up_does_not_break_it_off_for_the_others() -> None:
    async def use(cache: RobotsCache, site: Site) -> bool:
        first = asyncio.create_task(cache.of(site.url + "/a", CONFIG))
        second = asyncio.create_task(cache.of(site.url + "/b", CONFIG))
        await arrived.wait()
        first.cancel()
        return (await second).allows(site.url + "/private")

    arrived = asyncio.Event()

    async def answer(writer: asyncio.StreamWriter) -> None:
        arrived.set()
        writer.write(text(DISALLOW))

    assert asked({"/robots.txt": answer}, use) is False


def test_of_an_endless_file_the_beginning_is_read() -> None:
    async def endless(writer: asyncio.StreamWriter) -> None:
        writer.write(text(DISALLOW, Content_Length=""))
        while True:
            writer.write(b"Disallow: /x\n" * 1000)
            await writer.drain()

    assert not allows({"/robots.txt": endless})
    assert allows({"/robots.txt": text("#" * MAX_ROBOTS_BYTES + "\n" + DISALLOW)})
