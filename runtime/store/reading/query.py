"""What people write to search for, as an expression that FTS5 takes. Pure; no input makes SQLite complain.

::

    whales sing            both words, in title or body
    "whales sing"          these words, one after the other
    whal*                  words that begin so; "deep wha"* a phrase whose last word does
    whales OR birds        AND, OR and NOT in capitals; NOT binds closest, then AND, then OR
    whales NOT (birds OR fish)
    title:whales           title, body, url or tag; also title:"…" and title:(… OR …)

Every word is looked for as the index has it: letters and digits, without case and accents; ``state-of-the-art`` is a
phrase of four. Signs that belong to no word are left out. Chinese and Japanese are written without spaces, so such a
word is looked for at the beginning of a run of signs.
"""

import re
import unicodedata
from typing import NoReturn

import msgspec

FIELDS = {"title": "title", "body": "body", "url": "url", "tag": "tags", "tags": "tags"}
"""What is written before a colon, and the column that it means."""
MAX_LENGTH = 4096
MAX_TERMS = 256
MAX_DEPTH = 32

_TOKEN = re.compile(
    r'(?P<space>\s+)|(?P<open>\()|(?P<close>\))|(?P<quote>"(?P<text>(?:[^"]|"")*)(?P<end>"?)(?P<phrase_prefix>\*?))'
    r'|(?P<field>[A-Za-z_]+):(?=["(]|[^\s:/"()])|(?P<word>[^\s()"]+)'
)
_DEFAULT = ("title", "body")


class SearchQueryError(ValueError):
    """The text can not be searched for. The message names the place, counted in characters from 1."""


class _Token(msgspec.Struct, frozen=True):
    kind: str
    text: str
    at: int  # from 1
    prefix: bool = False


class _Node(msgspec.Struct, frozen=True):
    """A part of the expression: a phrase, or an operator over others."""

    operator: str  # "", AND, OR, NOT
    text: str = ""
    parts: "tuple[_Node, ...]" = ()


def fts_query(query: str) -> str:
    """The FTS5 expression for what somebody wrote.

    Raises:
        SearchQueryError: it can not be searched for.
    """
    if len(query) > MAX_LENGTH:
        raise SearchQueryError(f"the query has {len(query)} characters, {MAX_LENGTH} are the most")
    return _shown(_Parser(query).parsed())


class _Parser:
    def __init__(self, query: str) -> None:
        self._query = query
        self._tokens = _tokens(query)
        self._at = 0
        self._depth = 0
        self._terms = 0

    def parsed(self) -> _Node:
        node = self._either(_DEFAULT)
        if self._at < len(self._tokens):  # only a parenthesis ends an expression before its end
            _fail(self._tokens[self._at], "closes nothing: take it out, or quote it")
        if node is None:
            raise SearchQueryError(f"there is no word to search for in {self._query[:80]!r}")
        return node

    def _either(self, columns: tuple[str, ...]) -> _Node | None:
        parts = [self._both(columns)]
        while self._next_is("OR"):
            self._operator()
            parts.append(self._both(columns))
        return _joined("OR", parts)

    def _both(self, columns: tuple[str, ...]) -> _Node | None:
        wanted: list[_Node | None] = []
        unwanted: list[_Node | None] = []
        last_not = None
        while self._at < len(self._tokens) and not self._next_is("close", "OR"):
            if self._next_is("AND"):
                self._operator()
            elif self._next_is("NOT"):
                last_not = self._operator()
                unwanted.append(self._one(columns))
            else:
                wanted.append(self._one(columns))
        positive, negative = _joined("AND", wanted), _joined("OR", unwanted)
        if negative is None:
            return positive
        if positive is None and last_not is not None:
            _fail(last_not, "needs something before it that it takes away from")
        return _joined("NOT", [positive, negative])

    def _one(self, columns: tuple[str, ...]) -> _Node | None:
        token = self._tokens[self._at]
        self._at += 1
        if token.kind == "field":
            column = FIELDS.get(token.text.lower())
            if column is None:
                known = "title:, body:, url: and tag:"
                _fail(token, f"is no field; there are {known}. Text with a colon goes in quotation marks")
            return self._one((column,))
        if token.kind != "open":
            return self._phrase(token, columns)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            _fail(token, f"is one parenthesis too deep, {MAX_DEPTH} are the most")
        inner = self._either(columns)
        if not self._next_is("close"):
            _fail(token, "is not closed")
        self._at += 1
        self._depth -= 1
        return inner

    def _phrase(self, token: _Token, columns: tuple[str, ...]) -> _Node | None:
        words = _words(token.text)
        if not words:
            return None
        self._terms += 1
        if self._terms > MAX_TERMS:
            _fail(token, f"is one term too many, {MAX_TERMS} are the most")
        star = "*" if token.prefix or _is_unspaced(words[-1][-1]) else ""
        return _Node("", f'{{{" ".join(columns)}}} : "{" ".join(words)}"{star}')

    def _operator(self) -> _Token:
        """Take the operator that is next; it has to stand between two things."""
        token = self._tokens[self._at]
        before = self._tokens[self._at - 1].kind if self._at else ""
        self._at += 1
        if before not in _OPERANDS | {"close"} and (before, token.kind) != ("AND", "NOT"):
            _fail(token, "needs something before it; in small letters it is a word")
        if not (self._next_is(*_OPERANDS, "open", "field") or (token.kind == "AND" and self._next_is("NOT"))):
            _fail(token, "needs something behind it; in small letters it is a word")
        return token

    def _next_is(self, *kinds: str) -> bool:
        return self._at < len(self._tokens) and self._tokens[self._at].kind in kinds


_OPERANDS = frozenset({"word", "quote"})


def _tokens(query: str) -> list[_Token]:
    """The marks and words of a query; an operator behind a field is a word."""
    found: list[_Token] = []
    for match in _TOKEN.finditer(query):
        kind, text, at = str(match.lastgroup), match[0], match.start() + 1
        if kind == "space":
            continue
        if match["quote"] is not None:
            if not match["end"]:
                _fail(_Token("quote", text, at), "has no closing quotation mark")
            found.append(
                _Token("quote", match["text"].replace('""', '"'), at, prefix=bool(match["phrase_prefix"]))
            )
        elif match["field"] is not None:
            found.append(_Token("field", match["field"], at))
        elif match["word"] is not None and text in _OPERATORS and not (found and found[-1].kind == "field"):
            found.append(_Token(text, text, at))
        else:
            kind = "word" if match["word"] is not None else "open" if match["open"] else "close"
            found.append(_Token(kind, text, at, prefix=text.endswith("*")))
    return found


_OPERATORS = frozenset({"AND", "OR", "NOT"})


def _words(text: str) -> list[str]:
    """The words in the text as the index sees them: what is no letter, digit or accent stands between words."""
    return "".join(each if _belongs(each) else " " for each in text).split()


def _belongs(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LNM" or category == "Co"


def _is_unspaced(character: str) -> bool:
    """Whether it is of a script that is written without spaces between words."""
    return (
        "\u3040" <= character <= "\u30ff"
        or "\u3400" <= character <= "\u9fff"
        or "\U00020000" <= character <= "\U0003ffff"
    )


def _joined(operator: str, parts: "list[_Node | None]") -> _Node | None:
    there = tuple(each for each in parts if each is not None)
    return _Node(operator, parts=there) if len(there) > 1 else there[0] if there else None


def _shown(node: _Node) -> str:
    if not node.operator:
        return node.text
    return "(" + f" {node.operator} ".join(_shown(each) for each in node.parts) + ")"


def _fail(token: _Token, sentence: str) -> NoReturn:
    raise SearchQueryError(f"{token.text[:40]!r} at character {token.at} {sentence}")
