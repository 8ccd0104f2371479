"""Which line each key and array element of a TOML text is on, and whether the text's shape is within bounds.

``tomllib`` gives no positions, and its time and memory grow with the square of a key's length and its stack with the
nesting; so this scanner goes first. It reads the text once, without recursion, in linear time, and never raises: what
is not TOML ends the scan, and ``tomllib`` then says why. What it finds of a valid text is exact: tables, arrays of
tables, dotted keys, inline tables, multi-line strings and arrays, CRLF line ends.

Not here: whether the text is valid, and any value.
"""

import re
import tomllib
from bisect import bisect_right

import msgspec

from runtime.toml.diagnostic import Path

LONGEST_KEY = 1024
"""Characters of a key, dots and quotes included."""
DEEPEST = 32
"""Keys and array positions from the top to a value."""
MOST_VALUES = 50_000
"""Keys and array elements of a file."""

_BLANK = re.compile(r"[ \t]*+")
_SPACE = re.compile(r"(?:[ \t\r\n]++|#[^\n]*+)*+")
_KEY_PART = re.compile(r"""[A-Za-z0-9_-]++|"(?:[^"\\\n]++|\\[^\n])*+"|'[^'\n]*+'""")
_TEXT = re.compile(
    r'"""(?:[^"\\]++|\\.|"{1,2}(?!"))*+"{3,5}'
    r"|'''(?:[^']++|'{1,2}(?!'))*+'{3,5}"
    r'|"(?!"")(?:[^"\\\n]++|\\[^\n])*+"'
    r"|'(?!'')[^'\n]*+'",
    re.DOTALL,
)
_PLAIN = re.compile(r"\d{4}-\d\d-\d\d \d\d:[^,\]}\s#]*+|[^,\[\]{}\s#\"'=]++")


class Lines(msgspec.Struct, frozen=True):
    """What a scan found. Lines count from 1."""

    of: dict[Path, int]
    repeated: dict[int, tuple[Path, int]]  # by line: the key or table that an earlier line has already
    too_large: tuple[int, str] | None = None  # the first limit that was passed: line and sentence
    stopped: tuple[int, str] | None = None  # where the text stops to be TOML: line and what was open there

    def line(self, path: Path) -> int | None:
        """The line of that value, or of the nearest table around it."""
        for length in range(len(path), 0, -1):
            if (found := self.of.get(path[:length])) is not None:
                return found
        return None


class _Stopped(Exception):  # noqa: N818 - the end of a scan, not an error of anybody
    def __init__(self, position: int, sentence: str, *, too_large: bool = False) -> None:
        super().__init__(sentence)
        self.position = position
        self.sentence = sentence
        self.too_large = too_large


def scan(text: str) -> Lines:
    """Find the line of every key and array element of the text."""
    scanner = _Scanner(text)
    too_large: tuple[int, str] | None = None
    stopped: tuple[int, str] | None = None
    try:
        scanner.statements()
    except _Stopped as end:
        where = (scanner.line_at(end.position), end.sentence)
        too_large, stopped = (where, None) if end.too_large else (None, where)
    return Lines(scanner.lines, scanner.repeated, too_large, stopped)


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self.repeated: dict[int, tuple[Path, int]] = {}
        self._arrays: dict[Path, int] = {}  # arrays of tables: how many tables there are so far
        self._headers: set[Path] = set()
        self._values: set[Path] = set()
        self._line_starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def line_at(self, position: int) -> int:
        return bisect_right(self._line_starts, position)

    def statements(self) -> None:
        """Walk over the whole text: headers and key/value pairs."""
        table: Path = ()
        while self._skip(_SPACE):
            if self._take("[["):
                table = self._header(array=True)
            elif self._take("["):
                table = self._header(array=False)
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self, *, array: bool) -> Path:
        start = self.at
        *parents, name = self._key()
        path: Path = ()
        for part in parents:
            self._record((*path, part), start)
            path = self._current((*path, part))
        path = (*path, name)
        if not self._take("]]" if array else "]"):
            raise _Stopped(start, "a table's header is not closed with as many brackets as it begins with")
        if array:
            if path in self._headers or path in self._values:
                self._repeat(path, start)
            number = self._arrays.get(path, 0)
            self._arrays[path] = number + 1
            self._record(path, start)
            path = (*path, number)
        elif path in self._headers or path in self._values or path in self._arrays:
            self._repeat(path, start)
        self._headers.add(path)
        self._record(path, start, first=False)
        return path

    def _current(self, path: Path) -> Path:
        """The last table of an array of tables, or the table itself."""
        return (*path, self._arrays[path] - 1) if path in self._arrays else path

    def _pair(self, table: Path) -> Path:
        """One ``key = value``; the value may go over many lines."""
        path = self._assignment(table)
        self._value(path)
        return path

    def _assignment(self, table: Path) -> Path:
        start = self.at
        path: Path = table
        for part in self._key():
            path = (*path, part)
            if path not in self.lines:
                self._record(path, start)
        if not self._take("="):
            raise _Stopped(start, "a key is not followed by = and a value")
        if path in self._values or path in self._headers or path in self._arrays:
            self._repeat(path, start)
        self._values.add(path)
        self._record(path, start, first=False)
        self._skip(_BLANK)
        return path

    def _value(self, path: Path) -> None:
        """Skip a value, recording the elements of arrays and the keys of inline tables on the way."""
        open_arrays: list[
            tuple[Path, int, int]
        ] = []  # path, position of the element, -1 = an inline table; start
        while True:
            start = self.at
            if self._take("["):
                open_arrays.append((path, 0, start))
                self._skip(_SPACE)
                if not self._peek("]"):
                    path = self._element(path, 0)
                    continue
            elif self._take("{"):
                open_arrays.append((path, -1, start))
                self._skip(_SPACE)
                if not self._peek("}"):
                    path = self._assignment(path)
                    continue
            elif not (self._match(_TEXT) or self._match(_PLAIN)):
                raise _Stopped(start, _no_value(self.text[start : start + 1]))
            following = self._after_value(open_arrays)
            if following is None:
                return
            path = following

    def _after_value(self, open_arrays: list[tuple[Path, int, int]]) -> Path | None:
        """Close what ends here; the path of the next value, or None if the statement is complete."""
        while open_arrays:
            path, position, start = open_arrays[-1]
            closing = "}" if position < 0 else "]"
            self._skip(_SPACE)
            if self._take(","):
                self._skip(_SPACE)
                if not self._peek(closing):
                    if position < 0:
                        return self._assignment(path)
                    open_arrays[-1] = (path, position + 1, start)
                    return self._element(path, position + 1)
            if not self._take(closing):
                sentence = (
                    "the inline table that begins here" if position < 0 else "the list that begins here"
                )
                raise _Stopped(start, f"{sentence} is not closed, or a comma is missing")
            open_arrays.pop()
        return None

    def _element(self, path: Path, position: int) -> Path:
        element = (*path, position)
        self._record(element, self.at)
        return element

    def _key(self) -> list[str]:
        """The parts of a dotted key."""
        start = self.at
        parts: list[str] = []
        while True:
            self._skip(_BLANK)
            match = _KEY_PART.match(self.text, self.at)
            if match is None:
                raise _Stopped(start, "a key was expected")
            self.at = match.end()
            if self.at - start > LONGEST_KEY:
                raise _Stopped(start, f"a key is longer than {LONGEST_KEY} characters", too_large=True)
            parts.append(_plain_key(match.group()))
            if len(parts) > DEEPEST:
                raise _Stopped(start, f"a key has more than {DEEPEST} parts", too_large=True)
            self._skip(_BLANK)
            if not self._take("."):
                return parts

    def _record(self, path: Path, position: int, *, first: bool = True) -> None:
        """Note the line of a path; a later definition of a table replaces the line of its first mention."""
        if len(path) > DEEPEST:
            raise _Stopped(position, f"values are nested deeper than {DEEPEST}", too_large=True)
        if path not in self.lines and len(self.lines) >= MOST_VALUES:
            raise _Stopped(
                position, f"the file has more than {MOST_VALUES} keys and list elements", too_large=True
            )
        if not first or path not in self.lines:
            self.lines[path] = self.line_at(position)

    def _repeat(self, path: Path, position: int) -> None:
        self.repeated.setdefault(self.line_at(position), (path, self.lines.get(path, 0)))

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        """Pass over what matches; whether any text is left."""
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at
        return self.at < len(self.text)

    def _match(self, pattern: re.Pattern[str]) -> bool:
        match = pattern.match(self.text, self.at)
        if match is None:
            return False
        self.at = match.end()
        return True

    def _peek(self, literal: str) -> bool:
        return self.text.startswith(literal, self.at)

    def _take(self, literal: str) -> bool:
        if self.text.startswith(literal, self.at):
            self.at += len(literal)
            return True
        return False


def _no_value(first: str) -> str:
    if first and first in "\"'":
        return "the text that begins here is not closed"
    return "a value is missing"


def _plain_key(part: str) -> str:
    if part[0] == "'":
        return part[1:-1]
    if part[0] != '"':
        return part
    if "\\" not in part:
        return part[1:-1]
    try:
        return str(tomllib.loads(f"key = {part}")["key"])
    except tomllib.TOMLDecodeError:
        return part[1:-1]
