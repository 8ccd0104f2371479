"""What a site's ``robots.txt`` says to this crawler: RFC 9309, read by protego. Pure but for ``RobotsCache``.

One file holds for one origin. It is asked for once, kept for an hour, and bounded in size; those of more than
``MAX_ORIGINS`` origins are not all remembered. A file that is not there allows everything. One that the server fails to
give (5xx, 429) allows nothing: the page is tried again later, and with it the file. One that gets no answer at all is
for a minute as if it were not there: whether the host is, the page finds out.
"""

import asyncio
from collections import OrderedDict
from typing import Protocol

import msgspec

from actors.seams import Clock
from actors.worker.crawler.charset import decode
from actors.worker.crawler.config import CrawlConfig
from actors.worker.crawler.errors import FetchError, HttpStatusError
from actors.worker.crawler.fetch import Fetched, FetchRequest, PageFetcher
from actors.worker.crawler.urls import normalise, origin

MAX_ROBOTS_BYTES = 512 * 1024
"""What follows is not read: RFC 9309 asks for at least 500 KiB."""
MAX_ORIGINS = 1000
KEPT_SECONDS = 3600.0
SILENCE_SECONDS = 60.0
MAX_REDIRECTS = 5
MAX_CRAWL_DELAY_SECONDS = 60.0
"""A site that asks for more is asked this often."""
MAX_SITEMAPS = 100


class Robots:
    """The rules of one origin for one crawler."""

    def __init__(self, text: str, user_agent: str) -> None:
        from protego import Protego

        self._rules = Protego.parse(text)
        self._user_agent = user_agent
        delay = self._rules.crawl_delay(user_agent)
        rate = self._rules.request_rate(user_agent)
        wanted = max(
            delay or 0.0, rate.seconds / rate.requests if rate is not None and rate.requests else 0.0
        )
        self.crawl_delay_ms = round(min(max(wanted, 0.0), MAX_CRAWL_DELAY_SECONDS) * 1000)
        """Milliseconds between two requests; 0 = it does not say."""
        self.sitemaps: tuple[str, ...] = tuple(self._rules.sitemaps)[:MAX_SITEMAPS]
        """As they are written."""

    def __repr__(self) -> str:
        return f"<Robots(crawl_delay_ms={self.crawl_delay_ms}, sitemaps={len(self.sitemaps)})>"

    def allows(self, url: str) -> bool:
        """Whether a normalised URL may be asked for."""
        return bool(self._rules.can_fetch(url, self._user_agent))


class _Kept(msgspec.Struct):
    """A file that is known or being asked for, until then."""

    reading: "asyncio.Task[Robots | None]"  # None = there was no answer
    since: float

    def holds(self, now: float) -> bool:
        """Whether it need not be asked for again."""
        if self.reading.get_loop() is not asyncio.get_running_loop():
            return False
        if not self.reading.done():
            return True
        if self.reading.cancelled() or self.reading.exception() is not None:
            return False
        return now - self.since < (SILENCE_SECONDS if self.reading.result() is None else KEPT_SECONDS)


class RobotsSource(Protocol):
    """What a crawl needs of whatever knows the rules of sites: the resource "crawl_robots"."""

    async def of(self, url: str, config: CrawlConfig) -> Robots:
        """The rules for a normalised URL.

        Raises:
            FetchError: the server does not give them, now.
            TooSoonError: the host may not be asked for a while.
        """
        ...


class RobotsCache:
    """The files of the origins a runtime crawls. Used on one loop at a time."""

    def __init__(self, fetcher: PageFetcher, clock: Clock, user_agent: str) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._user_agent = user_agent
        self._kept: OrderedDict[tuple[str, bool], _Kept] = OrderedDict()

    def __repr__(self) -> str:
        return f"<RobotsCache({len(self._kept)} origins)>"

    async def of(self, url: str, config: CrawlConfig) -> Robots:
        """See ``RobotsSource``. Many that ask at once make one request, and none of them can break it off."""
        key, now = (origin(url), config.allow_private_addresses), self._clock.monotonic()
        kept = self._kept.get(key)
        if kept is None or not kept.holds(now):
            reading = asyncio.create_task(self._read(key[0], config))
            reading.add_done_callback(_seen)
            kept = self._kept[key] = _Kept(reading, now)
            if len(self._kept) > MAX_ORIGINS:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return await asyncio.shield(kept.reading) or Robots("", self._user_agent)

    async def _read(self, site: str, config: CrawlConfig) -> Robots | None:
        text = await self._text(site + "/robots.txt", config)
        return None if text is None else Robots(text, self._user_agent)

    async def _text(self, url: str, config: CrawlConfig) -> str | None:
        """The file's text, "" where there is none; None without an answer."""
        start = url
        for _ in range(MAX_REDIRECTS + 1):
            try:
                request = FetchRequest(url, config, interval_ms=config.rate_limit, raw_bytes=MAX_ROBOTS_BYTES)
                answer = await self._fetcher.fetch(request)
            except HttpStatusError as error:
                if not error.retryable:
                    return ""
                raise FetchError(
                    f"{error}, so that it is not known what may be crawled: it is tried again, and"
                    " respect_robots = false crawls all the same",
                    retryable=True,
                    retry_after_seconds=error.retry_after_seconds,
                ) from error
            except FetchError:
                return None
            if not answer.redirects:
                return _decoded(answer)
            target = normalise(answer.location or "", url)
            if target is None or target == start:
                return ""
            url = target
        return ""  # redirects without end: as if it were not there


def _seen(reading: "asyncio.Task[Robots | None]") -> None:
    """Whoever waited is told of an error; it is no fault if nobody waits any more."""
    if not reading.cancelled():
        reading.exception()


def _decoded(answer: Fetched) -> str:
    text = decode(answer.raw, "text/plain; charset=utf-8")
    if answer.truncated:
        text = text.rpartition("\n")[0]  # half a rule may mean another
    return text
