"""Environment variables as a layer: ``QUAERO_STORE__PATH=jobs.db`` says ``store.path``.

Two underscores stand for a dot; a variable of ours without them belongs to something else. The text is read as the type
that its key has; what can not be read so stays text, and the check of the whole says what is wanted. Settings of
workers and managers stay text until their types are known (``own``).
"""

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import inspect

from runtime.config.layers import Layer, Origin, nested
from runtime.config.schema import Config
from runtime.toml.diagnostic import Path
from runtime.toml.document import parse_document

PREFIX = "QUAERO_"
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


def environment_layer(environment: Mapping[str, str]) -> Layer:
    """The layer that the variables make; others are ignored."""
    variables: dict[Path, str] = {}
    values: dict[tuple[str, ...], Any] = {}
    for variable, text in sorted(environment.items()):
        path = tuple(variable.removeprefix(PREFIX).lower().split("__"))
        if variable.startswith(PREFIX) and len(path) > 1 and all(path):
            values[path] = text if path[0] == "managers" else read_text(text, type_at(Config, path))
            variables[path] = variable

    def origin(path: Path) -> Origin:
        for said, variable in variables.items():
            if said == path[: len(said)] or said[: len(path)] == path:
                return Origin(f"environment variable {variable}", variable=variable)
        return Origin("environment")

    return Layer(nested(values), origin)


def read_text(text: str, wanted: inspect.Type | None) -> Any:
    """The text as a value of that type; the text itself where it is none, and where no type is known."""
    if isinstance(wanted, inspect.Metadata):
        return read_text(text, wanted.type)
    if isinstance(wanted, inspect.UnionType):
        return read_text(text, next(each for each in wanted.types if not isinstance(each, inspect.NoneType)))
    if isinstance(wanted, inspect.VarTupleType | inspect.ListType):
        return [read_text(part.strip(), wanted.item_type) for part in text.split(",") if part.strip()]
    reader = _READERS.get(type(wanted)) if wanted is not None else None
    try:
        return reader(text) if reader else text
    except ValueError:
        return text


def _flag(text: str) -> bool | str:
    return _FLAGS.get(text.strip().lower(), text)


def _toml_value(text: str) -> Any:
    return parse_document(f"value = {text}", file="environment").table["value"]


_READERS: dict[type[inspect.Type], Callable[[str], Any]] = {
    inspect.BoolType: _flag,
    inspect.IntType: int,
    inspect.FloatType: float,
    inspect.AnyType: _toml_value,
    inspect.DictType: _toml_value,
    inspect.StructType: _toml_value,
}


def type_at(top: type[Any], path: Path) -> inspect.Type | None:
    """The type of what is at a path below a type; None where none is known."""
    wanted: inspect.Type = inspect.type_info(top)
    for part in path:
        while isinstance(wanted, inspect.Metadata):
            wanted = wanted.type
        if isinstance(wanted, inspect.DictType):
            wanted = wanted.value_type
        elif isinstance(wanted, inspect.StructType):
            found = [field.type for field in wanted.fields if field.encode_name == part]
            if not found:
                return None
            wanted = found[0]
        else:
            return None
    return wanted
