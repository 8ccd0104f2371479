"""Mistakes in Python: another comparison, a statement less, a condition that always holds, a number off by one."""

import ast
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

_COMPARISONS: dict[type[ast.cmpop], tuple[str, ...]] = {
    ast.Lt: ("<=", ">="),
    ast.LtE: ("<", ">"),
    ast.Gt: (">=", "<="),
    ast.GtE: (">", "<"),
    ast.Eq: ("!=",),
    ast.NotEq: ("==",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
}
_SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "//",
    ast.Div: "*",
    ast.FloorDiv: "*",
    ast.BitAnd: "|",
    ast.BitOr: "&",
}
_CALLS = {"min": "max", "max": "min", "any": "all", "all": "any"}
_TRANSPARENT = frozenset({"sorted", "abs", "reversed", "list", "set", "tuple"})
_MEMBERS: dict[str, tuple[str, ...]] = {
    "JobState": ("SCHEDULED", "PENDING", "RUNNING", "COMPLETED", "FAILED", "CANCELLED"),
    "Closing": ("CANCEL", "FAILED", "TIMEOUT", "TOLERANCE"),
    "OnError": ("CONTINUE", "FAIL"),
    "FailureAction": ("CONTINUE", "STOP_ALL", "MARK_WARNING"),
    "JobKind": ("RUN", "STEP", "JOB"),
    "WaitRole": ("STEP", "PRE", "PRE_OPTIONAL", "POST"),
}
"""Each member becomes the one before it."""
_CAUSES = {
    "SNOOZED": "REPEATED",
    "REPEATED": "BACKED_OFF",
    "BACKED_OFF": "REPEATED",
    "GIVEN_BACK": "SNOOZED",
    "SPENT": "STOPPED",
    "STOPPED": "SPENT",
    "GAVE_UP": "SPENT",
    "NAMED": "DELAYED",
    "DELAYED": "NAMED",
    "SUCCEEDED": "SPENT",
    "CANCELLED": "DAMAGED",
    "SWEPT": "DAMAGED",
    "LOST_TOO_OFTEN": "STOPPED",
    "DAMAGED": "SWEPT",
    "LOST": "DUE",
    "ALL_COMPLETED": "SOME_FAILED",
    "SOME_FAILED": "ALL_COMPLETED",
    "NONE_COMPLETED": "ALL_CANCELLED",
    "ALL_CANCELLED": "NONE_COMPLETED",
    "CLOSED_BY_CANCEL": "CLOSED_BY_FAILURE",
    "CLOSED_BY_FAILURE": "CLOSED_BY_CANCEL",
    "NEVER_BEGUN": "CLOSED_BY_FAILURE",
    "SKIPPED": "ALL_CANCELLED",
    "TIMED_OUT": "INTOLERABLE",
    "INTOLERABLE": "TIMED_OUT",
}
_TEXTS = {
    "ready": "idle",
    "idle": "ready",
    "leased": "ready",
    "step": "run",
    "run": "step",
    "job": "step",
}
_BLOCKS = ("body", "orelse", "finalbody")
_SIMPLE = (ast.Expr, ast.Assign, ast.AugAssign)
_PURE = frozenset({"len", "int", "bool", "abs", "min", "max", "sum"})
_PLACES = (ast.Name, ast.Attribute, ast.Subscript)


class Found(NamedTuple):
    """A mistake: that piece of the source, from a node's begin to its or another's end, becomes that text."""

    operator: str
    node: ast.AST
    new: str
    last: ast.AST | None = None
    """The piece goes up to the end of this one, and the two change places."""


def mistakes(tree: ast.Module) -> Iterator[Found]:
    """Every mistake that is tried in this module."""
    for node in _walk(tree):
        yield from _comparisons(node)
        yield from _logic(node)
        yield from _numbers(node)
        yield from _words(node)
        yield from _branches(node)
        yield from _calls(node)
        if not isinstance(node, ast.Module | ast.ClassDef):
            for block in _BLOCKS:
                statements = getattr(node, block, None)
                if isinstance(statements, list):
                    yield from _statements(statements)


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """What is run: neither annotations, nor docstrings, nor what is written for who reads, nor how a class is made."""
    yield node
    if isinstance(node, ast.JoinedStr):
        return
    for field, value in ast.iter_fields(node):
        if field in {"annotation", "returns", "type_comment"} or (
            isinstance(node, ast.ClassDef) and field == "keywords"
        ):
            continue
        for child in value if isinstance(value, list) else (value,):
            if isinstance(child, ast.AST) and not _is_for_readers(child):
                yield from _walk(child)


def _is_for_readers(node: ast.AST) -> bool:
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return docstring or (isinstance(node, ast.FunctionDef) and node.name == "__repr__")


def _comparisons(node: ast.AST) -> Iterator[Found]:
    if not isinstance(node, ast.Compare):
        return
    for index, op in enumerate(node.ops):
        for sign in _COMPARISONS[type(op)]:
            signs = [_sign_of(each) for each in node.ops]
            signs[index] = sign
            rest = (
                f" {each} {ast.unparse(part)}" for each, part in zip(signs, node.comparators, strict=True)
            )
            yield Found("comparison", node, f"({ast.unparse(node.left)}{''.join(rest)})")


def _sign_of(op: ast.cmpop) -> str:
    shown = ast.unparse(ast.Compare(ast.Name("a"), [op], [ast.Name("b")]))
    return shown.removeprefix("a ").removesuffix(" b")


def _logic(node: ast.AST) -> Iterator[Found]:
    match node:
        case ast.BoolOp(op, values):
            own, other = ("and", "or") if isinstance(op, ast.And) else ("or", "and")
            texts = [f"({ast.unparse(each)})" for each in values]
            yield Found("and/or", node, f"({f' {other} '.join(texts)})")
            for index in range(len(texts)):
                kept = f" {own} ".join(texts[:index] + texts[index + 1 :])
                yield Found("operand dropped", node, f"({kept})")
        case ast.UnaryOp(ast.Not(), operand):
            yield Found("negation dropped", node, f"({ast.unparse(operand)})")


def _numbers(node: ast.AST) -> Iterator[Found]:
    match node:
        case ast.UnaryOp(ast.USub(), operand):
            yield Found("sign", node, ast.unparse(operand))
        case ast.BinOp(left, op, right) if type(op) in _SIGNS:
            if not isinstance(left, ast.JoinedStr) and not isinstance(right, ast.JoinedStr):
                text = f"({ast.unparse(left)} {_SIGNS[type(op)]} {ast.unparse(right)})"
                yield Found("arithmetic", node, text)
        case ast.AugAssign(target, op, value) if type(op) in _SIGNS:
            yield Found("arithmetic", node, f"{ast.unparse(target)} {_SIGNS[type(op)]}= {ast.unparse(value)}")
        case ast.Constant(bool(value)):
            yield Found("constant", node, str(not value))
        case ast.Constant(int(value)):
            yield Found("constant", node, str(value + 1))
            if value:
                yield Found("constant", node, str(value - 1))


def _words(node: ast.AST) -> Iterator[Found]:
    match node:
        case ast.Constant(str(value)) if value in _TEXTS:
            yield Found("word", node, repr(_TEXTS[value]))
        case ast.Attribute(ast.Name("Cause"), name) if name in _CAUSES:
            yield Found("cause", node, f"Cause.{_CAUSES[name]}")
        case ast.Attribute(ast.Name(owner), name) if name in _MEMBERS.get(owner, ()):
            names = _MEMBERS[owner]
            yield Found("state", node, f"{owner}.{names[names.index(name) - 1]}")


def _branches(node: ast.AST) -> Iterator[Found]:
    match node:
        case ast.IfExp(_, body, orelse):
            yield Found("always", node, f"({ast.unparse(body)})")
            yield Found("never", node, f"({ast.unparse(orelse)})")
        case ast.If(ast.NamedExpr()) | ast.While(ast.NamedExpr()):
            pass
        case ast.If(test) | ast.While(test):
            if isinstance(node, ast.If):
                yield Found("always", test, "True")
            yield Found("never", test, "False")
            if not isinstance(test, ast.Compare | ast.UnaryOp):
                yield Found("negated", test, f"(not ({ast.unparse(test)}))")
        case ast.comprehension(_, _, tests):
            for test in tests:
                yield Found("always", test, "True")
        case ast.match_case(guard=guard) if guard is not None:
            yield Found("always", guard, "True")
            yield Found("never", guard, "False")


def _calls(node: ast.AST) -> Iterator[Found]:
    if isinstance(node, ast.Return) and isinstance(node.value, ast.Call):
        yield Found("result dropped", node.value, "None")
    if not isinstance(node, ast.Call):
        return
    match node:
        case ast.Call(ast.Name(name)) if name in _CALLS:
            yield Found("call", node.func, _CALLS[name])
        case ast.Call(ast.Name(name), [argument]) if name in _TRANSPARENT:
            if not isinstance(argument, ast.Starred):
                yield Found("call dropped", node, f"({ast.unparse(argument)})")
    for dropped in node.keywords:
        if dropped.arg and not isinstance(dropped.value, ast.Constant):
            kept: list[ast.AST] = [*node.args, *(each for each in node.keywords if each is not dropped)]
            text = f"{ast.unparse(node.func)}({', '.join(map(ast.unparse, kept))})"
            yield Found("keyword dropped", node, text)


def _statements(statements: list[ast.stmt]) -> Iterator[Found]:
    for statement in statements:
        match statement:
            case (
                ast.Expr(ast.Call() | ast.Yield() | ast.Await())
                | ast.AugAssign()
                | ast.Delete()
                | ast.Return()
                | ast.Continue()
                | ast.Break()
                | ast.Raise()
            ):
                yield Found("statement dropped", statement, "pass")
            case ast.Assign([ast.Attribute() | ast.Subscript()]):
                yield Found("statement dropped", statement, "pass")
            case ast.For():
                yield Found("no round", statement.iter, "()")
    for first, second in pairwise(statements):
        if not isinstance(first, _SIMPLE) or not isinstance(second, _SIMPLE) or _is_for_readers(first):
            continue
        if not _needs(second, first) and not _are_apart(first, second):
            yield Found("order", first, "", second)


def _are_apart(first: ast.stmt, second: ast.stmt) -> bool:
    """Whether nobody can tell which came first: neither calls anything, nor touches what the other changes."""
    parts = [list(ast.walk(each)) for each in (first, second)]
    if any(map(_acts, (each for part in parts for each in part))):
        return False
    places = [[each for each in part if isinstance(each, _PLACES)] for part in parts]
    touched = [{ast.unparse(each) for each in part} for part in places]
    changed = [{ast.unparse(each) for each in part if isinstance(each.ctx, ast.Store)} for part in places]
    return changed[0].isdisjoint(touched[1]) and changed[1].isdisjoint(touched[0])


def _acts(node: ast.AST) -> bool:
    match node:
        case ast.Call(ast.Name(name)):
            return name not in _PURE
        case ast.Call() | ast.Await() | ast.Yield():
            return True
    return False


def _needs(second: ast.stmt, first: ast.stmt) -> bool:
    """Whether the second reads a name that the first gives."""
    names = [[each for each in ast.walk(node) if isinstance(each, ast.Name)] for node in (first, second)]
    given = {each.id for each in names[0] if isinstance(each.ctx, ast.Store)}
    return any(each.id in given and isinstance(each.ctx, ast.Load) for each in names[1])
