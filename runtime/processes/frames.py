"""Frames on a stream socket: four bytes with the length, then so many bytes."""

import socket

HEADER = 4
MAX_FRAME = 256 << 20
"""Bytes of one frame: a body that returns more has failed, it does not fill the runtime's memory."""


class FrameTooLargeError(ValueError):
    """A frame is longer than ``MAX_FRAME``."""


def framed(data: bytes) -> bytes:
    """The data with its length before it.

    Raises:
        FrameTooLargeError: it is too long.
    """
    if len(data) > MAX_FRAME:
        raise FrameTooLargeError(
            f"{len(data)} bytes are more than the {MAX_FRAME} that go to or from a process"
        )
    return len(data).to_bytes(HEADER, "big") + data


class FrameReader:
    """Puts frames together from what arrives."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, data: bytes) -> bytes | None:
        """The frame that is whole with this, or None. Frames are read one by one: ``feed(b"")`` asks for the next.

        Raises:
            FrameTooLargeError: it would be too long.
        """
        self._data += data
        if len(self._data) < HEADER:
            return None
        size = int.from_bytes(self._data[:HEADER], "big")
        if size > MAX_FRAME:
            raise FrameTooLargeError(f"a frame of {size} bytes")
        if len(self._data) < HEADER + size:
            return None
        frame = bytes(self._data[HEADER : HEADER + size])
        del self._data[: HEADER + size]
        return frame


def next_frame(connection: socket.socket, reader: FrameReader) -> bytes | None:
    """Wait for the next frame; None at the end of the stream."""
    frame = reader.feed(b"")
    while frame is None:
        data = connection.recv(1 << 20)
        if not data:
            return None
        frame = reader.feed(data)
    return frame
