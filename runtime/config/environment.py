"""Environment variables as a layer: ``QUAERO_STORE__PATH=jobs.db`` says ``store.path``.

Two underscores stand for a dot; a variable of ours without them belongs to something else. The text is read as the type
that its key has; what can not be read so stays text, and the check of the whole says what is wanted. Settings of
workers, managers and webhooks stay text until their types are known (``own``).
"""

from collections.abc import Mapping
from typing import Any

from msgspec import inspect

from runtime.config.layers import Layer, Origin, nested
from runtime.config.schema import Config
from runtime.toml.diagnostic import Path
from runtime.toml.text import read_text

PREFIX = "QUAERO_"


def environment_layer(environment: Mapping[str, str]) -> Layer:
    """The layer that the variables make; others are ignored."""
    variables: dict[Path, str] = {}
    values: dict[tuple[str, ...], Any] = {}
    for variable, text in sorted(environment.items()):
        path = tuple(variable.removeprefix(PREFIX).lower().split("__"))
        if variable.startswith(PREFIX) and len(path) > 1 and all(path):
            values[path] = (
                text if path[0] in {"managers", "webhooks"} else read_text(text, type_at(Config, path))
            )
            variables[path] = variable

    def origin(path: Path) -> Origin:
        for said, variable in variables.items():
            if said == path[: len(said)] or said[: len(path)] == path:
                return Origin(f"environment variable {variable}", variable=variable)
        return Origin("environment")

    return Layer(nested(values), origin)


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
