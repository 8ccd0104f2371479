"""WebSocket frames written out once for many sockets, and uvicorn's protocol that takes them.

By ASGI a text is encoded and framed anew for each socket: three copies of it under the interpreter's lock, a hundred
times a tick. An ASGI extension of ours, which only our own server has, takes the frame as it goes over the wire.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

EXTENSION = "quaero.frames"

SendFrame = Callable[[bytes], Awaitable[None]]
Give = Callable[[Callable[[int], object]], bool]

_TEXT, _SHORT, _LONG = 0x81, 126, 127  # of RFC 6455, section 5.2


class FramingProtocol(WebSocketsSansIOProtocol):
    """uvicorn's, which also takes frames."""

    heard = 0
    """Bytes that the client has sent since the handshake began."""

    def data_received(self, data: bytes) -> None:
        """Count what comes after the request."""
        if self.handshake_initiated:
            self.heard += len(data)
        super().data_received(data)

    async def run_asgi(self) -> None:
        """Offer the extension."""
        self.scope.setdefault("extensions", {})[EXTENSION] = {"send": self.send_frame, "give": self.give}
        await super().run_asgi()

    async def send_frame(self, frame: bytes) -> None:
        """Send what ``text_frame`` made; waits while the client does not read.

        Raises:
            ClientDisconnected: it is gone.
        """
        await self.writable.wait()
        if self.disconnected or self.close_sent or self.transport.is_closing():
            raise ClientDisconnected
        self.transport.write(frame)

    def give(self, take: Callable[[int], object]) -> bool:
        """Let another process have the connection: ``take`` is given its descriptor, and this server lets go of it.

        False, and nothing was done: the client is gone, has said something already, or has not been answered yet.

        Raises:
            OSError: whatever ``take`` raises; the connection is still this server's.
        """
        if (
            self.heard
            or self.disconnected
            or self.close_sent
            or self.transport.is_closing()
            or self.transport.get_write_buffer_size()
        ):
            return False
        self.transport.pause_reading()  # from here on it is heard by the other one
        try:
            take(self.transport.get_extra_info("socket").fileno())
        except BaseException:
            self.transport.resume_reading()
            raise
        self.stop_keepalive()
        self.transport.abort()  # closes this process's descriptor; the connection goes on with the other's
        return True


def frames_of(scope: Mapping[str, Any]) -> SendFrame | None:
    """What sends frames to the socket of that scope; None where another server serves."""
    found: SendFrame | None = (scope.get("extensions") or {}).get(EXTENSION, {}).get("send")
    return found


def give_of(scope: Mapping[str, Any]) -> Give | None:
    """What gives the socket of that scope away; None where another server serves."""
    found: Give | None = (scope.get("extensions") or {}).get(EXTENSION, {}).get("give")
    return found


def text_frame(payload: bytes) -> bytes:
    """A whole text message as a server sends it. Pure."""
    size = len(payload)
    if size < _SHORT:
        header = bytes((_TEXT, size))
    elif size < 1 << 16:
        header = bytes((_TEXT, _SHORT)) + size.to_bytes(2, "big")
    else:
        header = bytes((_TEXT, _LONG)) + size.to_bytes(8, "big")
    return header + payload
