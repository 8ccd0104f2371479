"""How the tests of fetching fetch: from a site on loopback that lives as long as one call."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest

from actors.seams import SystemClock
from actors.worker.crawler.config import CrawlConfig
from actors.worker.crawler.errors import FetchError
from actors.worker.crawler.fetch import Fetched, Fetcher, FetchRequest
from tests.worker.crawler.site import Answer, Site

Result = TypeVar("Result")
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
    return with_site({"/": answer}, lambda fetcher, site: fetcher.fetch(FetchRequest(site.url + "/", config)))


def refused(answer: Answer, config: CrawlConfig = ALLOWED) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetched(answer, config)
    return caught.value


def fetch_error_of(url: str, config: CrawlConfig | None = None) -> FetchError:
    async def run() -> FetchError:
        fetcher = Fetcher(SystemClock())
        with pytest.raises(FetchError) as caught:
            await fetcher.fetch(FetchRequest(url, config or CrawlConfig()))
        await fetcher.aclose()
        return caught.value

    return asyncio.run(run())
