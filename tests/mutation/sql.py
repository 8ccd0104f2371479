"""Mistakes in SQL: a condition less, a change less, another comparison, another order.

A condition or a change is not cut out, which would leave a parameter without its place, but made to have no effect.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

_TOKEN = re.compile(
    r"(?P<comment>/\*.*?\*/)|(?P<text>'[^']*')|(?P<place>\{\{?[^{}]*\}\}?)|(?P<word>[A-Za-z_][\w.]*)"
    r"|(?P<parameter>\?\d*)|(?P<number>\d+)|(?P<sign>->>|<>|<=|>=|\|\||[-<>=+*/&(),$\[\]#])",
    re.DOTALL,
)
_CONDITIONS = frozenset({"AND", "OR", "WHERE", "ON", "WHEN"})
_ENDS = _CONDITIONS | {
    *(
        "SELECT",
        "SET",
        "FROM",
        "JOIN",
        "LEFT",
        "CROSS",
        "GROUP",
        "HAVING",
        "ORDER",
        "LIMIT",
        "UNION",
        "RETURNING",
    ),
    *("THEN", "ELSE", "END"),
}
_SPEAKS = re.compile(
    r"\b(SELECT|INSERT|UPDATE|DELETE|WHERE|FROM|AND|ORDER BY|LIMIT)\b|\w \S?= (\?|NULL|\w+\.)|= \?"
)
_COMPARISONS = {
    "<": ("<=", ">"),
    "<=": ("<", ">="),
    ">": (">=", "<"),
    ">=": (">", "<="),
    "=": ("<>",),
    "<>": ("=",),
}
_WORDS = {
    "AND": ("OR",),
    "OR": ("AND",),
    "ASC": ("DESC",),
    "DESC": ("ASC",),
    "min": ("max",),
    "max": ("min",),
    "DISTINCT": ("",),
    "EXISTS": ("NOT EXISTS",),
    "IGNORE": ("REPLACE", "ABORT"),
    "REPLACE": ("IGNORE", "ABORT"),
}
_TEXTS = {
    "'ready'": "'idle'",
    "'leased'": "'ready'",
    "'idle'": "'ready'",
    "'step'": "'run'",
    "'run'": "'step'",
    "'job'": "'step'",
}


class Change(msgspec.Struct, frozen=True):
    """That piece of a statement is replaced."""

    operator: str
    start: int
    end: int
    new: str


class _Token(msgspec.Struct, frozen=True):
    kind: str
    text: str
    start: int
    end: int
    depth: int


def is_sql(text: str) -> bool:
    """Whether the text is SQL, or a piece of it."""
    return _SPEAKS.search(text) is not None


def changes(text: str) -> Iterator[Change]:
    """Every mistake that is tried in this SQL."""
    tokens = _tokens(text)
    settings = list(_settings(text, tokens))
    for index, token in enumerate(tokens):
        if token.text == "=" and any(each.start == tokens[index + 1].start for each in settings):
            continue
        yield from _signs(tokens, index)
        yield from _words(tokens, index)
    yield from _conditions(text, tokens)
    yield from settings
    yield from _orders(text, tokens)
    yield from _defaults(text, tokens)
    yield from _arms(text, tokens)


def _tokens(text: str) -> list[_Token]:
    tokens, depth = [], 0
    for found in _TOKEN.finditer(text):
        if found.lastgroup == "comment":
            continue
        if found.group() == ")":
            depth -= 1
        tokens.append(_Token(found.lastgroup or "", found.group(), found.start(), found.end(), depth))
        if found.group() == "(":
            depth += 1
    return tokens


def _signs(tokens: Sequence[_Token], index: int) -> Iterator[Change]:
    token = tokens[index]
    before = tokens[index - 1].text if index else ""
    if token.kind == "sign":
        for new in _COMPARISONS.get(token.text, ()):
            yield Change("sql comparison", token.start, token.end, new)
        if token.text in "+-" and before not in {"(", ",", "="}:
            yield Change("sql arithmetic", token.start, token.end, "-" if token.text == "+" else "+")
    elif token.kind == "number" and before != "->>":
        for new in {str(int(token.text) + 1), str(max(int(token.text) - 1, 0))} - {token.text}:
            yield Change("sql number", token.start, token.end, new)


def _words(tokens: Sequence[_Token], index: int) -> Iterator[Change]:
    token = tokens[index]
    before = tokens[index - 1].text if index else ""
    after = tokens[index + 1].text if index + 1 < len(tokens) else ""
    if token.text == "NOT" and after in {"NULL", "IN", "EXISTS"}:
        yield Change("sql negation", token.start, token.end, "")
    elif token.text == "NULL" and before == "IS":
        yield Change("sql negation", token.start, token.end, "NOT NULL")
    elif token.text == "IN" and before != "NOT":
        yield Change("sql negation", token.start, token.end, "NOT IN")
    elif token.text in _TEXTS:
        yield Change("sql text", token.start, token.end, _TEXTS[token.text])
    elif before != "NOT" and not (token.text == "AND" and _is_between(tokens, index)):
        for new in _WORDS.get(token.text, ()):
            yield Change("sql word", token.start, token.end, new)


def _is_between(tokens: Sequence[_Token], index: int) -> bool:
    for token in reversed(tokens[:index]):
        if token.depth == tokens[index].depth and token.text in _ENDS | {"BETWEEN"}:
            return token.text == "BETWEEN"
    return False


def _conditions(text: str, tokens: Sequence[_Token]) -> Iterator[Change]:
    """Each condition that is one of several, or the only one."""
    seen = set()
    for index, token in enumerate(tokens):
        begins = token.text in _CONDITIONS and not (token.text == "AND" and _is_between(tokens, index))
        if not begins and not (index == 0 and _is_condition(text, tokens)):
            continue
        first = index + 1 if begins else index
        last = _last(tokens, first, token.depth)
        if last < first or (first, last) in seen or "," in _outer(tokens[first : last + 1]):
            continue
        seen.add((first, last))
        start, end = tokens[first].start, tokens[last].end
        if tokens[first].text != "CONFLICT":
            yield Change("sql condition holds", start, end, f"(1 OR ({text[start:end]}))")
            if token.text in {"OR", "WHEN"}:
                yield Change("sql condition fails", start, end, f"(0 AND ({text[start:end]}))")


def _is_condition(text: str, tokens: Sequence[_Token]) -> bool:
    """Whether a piece of SQL without a verb is a condition, not what an UPDATE sets."""
    if text.lstrip()[:6].isupper() or len(tokens) < 2:
        return False
    return "," not in _outer(tokens) and tokens[1].text not in {"(", ","}


def _last(tokens: Sequence[_Token], first: int, depth: int) -> int:
    """The last token of the operand that begins there."""
    between = False
    for index in range(first, len(tokens)):
        token = tokens[index]
        if token.text == "BETWEEN" and token.depth == depth:
            between = True
        elif token.text == "AND" and token.depth == depth and between:
            between = False
        elif token.depth < depth or (token.depth == depth and token.text in _ENDS | {","}):
            return index - 1
    return len(tokens) - 1


def _outer(tokens: Sequence[_Token]) -> list[str]:
    return [token.text for token in tokens if token.depth == tokens[0].depth]


def _settings(text: str, tokens: Sequence[_Token]) -> Iterator[Change]:
    """Each column that an UPDATE sets keeps its value."""
    owner = "" if "UPDATE" in text and "UPDATE job" not in text else "job."
    for index, token in enumerate(tokens[:-2]):
        begins = index == 0 or (
            tokens[index - 1].text in {"SET", ","} and token.depth == tokens[index - 1].depth
        )
        if not begins or token.kind != "word" or tokens[index + 1].text != "=":
            continue
        if index == 0 and _is_condition(text, tokens) and tokens[2].text != "NULL":
            continue
        start, end = tokens[index + 2].start, tokens[_last(tokens, index + 2, token.depth)].end
        new = f"CASE WHEN 1 THEN {owner}{token.text} ELSE {text[start:end]} END"
        yield Change("sql change", start, end, new)


def _orders(text: str, tokens: Sequence[_Token]) -> Iterator[Change]:
    for index, token in enumerate(tokens[:-2]):
        first = index + 2
        while token.text == "ORDER":
            last = _last(tokens, first, token.depth)
            start, end = tokens[first].start, tokens[last].end
            yield Change("sql order", start, end, f"({text[start:end]} IS NULL)")
            if tokens[last].text not in {"ASC", "DESC"}:
                yield Change("sql order", end, end, " DESC")
            if (
                last + 1 >= len(tokens)
                or tokens[last + 1].text != ","
                or tokens[last + 1].depth != token.depth
            ):
                break
            first = last + 2


def _defaults(text: str, tokens: Sequence[_Token]) -> Iterator[Change]:
    """Of ``coalesce`` only one argument counts."""
    for index, token in enumerate(tokens[:-1]):
        if token.text not in {"coalesce", "ifnull"}:
            continue
        depth = tokens[index + 1].depth + 1
        inner = range(index + 2, len(tokens))
        end = next(each for each in inner if tokens[each].depth < depth)
        comma = next(each for each in inner if tokens[each].text == "," and tokens[each].depth == depth)
        first = text[tokens[index + 2].start : tokens[comma - 1].end]
        second = text[tokens[comma + 1].start : tokens[end - 1].end]
        for kept, other in ((first, second), (second, first)):
            new = f"CASE WHEN 1 THEN {kept} ELSE {other} END"
            yield Change("sql coalesce", token.start, tokens[end].end, new)


def _arms(text: str, tokens: Sequence[_Token]) -> Iterator[Change]:
    """An arm of a UNION finds nothing."""
    for index, token in enumerate(tokens):
        if token.text == "WHERE" and "UNION" in text:
            last = _last(tokens, index + 1, token.depth)
            start, end = tokens[index + 1].start, tokens[last].end
            yield Change("sql arm", start, end, f"(0 AND ({text[start:end]}))")
