"""What crawls need of a runtime: the HTTP client, the rules of sites, memory of pages, credentials. Composed here.

Workers reach each part by the name of its protocol: "fetcher", "robots", "crawl_memory", "credentials".
"""

from pathlib import Path
from typing import Any

from actors.seams import Clock
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
    ) -> None:
        self.fetcher = Fetcher(clock, allow_private_addresses=allow_private_addresses, user_agent=user_agent)
        self.robots = RobotsCache(self.fetcher, clock, self.fetcher.user_agent)
        self._reader = SharedReader(store, busy_timeout_seconds=busy_timeout_seconds)
        self.memory = StoredCrawlMemory(self._reader)
        self.vault = Vault(store, self._reader, clock, key_file=key_file)

    def __repr__(self) -> str:
        return f"<Crawling({self.fetcher!r}, {self.vault!r})>"

    def resources(self) -> dict[str, Any]:
        """What workers may ask for by name; a service may give others in their place."""
        return {
            "fetcher": self.fetcher,
            "robots": self.robots,
            "crawl_memory": self.memory,
            "credentials": self.vault,
        }

    def close(self) -> None:
        """Close the connection to the store and forget what was opened; the HTTP client is closed on its loop."""
        self.vault.forget()
        self._reader.close()
