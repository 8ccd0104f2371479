"""What crawls need of a runtime: the HTTP client, the rules of sites, memory of pages, credentials. Composed here.

Workers reach each part by the name of its protocol: "fetcher", "browser", "crawl_robots", "crawl_memory",
"crawl_credentials".
"""

from pathlib import Path
from typing import Any

from actors.seams import Clock
from actors.worker.crawler.browser.rendering import BrowserFetcher
from actors.worker.crawler.fetch import Fetcher
from actors.worker.crawler.robots import RobotsCache
from runtime.credentials.vault import Vault
from runtime.store.reading.crawl_memory import StoredCrawlMemory
from runtime.store.reading.shared import SharedReader


class Crawling:
    """The parts of one runtime. Nothing is opened before a crawl needs it."""

    def __init__(
        self,
        store: Path,
        clock: Clock,
        *,
        busy_timeout_seconds: float = 10.0,
        allow_private_addresses: bool = False,
        user_agent: str = "",
        key_file: Path | None = None,
        browser_path: str = "",
        browser_pages: int = 4,
    ) -> None:
        self.fetcher = Fetcher(clock, allow_private_addresses=allow_private_addresses, user_agent=user_agent)
        self.browser = BrowserFetcher(
            self.fetcher,
            clock,
            path=browser_path,
            pages_at_once=browser_pages,
            user_agent=self.fetcher.user_agent,
            allow_private_addresses=allow_private_addresses,
        )
        self.robots = RobotsCache(self.fetcher, clock, self.fetcher.user_agent)
        self._reader = SharedReader(store, busy_timeout_seconds=busy_timeout_seconds)
        self.memory = StoredCrawlMemory(self._reader)
        self.vault = Vault(store, self._reader, clock, key_file=key_file)

    def __repr__(self) -> str:
        return f"<Crawling({self.fetcher!r}, {self.vault!r})>"

    @property
    def in_use(self) -> bool:
        """Whether connections may be open or a browser running, which are closed on their loop."""
        return self.fetcher.in_use or self.browser.in_use

    def resources(self) -> dict[str, Any]:
        """What workers may ask for by name; a service may give others in their place."""
        return {
            "fetcher": self.fetcher,
            "browser": self.browser,
            "crawl_robots": self.robots,
            "crawl_memory": self.memory,
            "crawl_credentials": self.vault,
        }

    async def aclose(self) -> None:
        """End the browser and close the connections; to be called on the loop they are used on."""
        await self.browser.aclose()
        await self.fetcher.aclose()

    def close(self) -> None:
        """Close the connection to the store and forget what was opened; the HTTP client is closed on its loop."""
        self.vault.forget()
        self._reader.close()
