"""What a place wants, in words: for "must be …", and the line to write instead."""

from typing import Any

from msgspec import inspect

from runtime.toml.diagnostic import Path
from runtime.toml.wording import key_shown, nearest, one_of, shown

_LISTS = inspect.VarTupleType | inspect.ListType


def expectation(wanted: inspect.Type) -> str:
    """The wanted type as it follows "must be": "an integer of at least 0", "a list of texts"."""
    if isinstance(wanted, inspect.Metadata):
        return expectation(wanted.type)
    if isinstance(wanted, inspect.UnionType):
        members = [each for each in wanted.types if not isinstance(each, inspect.NoneType)]
        return " or ".join(dict.fromkeys(expectation(each) for each in members))
    if isinstance(wanted, inspect.EnumType | inspect.LiteralType):
        return one_of(_choices(wanted))
    if isinstance(wanted, inspect.StrType):
        return (
            "text" + _length(wanted, "character") + (f" matching {wanted.pattern}" if wanted.pattern else "")
        )
    if isinstance(wanted, _LISTS):
        return f"a list of {_plural(wanted.item_type)}" + _length(wanted, "item")
    names: dict[type[inspect.Type], str] = {
        inspect.IntType: "an integer",
        inspect.FloatType: "a number",
        inspect.BoolType: "true or false",
        inspect.AnyType: "a value",
        inspect.CustomType: "text",
    }
    return names.get(type(wanted), "a table") + _bounds(wanted)


def example(wanted: inspect.Type) -> str:
    """A value of that type as TOML writes it."""
    if isinstance(wanted, inspect.Metadata):
        return example(wanted.type)
    if isinstance(wanted, inspect.UnionType):
        return example(next(each for each in wanted.types if not isinstance(each, inspect.NoneType)))
    if isinstance(wanted, inspect.EnumType | inspect.LiteralType):
        return shown(_choices(wanted)[0])
    if isinstance(wanted, inspect.IntType | inspect.FloatType):
        return shown(_number_example(wanted))
    if isinstance(wanted, _LISTS):
        return f"[{example(wanted.item_type)}]"
    return {inspect.StrType: '"…"', inspect.CustomType: '"…"', inspect.BoolType: "true"}.get(
        type(wanted), "{ … }"
    )


def suggestion(value: Any, wanted: inspect.Type, path: Path) -> str:
    """The line to write instead of a value that does not fit; the value itself where it can be rescued."""
    if isinstance(wanted, inspect.EnumType | inspect.LiteralType):
        meant = nearest(value, _choices(wanted)) if isinstance(value, str) else None
        return f"did you mean {shown(meant)}?" if meant else ""
    key = next((part for part in reversed(path) if isinstance(part, str)), "")
    written = _rescued(value, wanted) or example(wanted)
    if path and isinstance(path[-1], int):
        return f"write {written}"
    return f"write {key_shown(key)} = {written}"


def _rescued(value: Any, wanted: inspect.Type) -> str | None:
    if isinstance(wanted, inspect.StrType) and isinstance(value, int | float):
        return shown(str(value).lower() if isinstance(value, bool) else str(value))
    if (
        isinstance(wanted, _LISTS)
        and isinstance(wanted.item_type, inspect.StrType)
        and isinstance(value, str)
    ):
        return shown([value])
    if isinstance(wanted, inspect.BoolType) and isinstance(value, str | int):
        return "true" if str(value).lower() in {"true", "yes", "on", "1"} else "false"
    if (
        isinstance(wanted, inspect.IntType)
        and isinstance(value, str)
        and value.isascii()
        and value.isdecimal()
    ):
        return shown(int(value[:18]))
    return None


def _choices(wanted: inspect.EnumType | inspect.LiteralType) -> list[str]:
    values = [each.value for each in wanted.cls] if isinstance(wanted, inspect.EnumType) else wanted.values
    return [str(value) for value in values]


def _bounds(wanted: inspect.Type) -> str:
    if not isinstance(wanted, inspect.IntType | inspect.FloatType):
        return ""
    words = [
        f"{word} {shown(limit)}"
        for word, limit in (
            ("of at least", wanted.ge),
            ("greater than", wanted.gt),
            ("of at most", wanted.le),
            ("less than", wanted.lt),
        )
        if limit is not None
    ]
    return " " + " and ".join(words).replace("and of", "and") if words else ""


def _number_example(wanted: inspect.IntType | inspect.FloatType) -> float:
    low = wanted.ge if wanted.ge is not None else wanted.gt
    high = wanted.le if wanted.le is not None else wanted.lt
    for number in (3, 1, 0.5, 0):
        if (low is None or number > low or number == wanted.ge) and (high is None or number < high):
            return number
    return low if low is not None else high or 0


def _length(wanted: inspect.StrType | inspect.VarTupleType | inspect.ListType, unit: str) -> str:
    words = [
        f"{word} {limit} {unit}{'' if limit == 1 else 's'}"
        for word, limit in (("at least", wanted.min_length), ("at most", wanted.max_length))
        if limit is not None
    ]
    return f" of {' and '.join(words)}" if words else ""


def _plural(item: inspect.Type) -> str:
    names: dict[type[inspect.Type], str] = {
        inspect.StrType: "texts",
        inspect.IntType: "integers",
        inspect.FloatType: "numbers",
        inspect.StructType: "tables",
        inspect.DictType: "tables",
    }
    return names.get(type(item), "values")
