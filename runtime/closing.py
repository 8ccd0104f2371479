"""Closes what lives on the asyncio loop: its connections can only be closed where they are used."""

from actors.messages import Command, Report
from actors.receive import Address, TypedActor
from actors.worker.crawler.fetch import Fetcher


class CloseConnections(Command, frozen=True):
    """Answered by ``ConnectionsClosed``."""


class ConnectionsClosed(Report, frozen=True):
    """All are closed."""


class LoopCloser(TypedActor):
    """Made when the runtime stops, after the last body has ended."""

    dispatcher = "loop"

    async def receiveMsg_CloseConnections(self, message: CloseConnections, sender: Address) -> None:
        """Close the crawler's connections."""
        fetcher: Fetcher = self.resource("fetcher")
        await fetcher.aclose()
        self.send(sender, ConnectionsClosed())
