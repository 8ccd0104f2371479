"""What each test runs of our code: measured once, by a trace of lines."""

import ast
import sys
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Self

import msgspec

from tests.mutation.mutant import ROOT

OURS = ("actors", "runtime")
LINED = ("runtime/store/", "actors/orchestrator/", "actors/worker/backoff.py")
"""Of these files the lines are noted too; of the others only which functions were called."""


class Reach(msgspec.Struct):
    """What one test runs."""

    seconds: float
    functions: dict[str, dict[str, list[int]]]
    """By file and function the lines, counted from the function's first; none where only the call was noted."""


class Trace:
    """Which lines of ours are run, by any thread that began since. A context manager."""

    def __init__(self) -> None:
        self._lines: dict[CodeType, set[int]] = {}
        self._tracers: dict[CodeType, Callable[..., Any] | None] = {}
        self._began = 0.0
        self.seconds = 0.0

    def __repr__(self) -> str:
        return f"<Trace({len(self._lines)})>"

    def __enter__(self) -> Self:
        self._began = time.process_time()
        threading.settrace(self._called)
        sys.settrace(self._called)
        return self

    def __exit__(self, *error: object) -> None:
        sys.settrace(None)
        threading.settrace(None)
        self.seconds = time.process_time() - self._began

    def _called(self, frame: FrameType, event: str, argument: Any) -> Callable[..., Any] | None:
        code = frame.f_code
        if code not in self._tracers:
            self._tracers[code] = self._tracer(code)
        return self._tracers[code]

    def _tracer(self, code: CodeType) -> Callable[..., Any] | None:
        file = _file_of(code.co_filename)
        if file is None:
            return None
        lines = self._lines[code] = set()
        if not file.startswith(LINED):
            return None

        def ran(frame: FrameType, event: str, _: Any) -> Any:
            if event == "line":
                lines.add(frame.f_lineno)
            return ran

        return ran

    @property
    def functions(self) -> dict[str, dict[str, list[int]]]:
        """As ``Reach`` has them."""
        found: dict[str, dict[str, set[int]]] = {}
        for code, lines in self._lines.copy().items():  # a thread of the test may still run
            file, name = _file_of(code.co_filename) or "", code.co_qualname.split(".<locals>")[0]
            first = first_lines(file).get(name, 1)
            found.setdefault(file, {}).setdefault(name, set()).update(line - first for line in lines.copy())
        return {
            file: {name: sorted(lines) for name, lines in functions.items()}
            for file, functions in sorted(found.items())
        }


@cache
def _file_of(name: str) -> str | None:
    """From the root, if it is ours."""
    path = Path(name)
    if any(path.is_relative_to(ROOT / top) for top in OURS):
        return str(path.relative_to(ROOT))
    return None


@cache
def first_lines(file: str) -> dict[str, int]:
    """Where the functions and methods of the file begin."""
    return {name: node.lineno for name, node in functions_of(ast.parse((ROOT / file).read_bytes())).items()}


def functions_of(tree: ast.Module) -> dict[str, ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions and methods of a module by name, ``Class.method``."""
    found: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = {}
    todo: list[tuple[str, ast.stmt]] = [("", node) for node in tree.body]
    while todo:
        prefix, node = todo.pop()
        if isinstance(node, ast.ClassDef):
            todo += [(f"{prefix}{node.name}.", each) for each in node.body]
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            found[prefix + node.name] = node
    return found
