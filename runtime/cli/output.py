"""stdout and stderr: results go to the one, everything else to the other.

A reader that has gone away (``quaero jobs | head``) is no error: what is written afterwards goes nowhere, quietly.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TextIO

import msgspec

from runtime.cli.exits import ExitCode
from runtime.cli.failures import CommandError
from runtime.cli.printable import visible


def prepare_streams() -> None:
    """Let every text be written, also one that is not UTF-8 or that the terminal's encoding lacks."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def write(text: str) -> bool:
    """Write lines of a result to stdout; returns whether anybody still reads them.

    Raises:
        CommandError: stdout can not be written, for a full disk say.
    """
    stream = sys.stdout
    if stream is None:  # the shell closed it: `quaero jobs >&-`
        return False
    try:
        stream.write(text + "\n")
        stream.flush()
    except BrokenPipeError:
        _discard(stream)
        return False
    except OSError as error:
        _discard(stream)
        raise CommandError(
            f"the result can not be written to stdout: {error.strerror}", exit_code=ExitCode.FAILED
        ) from error
    return True


def write_text(text: str) -> bool:
    """Like ``write``, for text with parts from elsewhere."""
    return write(visible(text))


def write_columns(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write aligned columns, a header first, as wide as the terminal is."""
    from runtime.cli.layout import columns

    for line in columns(headers, rows, width=terminal_width()):
        if not write(line):
            return


def write_json(value: Any) -> bool:
    """Write one whole JSON value; indented for people."""
    encoded = msgspec.json.encode(_encodable(value))
    if sys.stdout is not None and sys.stdout.isatty():
        encoded = msgspec.json.format(encoded, indent=2)
    return write(encoded.decode())


def write_json_line(value: Any) -> bool:
    """Write one object of a stream, on one line."""
    return write(msgspec.json.encode(_encodable(value)).decode())


def tell(text: str) -> None:
    """Say something on stderr, in the shape that ``told_as`` gave such lines; nobody has to hear it."""
    say(_shapes[-1](text) if _shapes else text)


@contextmanager
def told_as(shape: Callable[[str], str]) -> Iterator[None]:
    """Give what is told this shape: where the log is JSON, all of stderr is."""
    _shapes.append(shape)
    try:
        yield
    finally:
        _shapes.remove(shape)


_shapes: list[Callable[[str], str]] = []


def say(text: str) -> None:
    """Write a line to stderr as it is."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(visible(text) + "\n")
        sys.stderr.flush()
    except OSError:
        _discard(sys.stderr)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether the stream is a terminal that can move its cursor."""
    return stream is not None and stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"


def terminal_width() -> int | None:
    """The width of stdout's terminal in cells; None where it is none."""
    if not is_terminal(sys.stdout):
        return None
    return max(20, shutil.get_terminal_size().columns)


def _encodable(value: Any) -> Any:
    """The value with half surrogates (from arguments that are not UTF-8) replaced: JSON has no place for them."""
    match value:
        case str():
            return value.encode(errors="backslashreplace").decode()
        case dict():
            return {key: _encodable(each) for key, each in value.items()}
        case list() | tuple():
            return [_encodable(each) for each in value]
    return value


def _discard(stream: TextIO) -> None:
    """Point the stream's descriptor at nothing, so that the interpreter's last flush is quiet too."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, stream.fileno())
    os.close(nothing)
