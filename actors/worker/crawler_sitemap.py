"""``crawler_sitemap``: reads the sitemaps of a site and spawns a job for each page of them that passes.

A file that is not there or is no sitemap is a warning; the first one of a job that names it is a failure. One that the
server does not give now makes the attempt fail, and in the last attempt is a warning too.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field

from actors.worker.context import JobContext
from actors.worker.contract import Snooze
from actors.worker.crawler.approach import visitor_of
from actors.worker.crawler.config import CrawlConfig
from actors.worker.crawler.credential import CredentialError
from actors.worker.crawler.errors import FetchError
from actors.worker.crawler.fetch import Fetched, FetchRequest, PageFetcher
from actors.worker.crawler.pace import TooSoonError
from actors.worker.crawler.pages import SEED_DEPTH, WORKER_TYPE, handed_on, page_fields
from actors.worker.crawler.patterns import PatternError
from actors.worker.crawler.robots import Robots, RobotsSource
from actors.worker.crawler.scope import Scope, scope_of
from actors.worker.crawler.sitemap_file import SitemapError, SitemapFile, read_sitemap
from actors.worker.crawler.sitemaps import MAX_SITEMAP_FILES, SITEMAP_WORKER_TYPE, CrawlSitemap, ReadSitemaps
from actors.worker.crawler.urls import normalise, origin
from actors.worker.crawler.visitor import Visitor
from actors.worker.decorator import worker
from actors.worker.errors import PermanentError, RetryableError

MAX_REDIRECTS = 5
MAX_FOLLOWED = 50_000
"""Pages of one job; a step with ``max_pages`` takes no more than these anyway."""
INLINE_BYTES = 65_536
"""Larger files are parsed by a thread."""


@worker(SITEMAP_WORKER_TYPE, max_attempts=4)
async def crawler_sitemap(payload: CrawlSitemap, context: JobContext) -> ReadSitemaps | Snooze:
    """Read the sitemaps, spawn a job for each page that passes."""
    config = context.config(CrawlConfig)
    page = payload.page
    if not (page.seed or config.start_urls):
        page = handed_on(
            page, page.url, seed=payload.url
        )  # a crawl of nothing but sitemaps stays on their sites
    try:
        scope = scope_of(config, page.seed)
    except PatternError as error:
        raise PermanentError(f"step {context.step.name!r}: {error}") from error
    try:
        reading = _Reading(
            CrawlSitemap(payload.url, payload.find, page),
            context,
            config,
            scope,
            context.resource("fetcher"),
            context.resource("crawl_robots"),
            await visitor_of(context, config.auth_id or page.auth_id),
        )
        return await reading.done()
    except TooSoonError as error:
        return Snooze(error.seconds)
    except CredentialError as error:
        raise PermanentError(str(error)) from error
    except FetchError as error:
        if error.retryable:
            raise RetryableError(str(error), retry_after_seconds=error.retry_after_seconds) from error
        raise PermanentError(str(error)) from error
    except SitemapError as error:
        raise PermanentError(str(error)) from error


@dataclass(slots=True)
class _Reading:
    """One attempt."""

    sitemap: CrawlSitemap
    context: JobContext
    config: CrawlConfig
    scope: Scope
    fetcher: PageFetcher
    robots: RobotsSource
    visitor: Visitor
    files: int = 0
    found: dict[str, str] = field(default_factory=dict)  # normalised URL → lastmod
    failed: list[str] = field(default_factory=list)

    async def done(self) -> ReadSitemaps:
        """Read all files, then follow what was found."""
        waiting = deque(await self._first())
        seen = set(waiting)
        while waiting and self.files + len(self.failed) < MAX_SITEMAP_FILES:
            url = waiting.popleft()
            file = await self._file(url)
            if file is None:
                continue
            self.files += 1
            if not file.whole:
                self.context.warning(
                    f"{url} has more than is read of a sitemap, or breaks off: its end is missing"
                )
            self.found.update((each.url, each.lastmod) for each in file.pages if each.url not in self.found)
            for each in file.sitemaps:
                if each.url not in seen:
                    seen.add(each.url)
                    waiting.append(each.url)
        if waiting:
            self.context.warning(f"{len(waiting)} more sitemaps are left out: {MAX_SITEMAP_FILES} are read")
        return await self._follow()

    async def _first(self) -> list[str]:
        if not self.sitemap.find:
            return [self.sitemap.url]
        rules = await self.robots.of(self.sitemap.url, self.config)
        named = [url for text in rules.sitemaps if (url := normalise(text, self.sitemap.url)) is not None]
        return list(dict.fromkeys(named)) or [f"{self.sitemap.url}sitemap.xml"]

    async def _file(self, url: str) -> SitemapFile | None:
        """The file; None if it is left out."""
        try:
            answer = await self._fetched(url)
            return await _parsed(answer.raw, url, self.config.max_body_bytes)
        except (FetchError, SitemapError) as error:
            passing = isinstance(error, FetchError) and error.retryable
            last = self.context.job.attempt >= self.context.job.max_attempts
            if passing and not last:
                raise
            if url == self.sitemap.url:
                raise
            self.failed.append(url)
            self.context.warning(f"a sitemap is left out: {error}")
            return None

    async def _fetched(self, url: str) -> Fetched:
        first = url
        for _ in range(MAX_REDIRECTS + 1):
            answer = await self._ask(url)
            if not answer.redirects:
                return answer
            target = normalise(answer.location or "", url)
            if target is None:
                raise FetchError(f"{url} leads nowhere", retryable=False)
            url = target
        raise FetchError(f"{first} leads in a circle", retryable=False)

    async def _ask(self, url: str) -> Fetched:
        rules = await self._rules(url)
        if rules is not None and not rules.allows(url):
            raise FetchError(f"robots.txt disallows {url}", retryable=False)
        request = FetchRequest(
            url,
            self.config,
            self.visitor,
            interval_ms=max(self.config.rate_limit, rules.crawl_delay_ms if rules is not None else 0),
            raw_bytes=self.config.max_body_bytes,
        )
        while True:
            try:
                return await self.fetcher.fetch(request)
            except TooSoonError as error:
                if not (self.files or self.failed):
                    raise
                await asyncio.sleep(error.seconds)  # what was read is not to be read again

    async def _rules(self, url: str) -> Robots | None:
        return await self.robots.of(url, self.config) if self.config.respect_robots else None

    async def _follow(self) -> ReadSitemaps:
        passed = [url for url in self.found if self.scope.passes(url)]
        site = origin(passed[0]) if passed else ""
        rules = await self._rules(passed[0]) if passed else None
        followed, disallowed = [], 0
        for url in passed:
            if rules is not None and origin(url) == site and not rules.allows(url):
                disallowed += 1  # of another site it is seen when it is come to
            else:
                followed.append(url)
        most = self.config.max_pages + len(self.config.start_urls) if self.config.max_pages else MAX_FOLLOWED
        delay_ms = rules.crawl_delay_ms if rules is not None else 0
        for url in followed[: min(most, MAX_FOLLOWED)]:
            page = handed_on(self.sitemap.page, url, lastmod=self.found[url])
            slower = delay_ms if origin(url) == site else 0
            self.context.spawn_child_job(
                WORKER_TYPE,
                page,
                backoff_seconds=self.config.retry_backoff / 1000,
                **page_fields(url, self.config, SEED_DEPTH, crawl_delay_ms=slower),
            )
        result = ReadSitemaps(
            self.files,
            len(self.found),
            len(passed),
            min(len(followed), most, MAX_FOLLOWED),
            tuple(self.failed),
        )
        self.context.info(
            f"{result.files} sitemaps read; URLs found: {result.urls_found}, passed: {result.urls_passed}, "
            f"followed: {result.urls_followed}"
            + (f"; robots.txt disallows {disallowed}" if disallowed else "")
        )
        return result


async def _parsed(data: bytes, url: str, max_bytes: int) -> SitemapFile:
    if len(data) > INLINE_BYTES:
        return await asyncio.to_thread(read_sitemap, data, url, max_bytes=max_bytes)
    return read_sitemap(data, url, max_bytes=max_bytes)
