"""Fetcher: pages over HTTP, each within bounds of time and size, over connections that are kept.

What holds for every request:

- redirects are not followed: their target is a URL like any other, with a job of its own;
- nothing is connected to that is not of the internet, unless it is allowed. Judged is the address a socket is made
  for, so no name, no literal and no redirect leads around it; connections that may be private are in a pool of their
  own, so no request that may not is ever sent over one of them;
- at most ``max_body_bytes`` of a decoded body are read and ``MAX_PAGE_BYTES`` kept, however small it was packed;
- bodies that are not text are not downloaded;
- cookies and headers are those of the request's visitor alone, and no proxy of the environment is used;
- requests to one host are written at least ``interval_ms`` apart.

``PageFetcher`` is what a crawl needs of whatever fetches for it. The HTTP client is loaded with the first request.
"""

import asyncio
from typing import TYPE_CHECKING, Protocol

import msgspec

from actors.seams import Clock
from actors.worker.crawler.config import CrawlConfig
from actors.worker.crawler.media_types import Content
from actors.worker.crawler.pace import Pace
from actors.worker.crawler.urls import host
from actors.worker.crawler.user_agent import own_name
from actors.worker.crawler.visitor import Visitor

if TYPE_CHECKING:
    import aiohttp

CONNECTIONS_PER_HOST = 64


class FetchRequest(msgspec.Struct, frozen=True):
    """One page to fetch."""

    url: str  # normalised
    config: CrawlConfig = CrawlConfig()  # its time and size limits, and whether private addresses are allowed
    visitor: Visitor | None = (
        None  # whose cookies and headers are sent, and who gets the cookies that are set
    )
    interval_ms: int = 0  # behind the last request to the host; 0 = at once
    validators: dict[str, str] = {}  # If-None-Match, If-Modified-Since: the answer may be 304
    raw_bytes: int = 0  # keep so much of the body as it is, whatever it is, and no text


class Fetched(msgspec.Struct, frozen=True):
    """What a server answered with 2xx or 3xx."""

    status: int
    url: str
    headers: dict[str, str]  # names in lower case, the first of each name; none that sets a cookie
    content_type: str  # the media type, in lower case, without parameters
    content: Content
    text: str | None  # None = there is none, or it was not downloaded
    body_bytes: int  # decoded
    truncated: bool  # there was more than was kept
    elapsed_ms: int
    location: str | None = None  # where a redirect leads, as the server wrote it
    set_cookies: bool = False  # whether the answer changed what the visitor sends from now on
    raw: bytes = b""  # where it was asked for

    @property
    def redirects(self) -> bool:
        """Whether the page is elsewhere."""
        return 300 <= self.status < 400 and self.status != 304


class PageFetcher(Protocol):
    """Whatever gets a page: over plain HTTP here, through a browser elsewhere."""

    async def fetch(self, request: FetchRequest) -> Fetched:
        """Fetch one page; redirects are told and not followed.

        Raises:
            PrivateAddressError: the host is not on the internet.
            HttpStatusError: the server answered 4xx or 5xx.
            FetchError: there was no answer, or it is not HTTP.
            TooSoonError: the host may not be asked for a while; nothing was sent.
        """
        ...


class Fetcher:
    """Fetches pages. Made anywhere, used on one asyncio loop, closed there with ``aclose``."""

    def __init__(
        self,
        clock: Clock,
        *,
        allow_private_addresses: bool = False,
        connections_per_host: int = CONNECTIONS_PER_HOST,
        user_agent: str = "",
    ) -> None:
        """See the class.

        Args:
            clock: measures how long requests take and reads dates of ``Retry-After``.
            allow_private_addresses: for every request, whatever its step says.
            connections_per_host: open at once to one host.
            user_agent: how the crawler introduces itself, to servers and to ``robots.txt``; "" = as Quaero.
        """
        self._clock = clock
        self.user_agent = user_agent or own_name()
        self._pace = Pace(clock)
        self._allow_private_addresses = allow_private_addresses
        self._connections_per_host = connections_per_host
        self._sessions: dict[bool, aiohttp.ClientSession] = {}  # by whether they may go to private addresses
        self._loop: asyncio.AbstractEventLoop | None = None

    def __repr__(self) -> str:
        return f"<Fetcher(sessions={len(self._sessions)}, private={self._allow_private_addresses})>"

    @property
    def in_use(self) -> bool:
        """Whether connections may be open."""
        return bool(self._sessions)

    async def fetch(self, request: FetchRequest) -> Fetched:
        """See ``PageFetcher``."""
        from actors.worker.crawler.http import get

        private = self._allow_private_addresses or request.config.allow_private_addresses
        turn = self._pace.turn(host(request.url), request.interval_ms / 1000)
        await turn.begin()
        return await get(self._session(private=private), request, self._clock, turn)

    async def aclose(self) -> None:
        """Close all connections; to be called on the loop they are used on. A later ``fetch`` opens new ones."""
        sessions, self._sessions, self._loop = list(self._sessions.values()), {}, None
        for session in sessions:
            await session.close()

    def _session(self, *, private: bool) -> "aiohttp.ClientSession":
        from actors.worker.crawler.http import open_session

        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            if self._sessions:
                raise RuntimeError(
                    "a Fetcher belongs to the asyncio loop it was first used on: make one for each loop"
                )
            self._loop = loop
        session = self._sessions.get(private)
        if session is None:
            session = open_session(
                allow_private_addresses=private,
                connections_per_host=self._connections_per_host,
                user_agent=self.user_agent,
            )
            self._sessions[private] = session
        return session
