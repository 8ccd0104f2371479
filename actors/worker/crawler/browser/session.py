"""SharedBrowser: the one browser of a runtime. Started when a page needs it, and anew when it has died.

Each page gets a context of its own, which shares nothing with others: cookies, storage, proxy. The browser ends with
``aclose``. If this process dies without it, Playwright's driver sees its pipe closed, and the browser its driver's:
each ends itself.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

from actors.worker.crawler.browser.chromium import ARGUMENTS, NoBrowserError, executable, sandboxed
from actors.worker.crawler.errors import FetchError

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Playwright

START_SECONDS = 30.0
CLOSE_SECONDS = 2.0
"""A context that can not be closed in this time takes the browser with it."""


class SharedBrowser:
    """Made anywhere, used on one asyncio loop, closed there with ``aclose``."""

    def __init__(self, path: str = "") -> None:
        """See the class.

        Args:
            path: the executable; "" = the system's Chromium.
        """
        self._path = path
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None
        self._starter: Any = None  # what the driver was started by
        self._starting: asyncio.Lock | None = None
        self.starts = 0

    def __repr__(self) -> str:
        return f"<SharedBrowser({'running' if self.in_use else 'not running'}, started {self.starts} times)>"

    @property
    def in_use(self) -> bool:
        """Whether processes may be there."""
        return self._playwright is not None

    @asynccontextmanager
    async def context(self, **options: Any) -> "AsyncIterator[BrowserContext]":
        """A context for one page; closed at the end, whatever happens.

        Raises:
            FetchError: the browser can not be started.
        """
        await _loaded()
        from playwright.async_api import Error

        browser = await self._running()
        try:
            async with asyncio.timeout(START_SECONDS):
                context = await browser.new_context(**options)
        except (Error, TimeoutError) as error:
            await self._discard(browser)
            raise FetchError(f"the browser has died: {_first_line(error)}", retryable=True) from error
        try:
            yield context
        finally:
            try:
                async with asyncio.timeout(CLOSE_SECONDS):
                    await context.close()
            except (Error, TimeoutError):
                await self._discard(browser)

    async def aclose(self) -> None:
        """End the browser; to be called on the loop it is used on. A later ``context`` starts a new one."""
        await self._end()

    async def _running(self) -> "Browser":
        if self._starting is None:
            self._starting = asyncio.Lock()
        async with self._starting:
            if self._browser is not None and self._browser.is_connected():
                return self._browser
            await self._end()
            self._browser = await self._started()
            self.starts += 1
            return self._browser

    async def _started(self) -> "Browser":
        from playwright.async_api import Error, async_playwright

        try:
            path = executable(self._path)
        except NoBrowserError as error:
            raise FetchError(f"rendering {error}", retryable=False) from error
        try:
            async with asyncio.timeout(START_SECONDS):
                self._starter = async_playwright()
                self._playwright = await self._starter.start()
                return await self._playwright.chromium.launch(
                    executable_path=path,
                    args=list(ARGUMENTS),
                    chromium_sandbox=sandboxed(),
                    headless=True,
                    # The service decides what a signal means; the driver ends when this process does.
                    handle_sigint=False,
                    handle_sigterm=False,
                    handle_sighup=False,
                )
        except (Error, OSError) as error:  # a time limit is an OSError too
            await self._end()
            raise FetchError(f"{path} can not be started: {_first_line(error)}", retryable=True) from error

    async def _discard(self, browser: "Browser") -> None:
        """End a browser that has died or does not answer, unless another has taken its place."""
        if self._browser is browser:
            await self._end()

    async def _end(self) -> None:
        browser, self._browser = self._browser, None
        playwright, self._playwright = self._playwright, None
        starter, self._starter = self._starter, None
        for close in (browser.close if browser else None, playwright.stop if playwright else None):
            if close is not None:
                with suppress(Exception):  # whatever a dead browser's driver says
                    async with asyncio.timeout(CLOSE_SECONDS):
                        await close()
        if starter is not None:
            _end_driver(starter)


async def _loaded() -> None:
    """Import Playwright beside the loop: that takes a tenth of a second.

    Raises:
        FetchError: it is not installed.
    """
    try:
        await asyncio.to_thread(import_module, "playwright.async_api")
    except ImportError as error:
        raise FetchError(
            "rendering needs Playwright: pip install 'quaero-runtime[browser]'", retryable=False
        ) from error


def _end_driver(starter: Any) -> None:
    """Kill the driver if it is still there; the browser ends with it, as with any end of the pipe between them.

    Playwright has no name for its driver, so it is looked for where this version keeps it; elsewhere nothing is done.
    """
    transport = getattr(getattr(starter, "_client", None), "_transport", None)
    died = getattr(transport, "on_error_future", None)
    if died is not None and died.done() and not died.cancelled():
        died.exception()  # has been looked at: else asyncio logs it whenever it is collected
    process = getattr(transport, "_proc", None)
    if process is not None and process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
