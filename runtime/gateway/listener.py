"""Listener: one stream's place in the sequence. It holds no events: it takes them when it can send."""

from typing import TYPE_CHECKING

from runtime.gateway.frame import Frame, Wanted

if TYPE_CHECKING:
    from runtime.gateway.broadcast import Broadcast


class Listener:
    """One stream's place in the sequence."""

    def __init__(self, broadcast: "Broadcast", cursor: int, wanted: Wanted) -> None:
        self.cursor = cursor
        self._broadcast = broadcast
        self._wanted = wanted
        self._version = broadcast.version
        self._closed = False

    def __repr__(self) -> str:
        return f"<Listener(cursor={self.cursor})>"

    async def next(self) -> Frame:
        """What came since the last call, in order, pictures last; empty only when the gateway closes.

        Raises:
            EventsPrunedError: some of it is kept no longer.
        """
        while not self._broadcast.closed:
            frame, self.cursor, self._version = await self._broadcast.frame(
                self.cursor, self._version, self._wanted
            )
            if frame.events:
                return frame
            await self._broadcast.news(self.cursor, self._version)
        return Frame([])

    def close(self) -> None:
        """Listen no more."""
        if not self._closed:
            self._closed = True
            self._broadcast.left()
