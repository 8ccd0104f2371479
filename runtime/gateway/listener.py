"""Listener: one stream's place in the sequence. It holds no events: it takes them when it can send."""

from typing import Protocol

from runtime.gateway.frame import Frame, Wanted


class Source(Protocol):
    """What a listener asks of the broadcast."""

    closed: bool

    @property
    def version(self) -> int:
        """Of the last picture there is."""
        ...

    async def frame(self, cursor: int, version: int, wanted: Wanted) -> tuple[Frame, int, int]:
        """What there is behind that event and picture, and where it leads."""
        ...

    async def news(self, cursor: int, version: int) -> None:
        """Wait until there is more."""
        ...

    def left(self) -> None:
        """A listener is gone."""
        ...


class Listener:
    """One stream's place in the sequence."""

    def __init__(self, broadcast: Source, cursor: int, wanted: Wanted) -> None:
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
