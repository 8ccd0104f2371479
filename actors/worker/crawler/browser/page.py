"""One page in the browser: what it may do, how long it is waited for, and what is taken of it.

The document itself is not asked for by the browser: the crawl's own client has got it, with its pace, its cookies, its
limits and its view of redirects, and the browser is handed what came. What the page's scripts then ask for goes through
the page's gate. A page that goes elsewhere by script is not followed: like a redirect, its target is a page of its own.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urldefrag

import msgspec

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page, Request, Route

from actors.worker.crawler.errors import FetchError

IDLE_SECONDS = 5.0
"""A page that goes on asking for things is taken as it is after this time."""
UNWANTED = frozenset({"image", "media", "font", "texttrack", "eventsource"})
"""Kinds of requests that say nothing to a reader of text, or never end."""
_OWN_HEADERS = frozenset(
    {
        "alt-svc",
        "connection",
        "content-disposition",
        "content-encoding",
        "content-length",
        "content-type",
        "keep-alive",
        "location",
        "refresh",
        "transfer-encoding",
        "upgrade",
        "www-authenticate",
    }
)
"""Headers of the answer that are not those of the text it was decoded to, or that make no page of it."""

_TAKE = """most => {
    const roots = [];
    const look = root => {
        for (const element of root.querySelectorAll("*")) {
            if (element.shadowRoot && roots.length < 1000) { roots.push(element); look(element.shadowRoot); }
        }
    };
    look(document);
    for (const host of roots.reverse()) host.insertAdjacentHTML("beforeend", host.shadowRoot.innerHTML);
    for (const link of [...document.querySelectorAll("a[href], area[href]")].slice(0, 20000)) {
        if (link.href) link.setAttribute("href", link.href);
    }
    const html = document.documentElement ? document.documentElement.outerHTML : "";
    return [html.slice(0, most), html.length > most];
}"""
"""The page as text: with what is in its open shadow roots, and links as they lead from where the page thinks it is."""


class Document(msgspec.Struct, frozen=True):
    """What the browser is handed."""

    url: str
    headers: dict[str, str]
    text: str


class Rendered(msgspec.Struct, frozen=True):
    """What a page has become. ``leads_to`` is where a script wanted to go instead; "" = nowhere."""

    text: str
    truncated: bool = False
    leads_to: str = ""


@dataclass  # without slots: Playwright notes what it has made of a handler on the object itself
class PageView:
    """One page in a context of its own."""

    context: "BrowserContext"
    document: Document
    max_characters: int
    idle_seconds: float
    _page: "Page | None" = None
    _served: int = 0  # how often the browser has asked for the document
    _ended: "asyncio.Future[Rendered]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    async def rendered(self) -> Rendered:
        """Open the page, wait until it rests, and take it.

        Raises:
            FetchError: its process has crashed.
            playwright.async_api.Error: the browser has died.
        """
        await self.context.route("**/*", self._decide)
        page = self._page = await self.context.new_page()
        self.context.on("page", lambda other: asyncio.ensure_future(_closed(other)))
        page.on("crash", lambda _: self._crash())
        taking = asyncio.ensure_future(self._taken(page))
        try:
            await asyncio.wait((taking, self._ended), return_when=asyncio.FIRST_COMPLETED)
            return self._ended.result() if self._ended.done() else taking.result()
        finally:
            taking.cancel()
            self._ended.cancel()
            await asyncio.gather(taking, self._ended, return_exceptions=True)

    async def _taken(self, page: "Page") -> Rendered:
        from playwright.async_api import Error
        from playwright.async_api import TimeoutError as NotIdleError

        try:
            await page.goto(self.document.url, wait_until="domcontentloaded", timeout=0)
        except Error:
            if self._served < 2:
                raise
            await page.wait_for_load_state("domcontentloaded", timeout=0)  # it has loaded itself anew
        with suppress(NotIdleError):  # it goes on asking; what it shows by now is what there is
            await page.wait_for_load_state("networkidle", timeout=self.idle_seconds * 1000)
        text, truncated = await page.evaluate(_TAKE, self.max_characters)
        return Rendered(f"<!DOCTYPE html>{text}", bool(truncated))

    async def _decide(self, route: "Route", request: "Request") -> None:
        """What becomes of one request; that the page has ended by then is nobody's fault."""
        from playwright.async_api import Error

        try:
            if request.frame.page is not self._page or request.resource_type in UNWANTED:
                await route.abort()
            elif request.is_navigation_request() and request.frame.parent_frame is None:
                await self._navigate(route, request.url)
            else:
                await route.continue_()
        except Error:
            return

    async def _navigate(self, route: "Route", url: str) -> None:
        """The page is opened, or its script goes elsewhere, or loads it anew.

        Loaded anew it is asked for once, as scripts do that after they have set a cookie; from then on it is served
        without its scripts, which would go on for ever.
        """
        if urldefrag(url).url != urldefrag(self.document.url).url:
            if not self._ended.done():
                self._ended.set_result(Rendered("", leads_to=url))
            await route.abort()
            return
        self._served += 1
        if self._served == 2:
            await route.continue_()
            return
        kept = {key: value for key, value in self.document.headers.items() if key not in _OWN_HEADERS}
        if self._served > 2:
            kept["content-security-policy"] = "script-src 'none'"
        await route.fulfill(
            status=200,
            headers={**kept, "content-type": "text/html; charset=utf-8"},
            body=self.document.text.encode("utf-8", "replace"),
        )

    def _crash(self) -> None:
        if not self._ended.done():
            error = FetchError(f"{self.document.url} has crashed the browser's page", retryable=True)
            self._ended.set_exception(error)


async def _closed(page: "Page") -> None:
    """A window that the page has opened is closed; the browser may be faster."""
    from playwright.async_api import Error

    try:
        await page.close()
    except Error:
        return
