"""Frames come whole however the stream is cut, and none is larger than it may be."""

import socket

import pytest

from runtime.processes import frames
from runtime.processes.frames import FrameReader, FrameTooLargeError, framed, next_frame


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_frames_come_whole_however_the_stream_is_cut(size: int) -> None:
    sent = [b"", b"one", b"x" * 500, b"last"]
    stream = b"".join(map(framed, sent))
    reader, found = FrameReader(), []
    for start in range(0, len(stream), size):
        frame = reader.feed(stream[start : start + size])
        while frame is not None:
            found.append(frame)
            frame = reader.feed(b"")
    assert found == sent


def test_the_end_of_the_stream_is_no_frame() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            theirs.sendall(framed(b"whole") + framed(b"cut")[:-1])
        reader = FrameReader()
        assert next_frame(ours, reader) == b"whole"
        assert next_frame(ours, reader) is None


def test_a_frame_that_is_too_large_is_neither_written_nor_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = framed(b"x" * 11)
    monkeypatch.setattr(frames, "MAX_FRAME", 10)
    with pytest.raises(FrameTooLargeError, match="11 bytes are more than the 10"):
        framed(b"x" * 11)
    with pytest.raises(FrameTooLargeError, match="a frame of 11 bytes"):
        FrameReader().feed(stream[:6])
