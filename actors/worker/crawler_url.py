"""``crawler_url``: fetches one page, keeps it as a document and spawns a job for each link that passes.

A page of 4xx is a failed job, one of 429, 5xx or without an answer a failed attempt. A redirect makes no document: its
target is a job of its own at the same depth, admitted like a link. What is not text completes without a document.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from actors.ids import id_text
from actors.job import DocumentSpec
from actors.worker.contract import InvalidPayloadError, JobContext, PermanentError, RetryableError
from actors.worker.crawler.config import MAX_LINKS, CrawlConfig, CrawlerSettings
from actors.worker.crawler.errors import FetchError
from actors.worker.crawler.fetch import Fetched, Fetcher
from actors.worker.crawler.parsed import PageError, ParsedPage
from actors.worker.crawler.patterns import PatternError
from actors.worker.crawler.reading import read_page
from actors.worker.crawler.scope import Scope, scope_of
from actors.worker.crawler.seeds import source_type_of
from actors.worker.crawler.urls import host, normalise
from actors.worker.decorator import worker

WORKER_TYPE = "crawler_url"
MAX_REDIRECTS = 10
"""Redirects one behind the other; what is still none is a loop that spells its URL anew each time."""


class CrawlPage(msgspec.Struct, frozen=True, omit_defaults=True):
    """The page to read. All but the URL is handed on from page to page."""

    url: str
    source_type: str = ""  # the definition's, where that is not the step's
    seed: str = ""  # the seed, where the step names none
    redirects: int = 0  # that led here, one behind the other


class CrawledPage(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was found. ``document`` is false for a redirect and for what is not text."""

    status: int
    title: str
    links_found: int
    links_passed: int
    links_followed: int
    document: bool
    content_type: str = ""
    location: str = ""  # where the redirect leads, normalised


def page_fields(url: str, config: CrawlConfig, depth: int) -> dict[str, Any]:
    """How the job of a page is run: once per URL, shallow ones first, no faster than its host is to be asked."""
    return {
        "name": url,
        "unique_key": url,
        "depth": depth,
        "rate_key": host(url) if config.rate_limit else "",
        "rate_ms": config.rate_limit,
        "max_attempts": config.max_attempts,
    }


@worker(WORKER_TYPE, max_attempts=4, settings_type=CrawlerSettings)
async def crawler_url(payload: CrawlPage, context: JobContext) -> CrawledPage:
    """Fetch the page, keep it as a document, spawn a job for each link that passes."""
    config = context.config(CrawlConfig)
    url = normalise(payload.url)
    if url is None:
        raise InvalidPayloadError(
            f"url: {payload.url[:200]!r} can not be crawled: write it as http://host/path or https://host/path"
        )
    try:
        scope = scope_of(config, payload.seed)
    except PatternError as error:
        raise PermanentError(f"step {context.step.name!r}: {error}") from error
    fetcher: Fetcher = context.resource("fetcher")
    try:
        fetched = await fetcher.fetch(url, config)
    except FetchError as error:
        if error.retryable:
            raise RetryableError(str(error), retry_after_seconds=error.retry_after_seconds) from error
        raise PermanentError(str(error)) from error
    visit = _Visit(payload, url, context, config, scope, fetched)
    if 300 <= fetched.status < 400:
        return visit.redirected()
    if fetched.text is None:
        return visit.without_text()
    return await visit.read(fetched.text)


@dataclass(frozen=True, slots=True)
class _Visit:
    """One page that has been fetched."""

    payload: CrawlPage
    url: str
    context: JobContext
    config: CrawlConfig
    scope: Scope
    fetched: Fetched

    def redirected(self) -> CrawledPage:
        """Admit the target, at the same depth and whether or not links are followed: it is the page that was meant.

        Raises:
            PermanentError: the redirect leads nowhere.
        """
        status, location = self.fetched.status, self.fetched.location
        if location is None:
            raise PermanentError(f"{self.url} answered {status} without saying where the page is")
        target = normalise(location, self.url)
        if target is None:
            raise PermanentError(f"{self.url} leads to {location[:200]!r}, which can not be crawled")
        if target == self.url or self.payload.redirects >= MAX_REDIRECTS:
            raise PermanentError(
                f"{self.url} leads in a circle: {self.payload.redirects + 1} redirects end at {target}"
            )
        if self.scope.passes(target):
            self.context.info(f"{self.url} leads to {target}")
            self._spawn(target, self.context.job.depth, self.payload.redirects + 1)
        else:
            self.context.warning(
                f"{self.url} leads to {target}, which is outside of this crawl: add it to start_urls if it is meant"
            )
        return self._result(location=target)

    def without_text(self) -> CrawledPage:
        """Record that there is nothing to read."""
        self.context.info(
            f"{self.url} is {self.fetched.content_type or 'empty'}, not text: there is no document"
        )
        return self._result()

    async def read(self, text: str) -> CrawledPage:
        """Keep the page and go on to its links."""
        if self.fetched.truncated:
            self.context.warning(f"{self.url} is longer than what is kept of a page: its end is missing")
        started = self.context.clock.monotonic()
        try:
            page = await read_page(text, self.url, self.fetched.content)
        except PageError as error:
            raise PermanentError(str(error)) from error
        if page.too_many_links:
            self.context.warning(f"{self.url} has more than {MAX_LINKS} links: the others are left out")
        passed = [link for link in page.links if self.scope.passes(link)] if self.config.follow_links else []
        followed = [link for link in passed if link != self.url]
        if self.context.job.depth >= self.config.max_depth:
            followed = []
        for link in followed:
            self._spawn(link, self.context.job.depth + 1)
        result = self._result(
            title=page.title,
            links_found=len(page.links),
            links_passed=len(passed),
            links_followed=len(followed),
            document=True,
        )
        elapsed_ms = round((self.context.clock.monotonic() - started) * 1000)
        self.context.save_document(self._document(page, result, elapsed_ms))
        self.context.info(
            f"Document saved: {page.title}; links found: {result.links_found}, passed: {result.links_passed}, "
            f"followed: {result.links_followed}"
        )
        return result

    def _spawn(self, url: str, depth: int, redirects: int = 0) -> None:
        page = msgspec.structs.replace(self.payload, url=url, redirects=redirects)
        fields = page_fields(url, self.config, depth)
        self.context.spawn_child_job(
            WORKER_TYPE, page, backoff_seconds=self.config.retry_backoff / 1000, **fields
        )

    def _result(self, **found: Any) -> CrawledPage:
        nothing = {"title": "", "links_found": 0, "links_passed": 0, "links_followed": 0, "document": False}
        facts = {"status": self.fetched.status, "content_type": self.fetched.content_type}
        return CrawledPage(**{**nothing, **facts, **found})

    def _document(self, page: ParsedPage, result: CrawledPage, process_time_ms: int) -> DocumentSpec:
        now = datetime.fromtimestamp(self.context.clock.wall_ms() / 1000, UTC).isoformat(
            timespec="milliseconds"
        )
        crawler = {
            "depth": self.context.job.depth,
            "crawled_at": now,
            "status_code": result.status,
            "response_time_ms": self.fetched.elapsed_ms,
            "content_type": result.content_type,
            "links_found": result.links_found,
            "links_passed": result.links_passed,
            "links_followed": result.links_followed,
            "truncated": self.fetched.truncated,
        }
        return DocumentSpec(
            source_type=source_type_of(self.config, self.payload.source_type),
            source_id=self.url,
            url=self.url,
            title=page.title,
            body=page.text,
            tags=tuple(dict.fromkeys((*self.context.tags, *self.config.output_tags))),
            metadata={
                **page.metadata,
                "source_url": self.url,
                "extracted_at": now,
                "job_id": id_text(self.context.job.id),
                "parent_job_id": id_text(self.context.job.step_id),
                "content_size": self.fetched.body_bytes,
                "process_time_ms": process_time_ms,
                "crawler": crawler,
            },
        )
