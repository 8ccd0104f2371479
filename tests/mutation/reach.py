"""Which tests can notice a mutant: those that call what is changed, the quickest first."""

import ast
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Self

import msgspec

from tests.mutation.mutant import ROOT, Mutant

OURS = ("actors", "runtime")
Function = tuple[str, str]
"""The file, from the root; the function or ``Class.method``."""
NAMED = {
    "begin": "naming",
    "children": "naming",
    "name": "naming",
    "recover": "lost",
    "reopen": "retry",
    "take": "lease",
    "tolerate": "tolerance",
}
"""Files whose tests have another name than they."""


class Reach(msgspec.Struct):
    """What one test calls."""

    seconds: float
    functions: list[Function]


class Calls:
    """Which functions of ours were called, by any thread that began since. A context manager."""

    def __init__(self) -> None:
        self._codes: set[CodeType] = set()
        self._began = 0.0
        self.seconds = 0.0

    def __repr__(self) -> str:
        return f"<Calls({len(self._codes)})>"

    def __enter__(self) -> Self:
        self._began = time.process_time()
        codes = self._codes

        def called(frame: FrameType, event: str, _: Any) -> None:
            if event == "call":
                codes.add(frame.f_code)

        threading.setprofile(called)
        sys.setprofile(called)
        return self

    def __exit__(self, *error: object) -> None:
        sys.setprofile(None)
        threading.setprofile(None)
        self.seconds = time.process_time() - self._began

    @property
    def functions(self) -> list[Function]:
        """Those of ours, by name."""
        found = set()
        for code in self._codes.copy():  # a thread of the test may still run
            path = Path(code.co_filename)
            if any(path.is_relative_to(ROOT / top) for top in OURS):
                found.add((str(path.relative_to(ROOT)), code.co_qualname.split(".<locals>")[0]))
        return sorted(found)


def load(paths: Iterable[Path]) -> dict[str, Reach]:
    """What was measured, by test."""
    found: dict[str, Reach] = {}
    for path in paths:
        found |= msgspec.json.decode(path.read_bytes(), type=dict[str, Reach])
    return found


def tests_of(mutant: Mutant, reach: dict[str, Reach]) -> list[str]:
    """The tests that call what the mutant changes: first those named like its file, each time the quickest first."""
    changed = set(changed_functions(mutant))
    stem = Path(mutant.path).stem
    stem = NAMED.get(stem, stem)
    tests = [
        (stem not in test.split("::")[0], entry.seconds, test)
        for test, entry in reach.items()
        if not changed.isdisjoint(entry.functions)
    ]
    return [test for _, _, test in sorted(tests)]


def changed_functions(mutant: Mutant) -> Iterator[Function]:
    """The function the mutant is in; of what is made at import, all that use it."""
    if mutant.where:
        yield mutant.path, mutant.where
        return
    constants = _index()[mutant.path].constants
    yield from _users(mutant.path, {name for first, last, name in constants if first <= mutant.line <= last})


class _Module(msgspec.Struct):
    """Who uses which names of a module."""

    constants: list[tuple[int, int, str]] = []  # first line, last line, name; classes too
    uses: dict[str, set[str]] = {}  # by function or constant, the names in it
    imports: set[str] = set()


def _users(path: str, names: Iterable[str]) -> Iterator[Function]:
    """The functions that use these names, directly or by other constants, in this module and those that import them."""
    todo, done = [(path, name) for name in names], set[Function]()
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
                    yield other, user


@cache
def _index() -> dict[str, _Module]:
    paths = [path for top in OURS for path in (ROOT / top).rglob("*.py")]
    return {str(path.relative_to(ROOT)): _module(ast.parse(path.read_bytes())) for path in paths}


def _module(tree: ast.Module) -> _Module:
    module = _Module()
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
            case ast.FunctionDef(name) | ast.AsyncFunctionDef(name):
                module.uses[name] = _names(node)
            case ast.ClassDef(owner):
                module.constants.append((node.lineno, node.end_lineno or 0, owner))
                for each in node.body:
                    if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef):
                        module.uses[f"{owner}.{each.name}"] = _names(each)
    return module


def _names(node: ast.AST) -> set[str]:
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return names | {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
