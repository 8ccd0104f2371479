"""All mutants of a file: from its syntax tree, and from the SQL in its strings."""

import ast
import io
import tokenize
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

import msgspec

from tests.mutation import sql
from tests.mutation.mutant import ROOT, Edit, Mutant
from tests.mutation.python import mistakes


def mutants_of(path: str) -> list[Mutant]:
    """Every mutant of the file, each of which compiles; in the order of their lines."""
    source = _Source(path)
    made = [*_of_python(source), *(_of_sql(source) if path.startswith("runtime/store/") else ())]
    counts: dict[tuple[str, ...], int] = {}
    different: set[str] = set()
    mutants = []
    for mutant in sorted(made, key=lambda each: each.line):
        if mutant.source not in different and _compiles(mutant.source):
            different.add(mutant.source)
            nth = counts[mutant.words] = counts.get(mutant.words, -1) + 1
            mutants.append(msgspec.structs.replace(mutant, nth=nth))
    return mutants


class _Source:
    """A file's text, and where in its bytes things are."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.bytes = (ROOT / path).read_bytes()
        self.tree = ast.parse(self.bytes)
        lines = self.bytes.splitlines(keepends=True)
        self.lines = [line.decode() for line in lines]
        self._starts = [0, *accumulate(map(len, lines))]
        self._functions = sorted(_functions(self.tree, ""))

    def __repr__(self) -> str:
        return f"<_Source({self.path!r})>"

    def place(self, line: int, column: int) -> int:
        """The byte at that line, counted from 1, and column, in bytes."""
        return self._starts[line - 1] + column

    def span(self, node: ast.AST, last: ast.AST | None = None) -> tuple[int, int]:
        """The bytes of the node, or from its begin to the end of another."""
        first, end = (node, last or node)
        assert isinstance(first, ast.expr | ast.stmt)
        assert isinstance(end, ast.expr | ast.stmt)
        assert end.end_lineno is not None
        assert end.end_col_offset is not None
        return self.place(first.lineno, first.col_offset), self.place(end.end_lineno, end.end_col_offset)

    def text(self, start: int, end: int) -> str:
        """What is there."""
        return self.bytes[start:end].decode()

    def mutant(self, operator: str, old: str, new: str, edits: Sequence[Edit]) -> Mutant:
        """This file with those edits."""
        changed = self.bytes
        for edit in sorted(edits, key=lambda each: -each.start):
            changed = changed[: edit.start] + edit.new.encode() + changed[edit.end :]
        line = bisect_right(self._starts, edits[0].start)
        where = next((name for first, last, name in self._functions if first <= line <= last), "")
        return Mutant(self.path, where, operator, line, old, new, changed.decode())


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[int, int, str]]:
    """First line, last line and name of each outermost function and each method."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from _functions(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child.lineno, child.end_lineno or child.lineno, prefix + child.name


def _of_python(source: _Source) -> Iterator[Mutant]:
    for found in mistakes(source.tree):
        start, end = source.span(found.node, found.last)
        new = found.new if found.last is None else _swapped(source, found.node, found.last)
        yield source.mutant(found.operator, source.text(start, end), new, (Edit(start, end, new),))


def _swapped(source: _Source, first: ast.AST, second: ast.AST) -> str:
    one, other = source.span(first), source.span(second)
    return source.text(*other) + source.text(one[1], other[0]) + source.text(*one)


class _Literal(msgspec.Struct):
    """A string of several pieces, as one text."""

    text: str
    places: list[
        tuple[int, int, int]
    ]  # of each piece: where it is in the text, and in the bytes of the source


def _of_sql(source: _Source) -> Iterator[Mutant]:
    for literal in _literals(source):
        if sql.is_sql(literal.text):
            for change in sql.changes(literal.text):
                old = literal.text[change.start : change.end]
                yield source.mutant(change.operator, old, change.new, tuple(_edits(literal, change)))


def _edits(literal: _Literal, change: sql.Change) -> Iterator[Edit]:
    """What is new stands in the first piece that the change touches; of the others something goes."""
    new = change.new
    for at, end, place in literal.places:
        first, last = max(change.start, at), min(change.end, end)
        if first < last or (change.start == change.end and at <= first <= end):
            yield Edit(place + first - at, place + last - at, new)
            if change.start == change.end:
                return
            new = ""


def _literals(source: _Source) -> Iterator[_Literal]:
    """The strings of the module but its docstrings; those that stand side by side are one."""
    docstrings = {
        node.value.lineno
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    together: list[tokenize.TokenInfo] = []
    for token in tokenize.tokenize(io.BytesIO(source.bytes).readline):
        if token.type == tokenize.STRING and token.start[0] not in docstrings:
            together.append(token)
        elif token.type not in {tokenize.NL, tokenize.COMMENT}:
            if together:
                yield _joined(source, together)
            together = []


def _joined(source: _Source, tokens: Iterable[tokenize.TokenInfo]) -> _Literal:
    literal = _Literal("", [])
    for token in tokens:
        body = token.string.lstrip("rRbBfFuU")
        quotes = 3 if body.startswith(('"""', "'''")) else 1
        text = body[quotes:-quotes]
        if text.isascii():
            line = source.lines[token.start[0] - 1]
            skipped = len(token.string) - len(body) + quotes
            place = source.place(token.start[0], len(line[: token.start[1]].encode())) + skipped
            literal.places.append((len(literal.text), len(literal.text) + len(text), place))
            literal.text += text
    return literal


def _compiles(text: str) -> bool:
    try:
        compile(text, "<mutant>", "exec")
    except (SyntaxError, ValueError):
        return False
    return True
