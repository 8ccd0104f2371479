"""BrowserFetcher: the crawl's fetcher for steps with ``render = "browser"``.

Everything but HTML is what the plain fetcher says. HTML is rendered: its text is what the page shows a reader once its
scripts have run. Nothing that the page's scripts ask for goes where the crawl itself may not go.
"""

import asyncio
import ipaddress
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from actors.seams import Clock
from actors.worker.crawler.browser.gate import PageGate
from actors.worker.crawler.browser.page import IDLE_SECONDS, Document, PageView, Rendered
from actors.worker.crawler.browser.session import SharedBrowser
from actors.worker.crawler.config import MAX_PAGE_BYTES
from actors.worker.crawler.cookies import Cookie
from actors.worker.crawler.errors import FetchError
from actors.worker.crawler.fetch import Fetched, FetchRequest, PageFetcher
from actors.worker.crawler.media_types import Content

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext

TRAFFIC = 4
"""What a page's scripts may ask for, in sizes of the largest body the step allows."""
_SAME_SITE = {"strict": "Strict", "lax": "Lax", "none": "None"}


class BrowserFetcher:
    """Fetches pages and renders them. Made anywhere, used on one asyncio loop, closed there with ``aclose``."""

    def __init__(
        self,
        fetcher: PageFetcher,
        clock: Clock,
        *,
        path: str = "",
        pages_at_once: int = 4,
        idle_seconds: float = IDLE_SECONDS,
        user_agent: str = "",
        allow_private_addresses: bool = False,
    ) -> None:
        """See the class.

        Args:
            fetcher: gets the documents.
            clock: measures, and says which cookies have expired.
            path: the browser's executable, "" = the system's Chromium.
            pages_at_once: in the browser; further ones wait.
            idle_seconds: a page that goes on asking for things is taken as it is after this time.
            user_agent: how the browser introduces itself; "" = as it does.
            allow_private_addresses: for every page, whatever its step says.
        """
        self.browser = SharedBrowser(path)
        self._fetcher = fetcher
        self._clock = clock
        self._user_agent = user_agent
        self._allow_private_addresses = allow_private_addresses
        self._pages_at_once = pages_at_once
        self._idle_seconds = idle_seconds
        self._turns: asyncio.Semaphore | None = None

    def __repr__(self) -> str:
        return f"<BrowserFetcher({self.browser!r})>"

    @property
    def in_use(self) -> bool:
        """Whether processes may be there."""
        return self.browser.in_use

    async def fetch(self, request: FetchRequest) -> Fetched:
        """See ``PageFetcher``. What a page shows may change though its document has not: validators are not sent.

        Raises:
            FetchError: also if the page can not be rendered in the time a request has.
        """
        fetched = await self._fetcher.fetch(msgspec.structs.replace(request, validators={}))
        if fetched.text is None or fetched.content is not Content.PAGE or fetched.redirects:
            return fetched
        started = self._clock.monotonic()
        if self._turns is None:
            self._turns = asyncio.Semaphore(self._pages_at_once)
        async with self._turns:
            rendered, received = await self._rendered(request, fetched)
        if rendered.leads_to:
            return msgspec.structs.replace(fetched, status=302, location=rendered.leads_to, text=None)
        return msgspec.structs.replace(
            fetched,
            text=rendered.text,
            truncated=fetched.truncated or rendered.truncated,
            body_bytes=fetched.body_bytes + received,
            elapsed_ms=fetched.elapsed_ms + round((self._clock.monotonic() - started) * 1000),
        )

    async def aclose(self) -> None:
        """End the browser; to be called on the loop it is used on."""
        await self.browser.aclose()
        self._turns = None

    async def _rendered(self, request: FetchRequest, fetched: Fetched) -> tuple[Rendered, int]:
        from playwright.async_api import Error

        config, url = request.config, fetched.url
        private = self._allow_private_addresses or config.allow_private_addresses
        document = Document(url, fetched.headers, fetched.text or "")
        options = {"user_agent": self._user_agent} if self._user_agent else {}
        try:
            async with (
                PageGate(allow_private_addresses=private, max_bytes=TRAFFIC * config.max_body_bytes) as gate,
                self.browser.context(
                    proxy={"server": gate.url, "bypass": "<-loopback>"},
                    accept_downloads=False,
                    service_workers="block",
                    **options,
                ) as context,
                asyncio.timeout(config.request_timeout_seconds),
            ):
                if request.visitor is not None:
                    await _give(context, request.visitor.every_cookie(self._clock.wall_ms() / 1000))
                found = await PageView(context, document, MAX_PAGE_BYTES, self._idle_seconds).rendered()
                exceeded = gate.exceeded
                return msgspec.structs.replace(
                    found, truncated=found.truncated or exceeded
                ), gate.received_bytes
        except TimeoutError as error:
            seconds = config.request_timeout_seconds
            raise FetchError(f"{url} took longer than {seconds:g} s to render", retryable=True) from error
        except Error as error:
            said = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
            raise FetchError(f"{url} could not be rendered: {said}", retryable=True) from error


async def _give(context: "BrowserContext", cookies: list[Cookie]) -> None:
    """Give the page its visitor's cookies; one that the browser does not take is left out."""
    from playwright.async_api import Error

    for cookie in cookies:
        with suppress(Error):
            await context.add_cookies([as_taken(cookie)])  # type: ignore[list-item]


def as_taken(cookie: Cookie) -> dict[str, Any]:
    """A cookie as the browser takes it: a leading dot is for the hosts below the domain too."""
    below = not cookie.host_only and "." in cookie.domain and not _is_address(cookie.domain)
    taken: dict[str, Any] = {
        "name": cookie.name,
        "value": cookie.value,
        "domain": f".{cookie.domain}" if below else cookie.domain,
        "path": cookie.path,
        "secure": cookie.secure,
        "httpOnly": cookie.http_only,
    }
    if cookie.same_site.lower() in _SAME_SITE:
        taken["sameSite"] = _SAME_SITE[cookie.same_site.lower()]
    if cookie.expires is not None:
        taken["expires"] = cookie.expires
    return taken


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
