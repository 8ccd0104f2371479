"""A TOML file read within bounds: its values and the line of each, or the one diagnostic why it can not be read.

Whatever the bytes are, the answer comes within a second or two and within a few ten megabytes of memory: size, key
length, nesting and number of values are limited before ``tomllib`` sees the text. Only regular files are read.
"""

import os
import re
import stat
import tomllib
from pathlib import Path as FilePath
from typing import Any

import msgspec

from runtime.toml.diagnostic import Diagnostic, Path, path_text
from runtime.toml.lines import Lines, scan
from runtime.toml.wording import LONGEST_VALUE, quoted, shown

LARGEST_FILE = 1024 * 1024
"""Bytes of a definition or configuration file."""

_AT_LINE = re.compile(r" \(at line (\d+), column \d+\)$")
_AT_END = re.compile(r" \(at end of document\)$")


class UnreadableError(ValueError):
    """The file is not a TOML file within the limits; ``diagnostic`` says why, with the line if there is one."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        self.diagnostic = diagnostic
        super().__init__(str(diagnostic))


class Document(msgspec.Struct, frozen=True):
    """A parsed file: ``table`` holds its values, ``lines`` their places, ``file`` the name shown to people."""

    file: str
    table: dict[str, Any]
    lines: Lines

    def line(self, path: Path) -> int | None:
        """The line of that value, or of the nearest table around it."""
        return self.lines.line(path)


def read_document(path: str | os.PathLike[str]) -> Document:
    """Read and parse a file.

    Raises:
        UnreadableError: missing, no regular file, not permitted, larger than 1 MiB, not UTF-8, or not TOML.
    """
    name = os.fsdecode(path).encode(errors="backslashreplace").decode()
    file = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in name)
    return parse_document(_bytes_of(path, file), file=file)


def parse_document(content: bytes | str, *, file: str) -> Document:
    """Parse a file's content; ``file`` is the name for messages.

    Raises:
        UnreadableError: larger than 1 MiB, not UTF-8, or not TOML.
    """
    text = _text_of(content, file)
    lines = scan(text)
    if lines.too_large is not None:
        line, sentence = lines.too_large
        raise UnreadableError(Diagnostic(sentence, file, line, hint="is this a file for quaero?"))
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnreadableError(_syntax(str(error), text, lines, file)) from error
    except (ValueError, RecursionError, OverflowError) as error:  # an integer of 5 000 digits, for one
        line = text.count("\n") + 1
        sentence = f"not TOML: {str(error).partition(';')[0]}"
        raise UnreadableError(Diagnostic(sentence, file, _long_number(text) or line)) from error
    return Document(file, table, lines)


def _bytes_of(path: str | os.PathLike[str], file: str) -> bytes:
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - a path of any kind, also one with a NUL in it
        if stat.S_ISDIR(mode):
            raise UnreadableError(
                Diagnostic("is a directory, not a file", file, hint="name a .toml file in it")
            )
        if not stat.S_ISREG(mode):
            raise UnreadableError(Diagnostic("is not a regular file", file, hint="copy it to one first"))
        with FilePath(path).open("rb") as opened:
            return opened.read(LARGEST_FILE + 1)
    except FileNotFoundError as error:
        raise UnreadableError(Diagnostic("there is no such file", file, hint="check the path")) from error
    except PermissionError as error:
        raise UnreadableError(
            Diagnostic("may not be read by this user", file, hint="change its mode")
        ) from error
    except ValueError as error:
        if isinstance(error, UnreadableError):
            raise
        raise UnreadableError(Diagnostic(f"is no path: {error}", file)) from error
    except OSError as error:
        raise UnreadableError(Diagnostic(f"can not be read: {error.strerror}", file)) from error


def _text_of(content: bytes | str, file: str) -> str:
    if len(content) > LARGEST_FILE:
        raise UnreadableError(Diagnostic("is larger than 1 MiB", file, hint="is this the right file?"))
    if isinstance(content, bytes):
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            value = f"0x{content[error.start]:02x}"
            raise UnreadableError(
                Diagnostic(
                    f"is not UTF-8 text: byte {value}", file, line, value=value, hint="save it as UTF-8"
                )
            ) from error
    else:
        text = content.encode(errors="replace").decode()
    if (nul := text.find("\0")) >= 0:
        raise UnreadableError(
            Diagnostic("holds a NUL byte, so it is not text", file, text.count("\n", 0, nul) + 1)
        )
    return text.removeprefix("\ufeff")


def _syntax(message: str, text: str, lines: Lines, file: str) -> Diagnostic:
    """What is wrong, at the line where a person has to look: where a list begins, not where the file ends."""
    found = _AT_LINE.search(message)
    line = int(found.group(1)) if found else text.count("\n") + (not text.endswith("\n"))
    if (repeated := lines.repeated.get(line)) is not None:
        path, first = repeated
        return _repeated(path, file, line, first)
    if lines.stopped is not None and (not found or "not closed" in lines.stopped[1]):
        line, sentence = lines.stopped
        return Diagnostic(f"not TOML: {sentence}", file, line)
    sentence = _AT_END.sub("", _AT_LINE.sub("", message))
    source = text.split("\n", line)[line - 1].strip()[:LONGEST_VALUE]
    hint = "put text in quotes" if sentence == "Invalid value" else ""
    return Diagnostic(
        f"not TOML: {sentence[:1].lower()}{sentence[1:200]} in {shown(source)}", file, line, hint=hint
    )


def _repeated(path: Path, file: str, line: int, first: int) -> Diagnostic:
    what = f"step {quoted(str(path[1]))}" if len(path) == 2 and path[0] == "step" else path_text(path)
    return Diagnostic(
        f"{what} is defined twice, the first time on line {first}",
        file,
        line,
        path_text(path),
        hint="rename or remove one",
    )


def _long_number(text: str) -> int | None:
    found = re.search(r"\d[\d_]{4299,}", text)
    return text.count("\n", 0, found.start()) + 1 if found else None
