"""The first fault of an HTML page: what is not closed, or closes nothing. Pure, linear in the page's length.

The end tags that the HTML standard lets one leave out may be left out. That elements may stand where they stand is not
judged.
"""

import re

import msgspec

_TAG = re.compile(
    r"<(?P<slash>/?+)(?P<name>[A-Za-z][^\s/>]*+)(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+(?P<end>>?+)", re.ASCII
)
_RAW = {
    name: re.compile(rf"</{name}[\s/>]", re.IGNORECASE | re.ASCII)
    for name in ("script", "style", "textarea", "title")
}
_VOID = frozenset(
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"]
)
_MAY_STAY_OPEN = frozenset(
    [
        *["html", "head", "body", "p", "li", "dt", "dd", "option", "optgroup", "rp", "rt"],
        *["colgroup", "caption", "thead", "tbody", "tfoot", "tr", "td", "th"],
    ]
)


class HtmlFault(msgspec.Struct, frozen=True):
    """What is wrong, and where, counted from 1."""

    line: int
    column: int
    sentence: str


def first_fault(html: str) -> HtmlFault | None:
    """The first fault of the page; None if there is none."""
    found = _Reader(html).fault()
    if found is None:
        return None
    at, sentence = found
    line_start = html.rfind("\n", 0, at) + 1
    return HtmlFault(html.count("\n", 0, at) + 1, at - line_start + 1, sentence)


class _Reader:
    def __init__(self, html: str) -> None:
        self.html = html
        self.open: list[tuple[str, int]] = []
        self.count: dict[str, int] = {}
        self.any = False

    def fault(self) -> tuple[int, str] | None:
        at = 0
        while (at := self.html.find("<", at)) >= 0:
            step = self._mark(at)
            if isinstance(step, tuple):
                return step
            at = step
        if not self.any:
            return 0, "there is no HTML element in it"
        for name, begun in self.open:
            if name not in _MAY_STAY_OPEN:
                return begun, f"<{name}> is not closed"
        return None

    def _mark(self, at: int) -> int | tuple[int, str]:
        """Where to go on behind what begins at this ``<``, or a fault."""
        if self.html.startswith("<!--", at):
            end = self.html.find("-->", at + 2)
            return (at, "the comment is not closed") if end < 0 else end + 3
        match = _TAG.match(self.html, at)
        if match is None:
            return at + 1  # a sign, a doctype
        if not match["end"]:
            return at, f"the tag of {match['name'][:40]!r} is not closed by >"
        name = match["name"].lower()
        if match["slash"]:
            return self._close(name, at) or match.end()
        self.any = True
        if name in _RAW:
            ended = _RAW[name].search(self.html, match.end())
            if ended is None:
                return at, f"<{name}> is not closed"
            return ended.start() + len(name) + 2
        if name not in _VOID and not match[0].endswith("/>"):
            self.open.append((name, at))
            self.count[name] = self.count.get(name, 0) + 1
        return match.end()

    def _close(self, name: str, at: int) -> tuple[int, str] | None:
        if not self.count.get(name):
            return None if name in {"p", "br"} | _RAW.keys() else (at, f"</{name}> closes nothing")
        while True:
            last, begun = self.open.pop()
            self.count[last] -= 1
            if last == name:
                return None
            if last not in _MAY_STAY_OPEN:
                return begun, f"<{last}> is not closed before </{name}>"
