"""The end of a runtime, in the order of its steps: drain, close what lives on the loop, close the store's file.

No step waits longer than it says, and none keeps the next from being taken: bodies and a disk that do not let go are
left behind. The rows are safe, and what is not given back here is given back by whoever finds this runtime gone.
"""

import logging
from collections.abc import Sequence
from typing import Any

from actors.messages import Command, Drain, Drained, Report
from actors.receive import Address, TypedActor
from actors.worker.crawler.browser.rendering import BrowserFetcher
from actors.worker.crawler.fetch import Fetcher
from runtime.crawling import Crawling
from runtime.engine import EngineError, ask
from runtime.store.file import StoreFile

logger = logging.getLogger("quaero")

STOP_MARGIN_SECONDS = 30.0
"""Beyond the grace: interrupted attempts report, the store commits and closes."""
CLOSE_SECONDS = 5.0
"""Time that actors and threads get to end if there was no drain, or none that ended in time."""
LEAVE_SECONDS = 1.0
"""Once all is drained. A thread that still runs then had its grace, and what it does is not wanted any more."""


class CloseConnections(Command, frozen=True):
    """Answered by ``ConnectionsClosed``."""


class ConnectionsClosed(Report, frozen=True):
    """All are closed."""


class LoopCloser(TypedActor):
    """Made when the runtime stops, after the last body has ended: connections are closed where they are used."""

    dispatcher = "loop"

    async def receiveMsg_CloseConnections(self, message: CloseConnections, sender: Address) -> None:
        """End the crawler's browser and close its connections."""
        browser: BrowserFetcher = self.resource("browser")
        await browser.aclose()
        fetcher: Fetcher = self.resource("fetcher")
        await fetcher.aclose()
        self.send(sender, ConnectionsClosed())


def drained(system: Any, supervisor: Any, drain: Drain, crawling: Crawling) -> Drained | None:
    """Let the runtime drain, and close its connections; None if it did not answer in time."""
    try:
        reply = ask(system, supervisor, drain, drain.grace_seconds + STOP_MARGIN_SECONDS)
        if crawling.in_use:
            ask(system, system.createActor(LoopCloser), CloseConnections(), CLOSE_SECONDS)
    except EngineError:
        logger.exception("the runtime did not drain as it should; it is closed as it is")
        return None
    return reply if isinstance(reply, Drained) else None


def close_file(file: StoreFile | None, left_behind: Sequence[str]) -> None:
    """The store's actor closes its file, unless it died too often or was not heard of again: then it is done here.

    ``left_behind`` are threads that still run. If the store's is one of them the file is in use, and stays open.
    """
    if file is None or file.closed or any("-store" in name for name in left_behind):
        return
    try:
        file.close()
    except Exception:
        logger.exception("closing %s", file)
