"""The text of a condition as a tree: bounded in size and depth, with its references known. Pure.

Python's own grammar for expressions is read; what of it a condition may use is judged in ``condition``. No text makes
``parse_expression`` raise anything but ``WrongExpressionError``, or warn.
"""

import ast
import re
from collections.abc import Mapping
from functools import lru_cache

import msgspec

LONGEST = 500
"""Characters of a condition."""
DEEPEST = 30
"""Levels of operators within each other."""

STEP, VARIABLE, TAGS = "step", "variable", "tags"


class WrongExpressionError(Exception):
    """What is wrong with a condition: a sentence as it follows "condition", and what to do."""

    def __init__(self, sentence: str, hint: str = "") -> None:
        self.sentence, self.hint = sentence, hint
        super().__init__(sentence)


class Reference(msgspec.Struct, frozen=True):
    """What a name in an expression stands for: a step's field, a variable, or the tags."""

    kind: str  # STEP, VARIABLE or TAGS
    name: str = ""  # of the step or the variable
    field: str = ""  # of the step

    @property
    def shown(self) -> str:
        """The reference as it is written."""
        if self.kind == TAGS:
            return "tags"
        if self.kind == VARIABLE:
            return f"config.{self.name}"
        return (
            f"{self.name}.{self.field}" if self.name.isidentifier() else f"steps[{self.name!r}].{self.field}"
        )


class Parsed(msgspec.Struct, frozen=True):
    """An expression as it is evaluated: in the place of each reference stands a plain name."""

    node: ast.expr
    references: Mapping[str, Reference]  # by those names


_STRING = re.compile(r"'[^']*'|\"[^\"]*\"")
_DIGITS = re.compile(r"(?<!\w)\d[\w.]*")
_NUMBER = re.compile(r"\d{1,16}(\.\d{1,16})?")


@lru_cache(maxsize=256)
def parse_expression(text: str) -> Parsed:
    """Read an expression.

    Raises:
        WrongExpressionError: it is none, or too large, or a name in it stands for nothing.
    """
    if not text.strip() or len(text) > LONGEST:
        raise WrongExpressionError(f"must have 1 to {LONGEST} characters, got {len(text)}")
    if "\\" in text:
        raise WrongExpressionError(
            "must not have a backslash", "write other quotes around a text that has quotes"
        )
    # Python reads these with a warning, or as numbers that nobody means.
    for number in _DIGITS.findall(_STRING.sub("''", text)):
        if not _NUMBER.fullmatch(number):
            raise WrongExpressionError(f"has {number!r}, which is no number", "write a number like 10 or 0.5")
    try:
        node = ast.parse(" ".join(text.split()), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise WrongExpressionError(f"is no expression: {_syntax(error)}", _hint_of(text)) from error
    _check_depth(node)
    references: dict[str, Reference] = {}
    return Parsed(_References(references).visit(node), references)


def _syntax(error: BaseException) -> str:
    if isinstance(error, SyntaxError) and error.offset:
        return f"{error.msg} at character {error.offset}"
    return str(error) or "it is too deep"


def _hint_of(text: str) -> str:
    for written, meant in (("&&", "and"), ("||", "or"), ("!", "not")):
        if written in text.replace("!=", ""):
            return f"write `{meant}` for `{written}`"
    if re.search(r"[^=!<>]=[^=]", text):
        return "write `==` to compare"
    return 'a step whose name is no plain word is `steps["its name"]`'


def _check_depth(node: ast.expr) -> None:
    level: list[ast.AST] = [node]
    for _ in range(DEEPEST * 2):  # operators are nodes too
        level = [below for each in level for below in ast.iter_child_nodes(each)]
        if not level:
            return
    raise WrongExpressionError(f"is deeper than {DEEPEST} levels", "write it shorter")


class _References(ast.NodeTransformer):
    """Puts a plain name in the place of each reference and notes what it stands for; other names are faults."""

    def __init__(self, references: dict[str, Reference]) -> None:
        self._references = references

    def _placeholder(self, reference: Reference) -> ast.Name:
        for name, known in self._references.items():
            if known == reference:
                return ast.Name(name, ast.Load())
        name = f"v{len(self._references)}"
        self._references[name] = reference
        return ast.Name(name, ast.Load())

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id == "tags":
            return self._placeholder(Reference(TAGS))
        if node.id in {"true", "false"}:
            return ast.Constant(node.id == "true")
        meant = "config.x for a variable" if node.id == "config" else f"{node.id}.state, or another field"
        raise WrongExpressionError(f"has {node.id!r} alone", f"write {meant}")

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        match node.value:
            case ast.Name("config"):
                return self._placeholder(Reference(VARIABLE, node.attr))
            case ast.Name(step) if step not in {"steps", "tags"}:
                return self._placeholder(Reference(STEP, step, node.attr))
            case ast.Subscript(ast.Name("steps"), ast.Constant(str(step))):
                return self._placeholder(Reference(STEP, step, node.attr))
            case _:
                hint = 'write crawl.state, steps["a step"].state or config.x'
                raise WrongExpressionError(f"has {ast.unparse(node)!r}, which names no step", hint)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        match node:
            case ast.Subscript(ast.Name("config"), ast.Constant(str(variable))):
                return self._placeholder(Reference(VARIABLE, variable))
            case ast.Subscript(ast.Name("steps"), ast.Constant(str(step))):
                raise WrongExpressionError(
                    f"has steps[{step!r}] alone", "write .state after it, or another field"
                )
            case _:
                raise WrongExpressionError(
                    f"has {ast.unparse(node)!r}, which names nothing", 'write steps["a step"].state'
                )
