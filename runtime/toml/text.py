"""A text as a value of the type that its place wants: environment variables and placeholders have only texts. Pure."""

from collections.abc import Callable
from typing import Any

from msgspec import inspect

from runtime.toml.document import parse_document

_FLAGS = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}


def read_text(text: str, wanted: inspect.Type | None) -> Any:
    """The text as a value of that type; the text itself where it is none, and where no type is known."""
    if isinstance(wanted, inspect.Metadata):
        return read_text(text, wanted.type)
    if isinstance(wanted, inspect.UnionType):
        return _read_member(text, wanted)
    if isinstance(wanted, inspect.VarTupleType | inspect.ListType):
        return [read_text(part.strip(), wanted.item_type) for part in text.split(",") if part.strip()]
    reader = _READERS.get(type(wanted)) if wanted is not None else None
    try:
        return reader(text) if reader else text
    except ValueError:
        return text


def _read_member(text: str, union: inspect.UnionType) -> Any:
    """The text as the union's first member that it can be; a text is one where texts are wanted."""
    members = [each for each in union.types if not isinstance(each, inspect.NoneType)]
    if any(isinstance(_bare(each), inspect.StrType) for each in members):
        return text
    return read_text(text, members[0]) if members else text


def _bare(wanted: inspect.Type) -> inspect.Type:
    return _bare(wanted.type) if isinstance(wanted, inspect.Metadata) else wanted


def _flag(text: str) -> bool | str:
    return _FLAGS.get(text.strip().lower(), text)


def _toml_value(text: str) -> Any:
    return parse_document(f"value = {text}", file="text").table[
        "value"
    ]  # or an UnreadableError, a ValueError


_READERS: dict[type[inspect.Type], Callable[[str], Any]] = {
    inspect.BoolType: _flag,
    inspect.IntType: int,
    inspect.FloatType: float,
    inspect.AnyType: _toml_value,
    inspect.DictType: _toml_value,
    inspect.StructType: _toml_value,
}
