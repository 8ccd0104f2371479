"""Fetcher: pages over HTTP, each within bounds of time and size, over connections that are kept.

What holds for every request:

- redirects are not followed: their target is a URL like any other, with a job of its own;
- nothing is connected to that is not of the internet, unless it is allowed. Judged is the address a socket is made
  for, so no name, no literal and no redirect leads around it; connections that may be private are in a pool of their
  own, so no request that may not is ever sent over one of them;
- at most ``max_body_bytes`` of a decoded body are read and ``MAX_PAGE_BYTES`` kept, however small it was packed;
- bodies that are not text are not downloaded;
- no cookies are kept and no proxy of the environment is used.

The HTTP client itself is loaded with the first request.
"""

import asyncio
from typing import TYPE_CHECKING

import msgspec

from actors.seams import Clock
from actors.worker.crawler.config import CrawlConfig
from actors.worker.crawler.media_types import Content

if TYPE_CHECKING:
    import aiohttp

CONNECTIONS_PER_HOST = 64


class Fetched(msgspec.Struct, frozen=True):
    """What a server answered with 2xx or 3xx."""

    status: int
    url: str
    headers: dict[str, str]  # names in lower case, the first of each name
    content_type: str  # the media type, in lower case, without parameters
    content: Content
    text: str | None  # None = there is none, or it was not downloaded
    body_bytes: int  # decoded
    truncated: bool  # there was more than was kept
    elapsed_ms: int
    location: str | None  # where a redirect leads, as the server wrote it


class Fetcher:
    """Fetches pages. Made anywhere, used on one asyncio loop, closed there with ``aclose``."""

    def __init__(
        self,
        clock: Clock,
        *,
        allow_private_addresses: bool = False,
        connections_per_host: int = CONNECTIONS_PER_HOST,
    ) -> None:
        """See the class.

        Args:
            clock: measures how long requests take and reads dates of ``Retry-After``.
            allow_private_addresses: for every request, whatever its step says.
            connections_per_host: open at once to one host.
        """
        self._clock = clock
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

    async def fetch(self, url: str, config: CrawlConfig | None = None) -> Fetched:
        """Fetch one page.

        Args:
            url: normalised.
            config: its time and size limits, and whether private addresses are allowed.

        Raises:
            PrivateAddressError: the host is not on the internet.
            HttpStatusError: the server answered 4xx or 5xx.
            FetchError: there was no answer, or it is not HTTP.
        """
        from actors.worker.crawler.http import get

        config = config or CrawlConfig()
        session = self._session(private=self._allow_private_addresses or config.allow_private_addresses)
        return await get(session, url, config, self._clock)

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
                allow_private_addresses=private, connections_per_host=self._connections_per_host
            )
            self._sessions[private] = session
        return session
