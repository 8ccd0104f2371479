"""Which tests can notice a mutant: those that run what is changed, the quickest first."""

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import msgspec

from tests.mutation.mutant import ROOT, Mutant
from tests.mutation.trace import OURS, Reach, functions_of

Function = tuple[str, str]
"""The file, from the root; the function or ``Class.method``."""
NAMED = {
    "begin": ("begin", "naming"),
    "children": ("naming",),
    "name": ("naming",),
    "recover": ("lost", "recovery"),
    "reopen": ("retry",),
    "take": ("lease", "levels"),
    "tolerate": ("tolerance",),
}
"""Files whose tests have another name than they."""


def load(paths: Iterable[Path]) -> dict[str, Reach]:
    """What was measured, by test."""
    found: dict[str, Reach] = {}
    for path in paths:
        found |= msgspec.json.decode(path.read_bytes(), type=dict[str, Reach])
    return found


def tests_of(mutant: Mutant, reach: dict[str, Reach]) -> list[str]:
    """The tests that run what the mutant changes: first those named like its file, then some of each other file.

    If it changes a condition, those come before all that go the way which fewer tests go.
    The quickest of a file come first: tests of one file are alike, and the third finds little besides.
    """
    places = changed_places(mutant)
    stem = Path(mutant.path).stem
    stems = NAMED.get(stem, (stem,))
    calling = [test for test, entry in reach.items() if _runs(entry, places)]
    calling.sort(key=lambda test: reach[test].seconds)
    inside = {test for test in calling if _runs(reach[test], _inside(mutant))}
    few = inside if 2 * len(inside) <= len(calling) else set(calling) - inside
    tried: Counter[str] = Counter()
    ranks = []
    for test in calling:
        file = test.split("::")[0]
        tried[file] += 1
        ranks.append(
            (test not in few, not any(each in file for each in stems), tried[file], reach[test].seconds, test)
        )
    return [test for *_, test in sorted(ranks)]


def _runs(entry: Reach, places: dict[Function, set[int]]) -> bool:
    for (path, name), lines in places.items():
        ran = entry.functions.get(path, {}).get(name)
        if ran is not None and (not ran or not lines.isdisjoint(ran)):
            return True
    return False


def changed_places(mutant: Mutant) -> dict[Function, set[int]]:
    """By function the lines, from its first, of which a test must run one; of what is made at import, who uses it."""
    if not mutant.where:
        constants = _index()[mutant.path].constants
        return _users(mutant.path, {name for first, last, name in constants if first <= mutant.line <= last})
    function = functions_of(_tree(mutant.path))[mutant.where]
    if mutant.line < function.body[0].lineno:  # a default, which every call may take
        return {(mutant.path, mutant.where): set(range(function.end_lineno or 0))}
    ranges = [
        _lines_of(node) for node in ast.walk(function) if isinstance(node, ast.stmt) and node is not function
    ]
    around = [lines for lines in ranges if mutant.line in lines]
    lines = max(around, key=lambda each: each.start, default=range(mutant.line, mutant.line + 1))
    return {(mutant.path, mutant.where): {line - function.lineno for line in lines}}


def _inside(mutant: Mutant) -> dict[Function, set[int]]:
    """Where a condition that the mutant changes leads to if it holds."""
    function = functions_of(_tree(mutant.path)).get(mutant.where)
    if function is None:
        return {}
    ifs = [node for node in ast.walk(function) if isinstance(node, ast.If) and mutant.line in _lines_of(node)]
    return {(mutant.path, mutant.where): {node.body[0].lineno - function.lineno for node in ifs}}


def _lines_of(node: ast.stmt) -> range:
    """Of a statement, up to the first one inside it."""
    last = node.end_lineno or node.lineno
    body = getattr(node, "body", None)
    if isinstance(body, list):
        last = max(node.lineno, body[0].lineno - 1)
    elif isinstance(node, ast.Match):
        last = max(node.lineno, node.cases[0].pattern.lineno - 1)
    return range(node.lineno, last + 1)


class _Module(msgspec.Struct):
    """Who uses which names of a module."""

    constants: list[tuple[int, int, str]] = []  # first line, last line, name; classes too
    uses: dict[str, dict[str, set[int]]] = {}  # by function or constant, the names in it, and where
    imports: set[str] = set()


def _users(path: str, names: Iterable[str]) -> dict[Function, set[int]]:
    """The functions that use these names, directly or by other constants, in this module and those that import them."""
    todo, done = [(path, name) for name in names], set[Function]()
    found: dict[Function, set[int]] = defaultdict(set)
    while todo:
        if (current := todo.pop()) in done:
            continue
        done.add(current)
        for other, entry in _index().items():
            if other != current[0] and current[1] not in entry.imports:
                continue
            constants = {name for _, _, name in entry.constants}
            for user, used in entry.uses.items():
                if current[1] in used and user in constants:
                    todo.append((other, user))
                elif current[1] in used:
                    found[other, user] |= used[current[1]]
    return found


@cache
def _tree(path: str) -> ast.Module:
    return ast.parse((ROOT / path).read_bytes())


@cache
def _index() -> dict[str, _Module]:
    paths = [str(path.relative_to(ROOT)) for top in OURS for path in (ROOT / top).rglob("*.py")]
    return {path: _module(_tree(path)) for path in paths}


def _module(tree: ast.Module) -> _Module:
    module = _Module()
    for name, function in functions_of(tree).items():
        module.uses[name] = _names(function)
    for node in tree.body:
        match node:
            case ast.ImportFrom():
                module.imports |= {alias.name for alias in node.names}
            case ast.Assign(targets, value) | ast.AnnAssign(value=ast.expr() as value, target=targets):
                parts = targets if isinstance(targets, list) else [targets]
                for name in (
                    each.id for part in parts for each in ast.walk(part) if isinstance(each, ast.Name)
                ):
                    module.constants.append((node.lineno, node.end_lineno or 0, name))
                    module.uses[name] = _names(value)
            case ast.ClassDef(owner):
                module.constants.append((node.lineno, node.end_lineno or 0, owner))
    return module


def _names(node: ast.stmt | ast.expr) -> dict[str, set[int]]:
    """The names in it, each with the lines where it is, counted from the first."""
    names: dict[str, set[int]] = defaultdict(set)
    for each in ast.walk(node):
        match each:
            case ast.Name(name) | ast.Attribute(attr=name):
                names[name].add(each.lineno - node.lineno)
    return names
