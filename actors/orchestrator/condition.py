"""Conditions of steps: small expressions over the ends of earlier steps, checked before they are stored. Pure.

    crawl.completed >= 10 and crawl.failed < 0.1 * crawl.total
    steps["fetch-all"].state in ["completed", "completed_with_failures"]
    index.documents > config.least and "nightly" in tags

A step is known by its name, or as ``steps["name"]``, with the fields of ``StepFacts``; ``config`` are the
definition's variables and ``tags`` its tags. There are ``and or not``, comparisons, ``in`` a list, and ``+ - * /`` on
numbers; nothing is called, nothing loops. Names and types are checked by ``condition_problem``: of a text that it
passes only a division by zero can go wrong, and ``decide`` never raises. Size and depth bound the cost.
"""

import ast
import re
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from typing import Any

import msgspec
from simpleeval import EvalWithCompoundTypes, InvalidExpression

from actors.job import JobState
from actors.orchestrator.expression import (
    STEP,
    TAGS,
    VARIABLE,
    Reference,
    WrongExpressionError,
    parse_expression,
)
from actors.states import TERMINAL

LARGEST_NUMBER = 10**15

TEXT, NUMBER, TRUTH, LIST, STATE = "a text", "a number", "true or false", "a list", "a state"


class StepFacts(msgspec.Struct, frozen=True):
    """What a condition may ask of a step that has ended."""

    state: JobState
    total: int = 0  # its jobs
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    documents: int = 0  # saved by its jobs
    skipped: bool = False  # by its own condition, or because it is not enabled


FIELDS = {"state": STATE, "skipped": TRUTH} | dict.fromkeys(
    ("total", "completed", "failed", "cancelled", "documents"), NUMBER
)


class Surroundings(msgspec.Struct, frozen=True):
    """What a condition can name: the variables and tags of its definition."""

    variables: Mapping[str, Any] = {}
    tags: tuple[str, ...] = ()


class Verdict(msgspec.Struct, frozen=True):
    """Whether the condition holds; None if it could not be evaluated. ``values`` shows what it was judged by."""

    holds: bool | None
    values: str


def condition_problem(
    text: str, earlier: Collection[str], steps: Collection[str], around: Surroundings, own: str = ""
) -> tuple[str, str] | None:
    """What is wrong with a condition, as it follows the word, and what to do; None = nothing.

    Args:
        text: the condition.
        earlier: the steps that have ended before it is asked: those its step depends on, directly or not.
        steps: all steps, for the sentence about one that is not among them.
        around: the definition's variables and tags.
        own: the step whose condition it is.
    """
    try:
        parsed = parse_expression(text)
        if any(each.kind == STEP and each.name == own for each in parsed.references.values()):
            raise WrongExpressionError(f"names {own!r}, the step itself", "name steps before it")
        kinds = {name: _kind(each, earlier, steps, around) for name, each in parsed.references.items()}
        shown = {name: each.shown for name, each in parsed.references.items()}
        kind = _Judge(kinds, shown).kind(parsed.node)
        if kind != TRUTH:
            raise WrongExpressionError(
                f"is {kind}, not true or false", "compare it, as in `crawl.completed > 0`"
            )
    except WrongExpressionError as error:
        return error.sentence, error.hint
    return None


def steps_named(text: str) -> dict[str, set[str]]:
    """Which fields of which steps a checked condition asks for. Empty for a text that is no condition."""
    try:
        references = parse_expression(text).references.values()
    except WrongExpressionError:
        return {}
    named: dict[str, set[str]] = {}
    for each in references:
        if each.kind == STEP:
            named.setdefault(each.name, set()).add(each.field)
    return named


def decide(text: str, facts: Mapping[str, StepFacts], around: Surroundings) -> Verdict:
    """Judge a condition by how the steps it names have ended. Never raises."""
    try:
        parsed = parse_expression(text)
        values = {name: _value(each, facts, around) for name, each in parsed.references.items()}
    except (WrongExpressionError, KeyError, AttributeError) as error:
        return Verdict(None, f"it can not be read: {error}")
    shown = {parsed.references[name].shown: value for name, value in values.items()}
    told = ", ".join(f"{name} = {_value_shown(value)}" for name, value in shown.items())
    try:
        holds = EvalWithCompoundTypes(functions={}, names=values).eval(text, previously_parsed=parsed.node)
    except ZeroDivisionError:
        return Verdict(None, f"division by zero ({told})")
    except (InvalidExpression, ArithmeticError, TypeError, ValueError, RecursionError) as error:
        return Verdict(None, f"{error} ({told})")
    return Verdict(bool(holds), told)


# -- types --------------------------------------------------------------------------------------------------------


def _kind(
    reference: Reference, earlier: Collection[str], steps: Collection[str], around: Surroundings
) -> str:
    name, field = reference.name, reference.field
    if reference.kind == TAGS:
        return LIST
    if reference.kind == VARIABLE:
        if name not in around.variables:
            sentence = f"names the variable {name!r}, which is not there"
            raise WrongExpressionError(sentence, _meant(name, around.variables, "write it below [config]"))
        return _kind_of_value(around.variables[name], reference.shown)
    if name not in steps:
        hint = _meant(name, earlier, "this step waits for no other")
        raise WrongExpressionError(f"names {name!r}, which is no step", hint)
    if name not in earlier:
        sentence = f"names step {name!r}, for whose end this step does not wait"
        raise WrongExpressionError(sentence, f"add {name!r} to its depends")
    if field not in FIELDS:
        raise WrongExpressionError(f"names {reference.shown}, a step has no {field!r}", _meant(field, FIELDS))
    return FIELDS[field]


def _kind_of_value(value: Any, what: str) -> str:
    match value:
        case bool():
            return TRUTH
        case int() | float() if -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
            return NUMBER
        case str():
            return TEXT
        case list() | tuple() if all(isinstance(each, str | int | float) for each in value):
            return LIST
        case _:
            raise WrongExpressionError(
                f"has {what}, which can not be compared", "a number, a text, true or false can"
            )


class _Judge:
    """Finds out what kind of value each part of an expression has, and refuses what can not be evaluated."""

    def __init__(self, kinds: Mapping[str, str], shown: Mapping[str, str]) -> None:
        self._kinds, self._shown = kinds, shown

    def kind(self, node: ast.expr) -> str:
        match node:
            case ast.Name(name):
                return self._kinds[name]
            case ast.Constant(value):
                return _kind_of_value(value, repr(value)[:60])
            case ast.List(parts) | ast.Tuple(parts):
                for part in parts:
                    self._need(part, {TEXT, NUMBER}, "in a list")
                return LIST
            case ast.BoolOp(op, parts):
                for part in parts:
                    self._need(part, {TRUTH}, f"beside `{type(op).__name__.lower()}`")
                return TRUTH
            case ast.UnaryOp(ast.Not(), operand):
                self._need(operand, {TRUTH}, "after `not`")
                return TRUTH
            case ast.UnaryOp(ast.USub(), operand):
                return self._need(operand, {NUMBER}, "after `-`")
            case ast.BinOp(left, ast.Add() | ast.Sub() | ast.Mult() | ast.Div(), right):
                self._need(left, {NUMBER}, "in a calculation")
                return self._need(right, {NUMBER}, "in a calculation")
            case ast.Compare(left, operators, rights):
                for operator, before, after in zip(operators, (left, *rights), rights, strict=False):
                    self._compare(operator, before, after)
                return TRUTH
            case _:
                hint = "there are and, or, not, comparisons, in, + - * / and lists"
                raise WrongExpressionError(f"has {self._text(node)!r}, which a condition can not do", hint)

    def _need(self, node: ast.expr, kinds: Collection[str], where: str) -> str:
        kind = self.kind(node)
        if kind not in kinds:
            raise WrongExpressionError(
                f"has {self._text(node)!r} {where}, which is {kind}, not {' or '.join(sorted(kinds))}",
                "compare it, as in `crawl.completed > 0`" if TRUTH in kinds else "",
            )
        return kind

    def _compare(self, operator: ast.cmpop, before: ast.expr, after: ast.expr) -> None:
        match operator:
            case ast.Eq() | ast.NotEq():
                kinds = self._need(before, {TEXT, NUMBER, TRUTH, STATE}, "compared"), self.kind(after)
                if STATE in kinds:
                    self._state(before)
                    self._state(after)
                elif kinds[0] != kinds[1]:
                    raise WrongExpressionError(
                        f"compares {self._text(before)!r}, {kinds[0]}, with {self._text(after)!r}, {kinds[1]}"
                    )
            case ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE():
                self._need(before, {NUMBER}, "compared")
                self._need(after, {NUMBER}, "compared")
            case ast.In() | ast.NotIn():
                kind = self._need(before, {TEXT, NUMBER, STATE}, "before `in`")
                self._need(after, {LIST}, "after `in`")
                if kind == STATE and isinstance(after, ast.List | ast.Tuple):
                    for each in after.elts:
                        self._state(each)
            case _:
                raise WrongExpressionError("has `is`, which a condition can not do", "write `==`")

    def _state(self, node: ast.expr) -> None:
        """A state may be compared with a state only: a misspelled one would never be equal."""
        kind = self.kind(node)
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if node.value not in TERMINAL:
                raise WrongExpressionError(
                    f"compares a state with {node.value!r}", _meant(node.value, sorted(TERMINAL))
                )
        elif kind not in {STATE, TEXT}:
            raise WrongExpressionError(f"compares a state with {self._text(node)!r}, which is {kind}")

    def _text(self, node: ast.expr) -> str:
        """The part of the expression as it was written, more or less."""
        return re.sub(
            r"\bv\d+\b", lambda found: self._shown.get(found.group(), found.group()), ast.unparse(node)
        )


# -- values -------------------------------------------------------------------------------------------------------


def _value(reference: Reference, facts: Mapping[str, StepFacts], around: Surroundings) -> Any:
    if reference.kind == TAGS:
        return list(around.tags)
    if reference.kind == VARIABLE:
        value = around.variables[reference.name]
        return list(value) if isinstance(value, tuple) else value
    value = getattr(facts[reference.name], reference.field)
    return value.value if isinstance(value, JobState) else value


def _value_shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text if len(text) <= 60 else text[:59] + "…"


def _meant(name: str, known: Iterable[str], otherwise: str = "") -> str:
    names = list(known)
    if found := get_close_matches(name, names, n=1, cutoff=0.6):
        return f"did you mean {str(found[0])!r}?"
    return f"there are {', '.join(names[:10])}" if names else otherwise
