"""A parsed value against a msgspec type: every misfit with its path, not only the first.

``msgspec.convert`` stops at the first fault and hides the keys of dictionaries; this walks the type itself. It is as
strict as ``convert`` is, except that a number without fraction is an integer (``3.0``), and stricter in what JSON
could not carry: integers beyond 64 bits, ``nan``, ``inf`` are misfits. Keys that a Struct does not have are reported
apart, with the nearest one it has.
"""

import math
import re
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import inspect

from actors.settings import Secret
from runtime.toml.diagnostic import Path
from runtime.toml.expectation import example, expectation, suggestion
from runtime.toml.wording import key_shown, nearest, shown

LARGEST_INTEGER = 2**63 - 1
MOST_GUESSED = 50
"""Unknown keys of one value for which the nearest known one is looked for: that takes about a millisecond each."""


class Misfit(msgspec.Struct, frozen=True):
    """A value that is not what its place wants. ``sentence`` begins with the verb: "must be an integer, got …"."""

    path: Path
    sentence: str
    value: str | None = None
    hint: str = ""


class UnknownKey(msgspec.Struct, frozen=True):
    """A key that its table does not have; ``meant`` is the nearest it has."""

    path: Path
    meant: str | None


class Fit(msgspec.Struct, frozen=True):
    """What a check found. ``value`` is the input in the type's own terms; decode it only if nothing is amiss."""

    value: Any
    misfits: tuple[Misfit, ...] = ()
    unknown: tuple[UnknownKey, ...] = ()

    def fitting(self) -> dict[str, Any]:
        """The keys of a checked table under which nothing is amiss."""
        amiss = {misfit.path[0] for misfit in self.misfits if misfit.path}
        return {key: value for key, value in self.value.items() if key not in amiss}


def fit(value: Any, wanted: Any, path: Path = ()) -> Fit:
    """Check a value as ``tomllib`` or ``json`` gives it against a type; ``path`` is where it is."""
    check = _Check()
    fitted = check.value(value, inspect.type_info(wanted), path)
    return Fit(fitted, tuple(check.misfits), tuple(check.unknown))


def plain(value: Any, path: Path = ()) -> Fit:
    """Check only that JSON can carry the value; dates and times become text."""
    return fit(value, Any, path)


class _Check:
    def __init__(self) -> None:
        self.misfits: list[Misfit] = []
        self.unknown: list[UnknownKey] = []

    def value(self, value: Any, wanted: inspect.Type, path: Path) -> Any:
        if isinstance(wanted, inspect.Metadata):
            return self.value(value, wanted.type, path)
        if isinstance(wanted, inspect.UnionType):
            member = _member_for(value, wanted)
            return self.value(value, member, path) if member else self.misfit(value, wanted, path)
        check = _CHECKS.get(type(wanted))
        return check(self, value, wanted, path) if check else value

    def misfit(self, value: Any, wanted: inspect.Type, path: Path) -> Any:
        self.misfits.append(
            Misfit(
                path,
                f"must be {expectation(wanted)}, got {shown(value)}",
                shown(value),
                suggestion(value, wanted, path),
            )
        )
        return value

    def table(self, value: Any, wanted: inspect.StructType, path: Path) -> Any:
        if not isinstance(value, dict):
            return self.misfit(value, wanted, path)
        fields = {field.encode_name: field for field in wanted.fields}
        fitted: dict[str, Any] = {}
        for key, item in value.items():
            if (field := fields.get(key)) is None:
                meant = nearest(key, fields) if len(self.unknown) < MOST_GUESSED else None
                self.unknown.append(UnknownKey((*path, key), meant))
            else:
                fitted[key] = self.value(item, field.type, (*path, key))
        for key, field in fields.items():
            if field.required and key not in value:
                hint = f"add {key_shown(key)} = {example(field.type)}"
                self.misfits.append(Misfit((*path, key), "is missing", hint=hint))
        return fitted

    def dictionary(self, value: Any, wanted: inspect.DictType, path: Path) -> Any:
        if not isinstance(value, dict):
            return self.misfit(value, wanted, path)
        return {key: self.value(item, wanted.value_type, (*path, key)) for key, item in value.items()}

    def array(self, value: Any, wanted: inspect.VarTupleType | inspect.ListType, path: Path) -> Any:
        if not isinstance(value, list | tuple):
            return self.misfit(value, wanted, path)
        if not (wanted.min_length or 0) <= len(value) <= (wanted.max_length or len(value)):
            return self.misfit(value, wanted, path)
        return [self.value(item, wanted.item_type, (*path, index)) for index, item in enumerate(value)]

    def integer(self, value: Any, wanted: inspect.IntType, path: Path) -> Any:
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        right = isinstance(value, int) and not isinstance(value, bool)
        if not right or abs(value) > LARGEST_INTEGER or not _within(value, wanted):
            return self.misfit(value, wanted, path)
        return value

    def number(self, value: Any, wanted: inspect.FloatType, path: Path) -> Any:
        right = isinstance(value, int | float) and not isinstance(value, bool)
        if (
            not right
            or abs(value) > LARGEST_INTEGER
            or not math.isfinite(value)
            or not _within(value, wanted)
        ):
            return self.misfit(value, wanted, path)
        return value

    def text(self, value: Any, wanted: inspect.StrType, path: Path) -> Any:
        if not isinstance(value, str):
            return self.misfit(value, wanted, path)
        if not (wanted.min_length or 0) <= len(value) <= (wanted.max_length or len(value)):
            return self.misfit(value, wanted, path)
        if wanted.pattern is not None and re.search(wanted.pattern, value) is None:
            return self.misfit(value, wanted, path)
        return value

    def secret(self, value: Any, wanted: inspect.CustomType, path: Path) -> Any:
        if wanted.cls is Secret and not isinstance(value, str):
            hint = suggestion(None, inspect.StrType(), path)
            self.misfits.append(Misfit(path, "must be text", hint=hint))  # whatever it is, it is not shown
        return value

    def flag(self, value: Any, wanted: inspect.Type, path: Path) -> Any:
        return value if isinstance(value, bool) else self.misfit(value, wanted, path)

    def choice(self, value: Any, wanted: inspect.EnumType | inspect.LiteralType, path: Path) -> Any:
        values = (
            [each.value for each in wanted.cls] if isinstance(wanted, inspect.EnumType) else wanted.values
        )
        return value if value in values else self.misfit(value, wanted, path)

    def anything(self, value: Any, wanted: inspect.Type, path: Path) -> Any:
        if isinstance(value, dict):
            return {key: self.anything(item, wanted, (*path, key)) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.anything(item, wanted, (*path, index)) for index, item in enumerate(value)]
        if value is None or isinstance(value, str | bool):
            return value
        if isinstance(value, int | float):
            if not math.isfinite(value) or (isinstance(value, int) and abs(value) > LARGEST_INTEGER):
                return self.misfit(value, inspect.FloatType(), path)
            return value
        return str(value)  # a date or a time


_CHECKS: dict[type[inspect.Type], Callable[[_Check, Any, Any, Path], Any]] = {
    inspect.StructType: _Check.table,
    inspect.DictType: _Check.dictionary,
    inspect.VarTupleType: _Check.array,
    inspect.ListType: _Check.array,
    inspect.IntType: _Check.integer,
    inspect.FloatType: _Check.number,
    inspect.StrType: _Check.text,
    inspect.BoolType: _Check.flag,
    inspect.EnumType: _Check.choice,
    inspect.LiteralType: _Check.choice,
    inspect.AnyType: _Check.anything,
    inspect.CustomType: _Check.secret,
}

_PYTHON: dict[type[inspect.Type], tuple[type, ...]] = {
    inspect.StructType: (dict,),
    inspect.DictType: (dict,),
    inspect.VarTupleType: (list, tuple),
    inspect.ListType: (list, tuple),
    inspect.IntType: (int,),
    inspect.FloatType: (float,),
    inspect.StrType: (str,),
    inspect.BoolType: (bool,),
    inspect.EnumType: (str,),
    inspect.LiteralType: (str,),
    inspect.NoneType: (type(None),),
}


def _member_for(value: Any, union: inspect.UnionType) -> inspect.Type | None:
    """The union's member that is meant by a value of this Python type, or None."""
    members = [each.type if isinstance(each, inspect.Metadata) else each for each in union.types]
    for member in members:
        if type(value) in _PYTHON.get(type(member), ()):
            return member
    others = [each for each in members if not isinstance(each, inspect.NoneType)]
    if len(others) == 1:
        return others[0]
    numeric = [each for each in others if isinstance(each, inspect.IntType | inspect.FloatType)]
    return numeric[0] if type(value) in (int, float) and numeric else None


def _within(value: float, wanted: inspect.IntType | inspect.FloatType) -> bool:
    return (
        (wanted.ge is None or value >= wanted.ge)
        and (wanted.gt is None or value > wanted.gt)
        and (wanted.le is None or value <= wanted.le)
        and (wanted.lt is None or value < wanted.lt)
    )
