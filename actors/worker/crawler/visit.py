"""One page that was asked for: what becomes of it, as a document, as jobs of its links and as a result."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from actors.documents import DocumentSpec
from actors.ids import id_text
from actors.worker.context import JobContext
from actors.worker.crawler.approach import Arrival
from actors.worker.crawler.config import MAX_LINKS, CrawlConfig
from actors.worker.crawler.keeping import KeptBody, kept_body
from actors.worker.crawler.pages import WORKER_TYPE, CrawledPage, CrawlPage, handed_on, page_fields
from actors.worker.crawler.parsed import PageError, ParsedPage
from actors.worker.crawler.reading import read_page
from actors.worker.crawler.revisit import Memo, Recollection, change_of, memo_of
from actors.worker.crawler.scope import Scope
from actors.worker.crawler.seeds import source_type_of
from actors.worker.crawler.urls import normalise, origin
from actors.worker.errors import PermanentError

MAX_REDIRECTS = 10
"""Redirects one behind the other; what is still none is a loop that spells its URL anew each time."""
NAMED_LINKS = 5
"""Disallowed links that a log line names."""


class _Followed(msgspec.Struct, frozen=True):
    """Links by what became of them."""

    found: tuple[str, ...]
    passed: int
    followed: list[str]
    disallowed: list[str]

    def counts(self) -> dict[str, int]:
        """As they stand in the result."""
        return {
            "links_found": len(self.found),
            "links_passed": self.passed,
            "links_followed": len(self.followed),
            "links_skipped": self.passed - len(self.followed),
        }


@dataclass(frozen=True, slots=True)
class Visit:
    """A page that has been answered for."""

    page: CrawlPage
    url: str
    context: JobContext
    config: CrawlConfig
    scope: Scope
    arrival: Arrival
    recollection: Recollection
    view: str

    async def concluded(self, remembered: Memo | None) -> CrawledPage:
        """Record what there is to record of the answer.

        Raises:
            PermanentError: there is no page behind it.
        """
        fetched = self.arrival.fetched
        if fetched.status == 304 and remembered is not None:
            return self._unchanged(remembered)
        if fetched.redirects:
            return self._redirected()
        if fetched.text is None:
            self.context.info(
                f"{self.url} is {fetched.content_type or 'empty'}, not text: there is no document"
            )
            return self._result()
        return await self._read(fetched.text)

    def _redirected(self) -> CrawledPage:
        """Admit the target, at the same depth and whether or not links are followed: it is the page that was meant."""
        fetched = self.arrival.fetched
        if fetched.location is None:
            raise PermanentError(f"{self.url} answered {fetched.status} without saying where the page is")
        target = normalise(fetched.location, fetched.url)
        if target is None:
            raise PermanentError(f"{self.url} leads to {fetched.location[:200]!r}, which can not be crawled")
        if target == self.url or self.page.redirects >= MAX_REDIRECTS:
            raise PermanentError(
                f"{self.url} leads in a circle: {self.page.redirects + 1} redirects end at {target}"
            )
        if self.scope.passes(target):
            self.context.info(f"{self.url} leads to {target}")
            depth, redirects = self.context.job.depth, self.page.redirects + 1
            self._spawn(target, depth, in_place=True, redirects=redirects, via=self.arrival.via)
        else:
            self.context.warning(
                f"{self.url} leads to {target}, which is outside of this crawl: add it to start_urls if it is meant"
            )
        return self._result(location=target)

    async def _read(self, text: str) -> CrawledPage:
        """Keep the page and go on to its links."""
        fetched = self.arrival.fetched
        if fetched.truncated:
            self.context.warning(f"{self.url} is longer than what is kept of a page: its end is missing")
        started = self.context.clock.monotonic()
        try:
            page = await read_page(text, self.url, fetched.content, main_content=self.config.main_content)
        except PageError as error:
            raise PermanentError(str(error)) from error
        if page.too_many_links:
            self.context.warning(f"{self.url} has more than {MAX_LINKS} links: the others are left out")
        kept = kept_body(fetched, page, self.config)
        change = change_of(self.recollection.known, kept.fingerprint)
        followed = self._follow(page.links)
        result = self._result(title=page.title, **followed.counts(), document=True, change=change)
        memo = memo_of(
            self.view, fetched.headers, fetched.content_type, page.links, whole=not fetched.truncated
        )
        elapsed_ms = round((self.context.clock.monotonic() - started) * 1000)
        self._save(page, kept, result, memo, elapsed_ms)
        self._tell(result, followed)
        return result

    def _unchanged(self, remembered: Memo) -> CrawledPage:
        """The server says that the page is as it was: so is its document, and its links are followed all the same."""
        known = self.recollection.known
        title = known.title if known is not None else ""
        followed = self._follow(remembered.links)
        result = self._result(
            title=title,
            **followed.counts(),
            document=True,
            change="unchanged",
            content_type=remembered.content_type,
        )
        self.context.save_document(
            DocumentSpec(
                source_type=self._source_type(),
                source_id=self.url,
                url=self.url,
                title=title,
                body=None,
                tags=self._tags(),
                metadata=self._origin(result),
            )
        )
        self._tell(result, followed)
        return result

    def _follow(self, links: tuple[str, ...]) -> _Followed:
        """A job for each link that passes, is not too deep and not disallowed."""
        passed = [link for link in links if self.scope.passes(link)] if self.config.follow_links else []
        others = [link for link in passed if link != self.url]
        disallowed = [link for link in others if self._disallows(link)]
        if disallowed:
            refused = set(disallowed)
            others = [link for link in others if link not in refused]
        depth = self.context.job.depth
        followed = others if depth < self.config.max_depth else []
        for link in followed:
            self._spawn(link, depth + 1)
        return _Followed(links, len(passed), followed, disallowed)

    def _disallows(self, link: str) -> bool:
        """Whether the page's own site disallows the link; another site is asked when it comes to it."""
        robots = self.arrival.robots
        return robots is not None and origin(link) == origin(self.url) and not robots.allows(link)

    def _spawn(self, url: str, depth: int, *, in_place: bool = False, **page: Any) -> None:
        delay_ms = 0
        if self.arrival.robots is not None and origin(url) == origin(self.url):
            delay_ms = self.arrival.robots.crawl_delay_ms
        self.context.spawn_child_job(
            WORKER_TYPE,
            handed_on(self.page, url, **page),
            backoff_seconds=self.config.retry_backoff / 1000,
            in_place=in_place,
            **page_fields(url, self.config, depth, crawl_delay_ms=delay_ms),
        )

    def _result(self, **found: Any) -> CrawledPage:
        nothing = {"title": "", "links_found": 0, "links_passed": 0, "links_followed": 0, "document": False}
        facts = {"status": self.arrival.fetched.status, "content_type": self.arrival.fetched.content_type}
        return CrawledPage(**{**nothing, **facts, **found})

    def _tell(self, result: CrawledPage, followed: _Followed) -> None:
        self.context.info(
            f"Document {'saved' if result.change != 'unchanged' else 'unchanged'}: {result.title}; "
            f"links found: {result.links_found}, passed: {result.links_passed}, "
            f"followed: {result.links_followed}"
        )
        if followed.disallowed:
            some = ", ".join(followed.disallowed[:NAMED_LINKS])
            more = len(followed.disallowed) - NAMED_LINKS
            self.context.info(
                f"robots.txt disallows {len(followed.disallowed)} links of {self.url}: {some}"
                + (f" and {more} more" if more > 0 else "")
            )

    def _source_type(self) -> str:
        return source_type_of(self.config, self.page.source_type)

    def _tags(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.context.tags, *self.config.output_tags)))

    def _origin(self, result: CrawledPage) -> dict[str, Any]:
        """Where a document is from and how it was got."""
        now = datetime.fromtimestamp(self.context.clock.wall_ms() / 1000, UTC).isoformat(
            timespec="milliseconds"
        )
        found_by = self.recollection.discovered_by
        crawler = {
            "depth": self.context.job.depth,
            "discovered_by": None if found_by is None else id_text(found_by),
            "crawled_at": now,
            "status_code": result.status,
            "response_time_ms": self.arrival.fetched.elapsed_ms,
            "content_type": result.content_type,
            "links_found": result.links_found,
            "links_passed": result.links_passed,
            "links_followed": result.links_followed,
            "links_skipped": result.links_skipped,
            "sitemap_lastmod": self.page.lastmod or None,
        }
        return {
            "source_url": self.url,
            "job_id": id_text(self.context.job.id),
            "parent_job_id": id_text(self.context.job.step_id),
            "crawler": crawler,
        }

    def _save(
        self,
        page: ParsedPage,
        kept: KeptBody,
        result: CrawledPage,
        memo: Memo,
        process_time_ms: int,
    ) -> None:
        metadata = self._origin(result)
        metadata["crawler"]["truncated"] = self.arrival.fetched.truncated
        self.context.save_document(
            DocumentSpec(
                source_type=self._source_type(),
                source_id=self.url,
                url=self.url,
                title=page.title,
                body=kept.body,
                media_type=kept.media_type,
                tags=self._tags(),
                metadata={
                    **page.metadata,
                    **metadata,
                    "extracted_at": metadata["crawler"]["crawled_at"],
                    "detail_level": self.config.detail_level,
                    "content_size": self.arrival.fetched.body_bytes,
                    "process_time_ms": process_time_ms,
                },
                fingerprint=kept.fingerprint,
                memo=memo.packed(),
            )
        )
