"""Gets the page a job is of: as the visitor its credential makes it, where robots.txt allows, and no faster.

A redirect is told and its target is a job of its own, with one exception: where the redirect sets a cookie, its target
is asked for in the same job with that cookie, since sites let visitors in that way and lead them back to where they
came from. What the chain ends at is this job's page if it has its URL; else it is a job of its own, which begins by
asking for this job's page (``via``) and so gets the cookies for itself: nothing of them is ever stored.
"""

from dataclasses import dataclass

import msgspec

from actors.worker.context import JobContext
from actors.worker.crawler.config import CrawlConfig
from actors.worker.crawler.credential import CredentialSource
from actors.worker.crawler.errors import FetchError
from actors.worker.crawler.fetch import Fetched, FetchRequest, PageFetcher
from actors.worker.crawler.pages import CrawlPage
from actors.worker.crawler.robots import Robots, RobotsSource
from actors.worker.crawler.scope import Scope
from actors.worker.crawler.urls import normalise
from actors.worker.crawler.visitor import Visitor

MAX_HOPS = 10
"""Redirects that set cookies, one behind the other in one job."""


class DisallowedError(Exception):
    """The site's robots.txt does not let this crawler ask for the URL."""

    def __init__(self, url: str) -> None:
        super().__init__(f"robots.txt disallows {url}")
        self.url = url


class Arrival(msgspec.Struct, frozen=True):
    """What came of asking for a page."""

    fetched: Fetched
    robots: Robots | None = None  # of the page's own site; None = they are not asked for
    via: str = ""  # the page to begin with, if the answer leads elsewhere with cookies


@dataclass(frozen=True, slots=True)
class Approach:
    """One attempt to get a page."""

    page: CrawlPage
    url: str  # the page's, normalised
    config: CrawlConfig
    scope: Scope
    fetcher: PageFetcher
    robots: RobotsSource
    visitor: Visitor
    validators: dict[str, str]

    async def arrive(self) -> Arrival:
        """Ask for the page.

        Raises:
            DisallowedError: robots.txt says no.
            FetchError: there is no page.
            TooSoonError: its host may not be asked for a while.
        """
        if self.page.via and self.page.via != self.url:
            await self._gather(self.page.via)
        url, cookies = self.url, False
        for _ in range(MAX_HOPS):
            fetched, robots = await self._ask(url)
            if not fetched.redirects:
                break
            target = normalise(fetched.location or "", url)
            if target is None or not fetched.set_cookies or not self.scope.passes(target):
                break
            url, cookies = target, True
        else:
            raise FetchError(
                f"{self.url} leads in a circle: {MAX_HOPS} redirects set cookies and end at {url}",
                retryable=False,
            )
        if not fetched.redirects and url != self.url:
            fetched = msgspec.structs.replace(fetched, status=302, location=url, text=None)
        return Arrival(fetched, robots, self.url if cookies else "")

    async def _gather(self, url: str) -> None:
        """Go the way from the page that led here, for the cookies that are set on it."""
        for _ in range(MAX_HOPS):
            if url == self.url:
                return
            try:
                fetched, _ = await self._ask(url)
            except FetchError as error:
                if error.retryable:
                    raise
                return
            target = normalise(fetched.location or "", url) if fetched.redirects else None
            if target is None or not self.scope.passes(target):
                return
            url = target

    async def _ask(self, url: str) -> tuple[Fetched, Robots | None]:
        robots = await self.robots.of(url, self.config) if self.config.respect_robots else None
        if robots is not None and not robots.allows(url):
            raise DisallowedError(url)
        interval_ms = max(self.config.rate_limit, robots.crawl_delay_ms if robots is not None else 0)
        request = FetchRequest(
            url,
            self.config,
            self.visitor,
            interval_ms=interval_ms,
            validators=self.validators if url == self.url else {},
        )
        return await self.fetcher.fetch(request), robots


async def visitor_of(context: JobContext, auth_id: str) -> Visitor:
    """Who visits: with the credential of that id, or nobody in particular.

    Raises:
        CredentialError: there is none of that id, or it can not be opened.
    """
    if not auth_id:
        return Visitor()
    source: CredentialSource = context.resource("crawl_credentials")
    return Visitor(await source.credential(auth_id))
