"""HTML that is cheap to parse, whatever it was before. Pure.

A page of 256 KiB that nests 50 000 elements keeps an HTML parser busy for seconds, one of 2 MiB for ten minutes;
unclosed ``<b>`` multiply with every paragraph after them; a tag of 20 000 attributes compares each with all others.
All of this is legal, and no parser we know stops by itself. So a page is written anew before it is parsed:

- every element is closed where it ends, at the latest where its parent does; an end tag without a start is left out;
- no element is deeper than ``MAX_DEPTH``, no list or quotation deeper than ``MAX_INDENT``, no tag has more than
  ``MAX_ATTRIBUTES``, no page more than ``MAX_ELEMENTS``; tags beyond are left out, the text inside stays;
- what stands in a table outside its cells, which a parser would have to move out of it, gets a cell;
- comments and the content of scripts and styles are left out; a ``<`` that begins no tag is written ``&lt;``;
- ``svg`` and ``math`` are renamed, since other rules of parsing hold inside them.

The text, the links and the structure that people see stay. What leaves here nests as it is written, so the parser's
tree is hardly deeper than ``MAX_DEPTH``, and its time is linear in the length.

Things that do not work: counting start and end tags (a parser ignores end tags behind a table or an object, so a page
can look flat and be deep); cutting the page at a limit (a scanner that skips what it takes for a comment or a script
can be made to skip what the parser does not). Here, what the scanner skips never reaches the parser.
"""

import re
from collections import defaultdict
from itertools import islice

from actors.worker.crawler.elements import (
    BLOCKS,
    CELLS,
    DROPPED,
    ENDS,
    FOREIGN,
    FORMATTING,
    GROUPS,
    HEADINGS,
    KINDS,
    LOST_IN_TABLES,
    OF_TABLES,
    TABLE_INSIDES,
    TABLE_PARTS,
    TEXT_ONLY,
    VOID,
    Group,
    Kind,
    walls_of_end_tag,
)
from actors.worker.crawler.grid import Grid, spans_many

MAX_DEPTH = 256
MAX_INDENT = 24
MAX_FORMATTING = 16
MAX_ATTRIBUTES = 128
MAX_ELEMENTS = 150_000

# Tags are read as the HTML standard's tokenizer does. Every repetition is possessive: no input makes it try twice.
_ATTRIBUTE = (
    r"[^\t\n\f\r />][^\t\n\f\r />=]*+"
    r"(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+(?:\"[^\"]*+(?:\"|\Z)|'[^']*+(?:'|\Z)|(?![\"'])[^\t\n\f\r >]*+))?+"
)
_MARK = re.compile(
    r"<(?:(?P<slash>/?+)(?P<name>[A-Za-z][^\t\n\f\r />]*+)"
    rf"(?P<attributes>(?:[\t\n\f\r /]++|{_ATTRIBUTE})*+)(?P<end>>?+)"
    r"|(?P<comment>!--)|(?P<bogus>[!?/]))?+"
)
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_COMMENT_END = re.compile(r"--!?>")
_TEXT_ENDS = {
    name: re.compile(rf"</{name}[\t\n\f\r />]", re.IGNORECASE | re.ASCII) for name in DROPPED | TEXT_ONLY
}


_MOST = {Group.INDENTING: MAX_INDENT, Group.FORMATTING: MAX_FORMATTING}


def defuse(html: str) -> str:
    """The page, written so that it is cheap to parse."""
    return _Writer(html).written()


class _Writer:
    """Reads a page mark by mark and writes it anew; ``open`` are the elements a parser will have open here."""

    def __init__(self, html: str) -> None:
        self.html = html
        self.at = 0
        self.out: list[str] = []
        self.open: list[str] = []
        # How many of each name, and of each group, are open: most questions need no walk.
        self.count: defaultdict[str, int] = defaultdict(int)
        self.seen: set[str] = set()
        self.started = 0
        self.grid = Grid()

    def written(self) -> str:
        html, out = self.html, self.out
        while (mark := _MARK.search(html, self.at)) is not None:
            if mark.start() > self.at:
                self._text(html[self.at : mark.start()])
            self.at = mark.end()
            slash, name, attributes, end, comment, bogus = mark.groups()
            if name is not None:
                if end:
                    self._tag(slash, name, attributes)
                else:  # the page ends in the middle of a tag
                    self.at = len(html)
            elif comment is not None:
                self._skip_comment()
            elif bogus is not None:
                close = html.find(">", self.at)
                self.at = close + 1 if close >= 0 else len(html)
            else:
                self._text("&lt;")
        self._text(html[self.at :])
        self._close_to(0)
        return "".join(out)

    def _tag(self, slash: str, name: str, attributes: str) -> None:
        if name.isascii():  # as the parser does it: the "K" of Kelvin stays what it is
            name = name.lower()
        kind = KINDS.get(name)
        if kind is Kind.FOREIGN:
            name, kind = FOREIGN[name], None
        if kind is Kind.TEXT_ONLY and not slash and (name != "title" or not self._in_foreign()):
            self._text_element(name)
        elif kind is Kind.ONCE:
            self._write_once(slash, name, attributes)
        elif kind is Kind.UNWRAPPED:
            pass
        elif slash:
            self._end(name)
        elif kind is not None:
            self._skip_to_end(name)
        else:
            self._start(name, attributes)

    def _text(self, text: str) -> None:
        if self.open and self.open[-1] in TABLE_INSIDES and text and not text.isspace():
            self._open_cell()
        self.out.append(text)

    def _start(self, name: str, attributes: str) -> None:
        if self.started >= MAX_ELEMENTS:
            return
        self.started += 1
        if attributes.endswith("/") and self._in_foreign() and name != "a":
            return  # an empty element there; outside the slash means nothing
        if name in ENDS:
            self._end_others(name)
        if not self._fits_in_table(name):
            return
        if name not in VOID:
            group = GROUPS.get(name, Group.NONE)
            if self._too_much(name, group):
                return
            self.open.append(name)
            self.count[name] += 1
            self.count[group] += 1
        if name in CELLS and spans_many(attributes):
            attributes = ""
        self.out.append(f"<{name}{_bounded(attributes)}>")

    def _fits_in_table(self, name: str) -> bool:
        """Whether the element may stand here as far as tables go; gives it the cell or row that it needs."""
        if name in TABLE_PARTS and not (self.count["table"] or self.count["template"]):
            return False
        if not self.open or self.open[-1] not in TABLE_INSIDES:
            return True
        if name in CELLS:
            return self._open_row()
        return name in OF_TABLES or (name not in LOST_IN_TABLES and self._open_cell())

    def _open_row(self) -> bool:
        if self.open[-1] == "colgroup":
            self._close_to(len(self.open) - 1)
        if self.open[-1] != "tr":
            self._start("tr", "")
        return self.open[-1] not in TABLE_INSIDES or self.open[-1] == "tr"

    def _open_cell(self) -> bool:
        if self._open_row():
            self._start("td", "")
        return self.open[-1] not in TABLE_INSIDES

    def _too_much(self, name: str, group: Group) -> bool:
        if len(self.open) >= MAX_DEPTH:
            return True
        if group is Group.NONE:
            return False
        if group in _MOST:
            return self.count[group] >= _MOST[group]
        if name == "table":
            self.grid.enter()
        elif name == "tr":
            return not self.grid.takes_row()
        elif name in CELLS:
            return not self.grid.takes_cell()
        return False

    def _end_others(self, name: str) -> None:
        """End the open elements that the start of this one ends."""
        ended, walls = ENDS[name]
        count = self.count
        for each in ended:
            if count[each]:
                break
        else:
            return
        outermost = None
        for index in range(len(self.open) - 1, -1, -1):
            each = self.open[index]
            if each in ended:
                outermost = index
            if each in walls:
                break
        if outermost is not None:
            self._close_to(outermost)

    def _end(self, name: str) -> None:
        if self.open and self.open[-1] == name:
            self._close_to(len(self.open) - 1)
            return
        names = HEADINGS if name in HEADINGS else frozenset([name])
        if not any(self.count[each] for each in names):
            return
        walls = walls_of_end_tag(name)
        for index in range(len(self.open) - 1, -1, -1):
            each = self.open[index]
            if each in names:
                again = (
                    [inner for inner in self.open[index + 1 :] if inner in BLOCKS]
                    if name in FORMATTING
                    else []
                )
                self._close_to(index)
                for inner in again:  # <b><p>one</b>two</p> is two paragraphs to no one
                    self._start(inner, "")
                return
            if each in walls:
                return

    def _close_to(self, length: int) -> None:
        while len(self.open) > length:
            name = self.open.pop()
            self.count[name] -= 1
            self.count[GROUPS.get(name, Group.NONE)] -= 1
            if name == "table":
                self.grid.leave()
            self.out.append(f"</{name}>")

    def _in_foreign(self) -> bool:
        return bool(self.count["x-svg"] or self.count["x-math"])

    def _write_once(self, slash: str, name: str, attributes: str) -> None:
        if slash:
            if name == "head":
                self.out.append("</head>")
        elif name not in self.seen:
            self.seen.add(name)
            self.out.append(f"<{name}{_bounded(attributes)}>")

    def _text_element(self, name: str) -> None:
        start = self.at
        end = self._skip_to_end(name)
        self.out.append(f"<{name}>{self.html[start:end].replace('<', '&lt;')}</{name}>")

    def _skip_to_end(self, name: str) -> int:
        """Go on behind the end tag; where that begins. Without one, the rest of the page is content."""
        found = _TEXT_ENDS[name].search(self.html, self.at)
        if found is None:
            self.at = len(self.html)
            return self.at
        end = self.html.find(">", found.end() - 1)
        self.at = end + 1 if end >= 0 else len(self.html)
        return found.start()

    def _skip_comment(self) -> None:
        for short in (">", "->"):
            if self.html.startswith(short, self.at):
                self.at += len(short)
                return
        found = _COMMENT_END.search(self.html, self.at)
        self.at = found.end() if found is not None else len(self.html)


def _bounded(attributes: str) -> str:
    """The attributes as they stand, or the first ``MAX_ATTRIBUTES`` of them."""
    if len(attributes) <= 2 * MAX_ATTRIBUTES:
        return attributes
    some = [each[0] for each in islice(_ATTRIBUTES.finditer(attributes), MAX_ATTRIBUTES + 1)]
    if len(some) <= MAX_ATTRIBUTES:
        return attributes
    return " " + " ".join(some[:MAX_ATTRIBUTES])
