"""One run of the crawler's worker on a page of a site on loopback."""

import asyncio
from typing import Any

import msgspec

from actors.documents import DocumentSpec
from actors.job import ChildSpec, LeasedJob, LogLevel, Step
from actors.seams import SystemClock
from actors.worker.context import JobContext
from actors.worker.crawler.fetch import Fetcher
from actors.worker.crawler.revisit import CrawlMemory, NoMemory
from actors.worker.crawler.robots import RobotsCache
from actors.worker.crawler_url import CrawledPage, CrawlPage, crawler_url
from actors.worker.errors import PermanentError, RetryableError
from tests.worker.crawler.site import Answer, Site


class Visit(msgspec.Struct):
    """One run of the worker: what it returned or raised, what it recorded, what the server saw."""

    site: Site
    context: JobContext
    result: CrawledPage | None = None
    error: Exception | None = None

    @property
    def children(self) -> list[ChildSpec]:
        return list(self.context.children)

    @property
    def documents(self) -> list[DocumentSpec]:
        return list(self.context.documents)

    @property
    def document(self) -> DocumentSpec:
        [document] = self.documents
        return document

    def spawned(self) -> list[CrawlPage]:
        return [msgspec.json.decode(child.payload, type=CrawlPage) for child in self.children]

    def paths(self) -> list[str]:
        return [page.url.removeprefix(self.site.url) for page in self.spawned()]

    def warnings(self) -> list[str]:
        return [line.text for line in self.context.logs if line.level is LogLevel.WARNING]


def resources(fetcher: Fetcher, memory: CrawlMemory | None = None) -> dict[str, Any]:
    """What the worker asks for by name."""
    robots = RobotsCache(fetcher, SystemClock(), fetcher.user_agent)
    return {"fetcher": fetcher, "crawl_robots": robots, "crawl_memory": memory or NoMemory()}


def visit(
    answer: Answer,
    config: dict[str, Any] | None = None,
    *,
    depth: int = 1,
    path: str = "/",
    tags: tuple[str, ...] = (),
    memory: CrawlMemory | None = None,
    **payload: Any,
) -> Visit:
    """Run the worker on a page of a site that gives this answer."""

    async def run() -> Visit:
        async with Site({path: answer}).serving() as site:
            table = {"start_urls": [site.url], "rate_limit": 0, "allow_private_addresses": True}
            table |= {"respect_robots": False} | (config or {})
            fields = CrawlPage(site.url + path, **payload)
            job = LeasedJob(
                5, 1, 3, 2, "crawler_url", msgspec.json.encode(fields).decode(), None, 1, 4, depth, 0
            )
            fetcher = Fetcher(SystemClock())
            context = JobContext(
                job,
                Step("crawl", "crawl", table),
                tags,
                SystemClock(),
                resources(fetcher, memory).__getitem__,
            )
            done = Visit(site, context)
            try:
                done.result = await crawler_url.execute(job, context)
            except (PermanentError, RetryableError) as error:
                done.error = error
            finally:
                await fetcher.aclose()
            return done

    return asyncio.run(run())
