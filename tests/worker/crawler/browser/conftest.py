"""One real browser for the tests of a module, on a loop of their own."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import TypeVar

import msgspec
import pytest

from actors.seams import SystemClock
from actors.worker.crawler.browser.chromium import browser_problem
from actors.worker.crawler.browser.rendering import BrowserFetcher
from actors.worker.crawler.config import CrawlConfig
from actors.worker.crawler.errors import FetchError
from actors.worker.crawler.fetch import Fetched, Fetcher, FetchRequest
from tests.worker.crawler.site import Answer, Site

Result = TypeVar("Result")
ALLOWED = CrawlConfig(allow_private_addresses=True, request_timeout_seconds=100)
IDLE_SECONDS = 60.0
"""A page of a test rests before that, on any machine: none is taken in the middle of its scripts."""


class Rendering(msgspec.Struct):
    """A browser, the plain client it renders for, and the loop of both."""

    runner: asyncio.Runner
    plain: Fetcher
    fetcher: BrowserFetcher

    def with_site(self, answers: Mapping[str, Answer], use: Callable[[Site], Awaitable[Result]]) -> Result:
        """Serve the answers on loopback while ``use`` runs."""

        async def run() -> Result:
            async with Site(dict(answers)).serving() as site:
                return await use(site)

        return self.runner.run(run())

    def rendered(self, answers: Mapping[str, Answer], config: CrawlConfig = ALLOWED) -> Fetched:
        """The page at "/" of that site, through the browser."""
        return self.with_site(answers, lambda site: self.fetcher.fetch(FetchRequest(site.url + "/", config)))

    def refused(self, answers: Mapping[str, Answer], config: CrawlConfig = ALLOWED) -> FetchError:
        """Why it can not be rendered."""
        with pytest.raises(FetchError) as caught:
            self.rendered(answers, config)
        return caught.value


@pytest.fixture(scope="module")
def rendering() -> Iterator[Rendering]:
    """A browser that starts with the module's first page."""
    problem = browser_problem("")
    if problem is not None:
        pytest.skip(f"rendering {problem}")
    with asyncio.Runner() as runner:
        clock = SystemClock()
        plain = Fetcher(clock)
        fetcher = BrowserFetcher(plain, clock, user_agent="Quaero-test", idle_seconds=IDLE_SECONDS)
        try:
            yield Rendering(runner, plain, fetcher)
        finally:
            runner.run(fetcher.aclose())
            runner.run(plain.aclose())
