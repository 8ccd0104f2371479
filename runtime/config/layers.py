"""Several tables as one: a later layer's values win, and every value knows the layer it came from. Pure.

A key that a layer does not have is left to the layers below; only a key that is there overrides.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from runtime.toml.diagnostic import Path


class Origin(msgspec.Struct, frozen=True):
    """Where a value was said: a file and a line, or a variable or the command line."""

    file: str
    line: int | None = None
    variable: str = ""  # of the environment


class Layer(msgspec.Struct, frozen=True):
    """One source of values."""

    table: dict[str, Any]
    origin: Callable[[Path], Origin]

    def holds(self, path: Path) -> bool:
        """Whether this layer says anything at the path."""
        value: Any = self.table
        for part in path:
            keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
            if part not in keys:
                return False
            value = value[part]
        return True


def merged(layers: Sequence[Layer]) -> dict[str, Any]:
    """The values of all layers; of each key that of the last layer that has it, tables key by key."""
    table: dict[str, Any] = {}
    for layer in layers:
        table = _over(table, layer.table)
    return table


def origin_of(layers: Sequence[Layer], path: Path) -> Origin:
    """Where the merged value at a path came from, or the nearest table around it."""
    for length in range(len(path), 0, -1):
        for layer in reversed(layers):
            if layer.holds(path[:length]):
                return layer.origin(path)
    return layers[0].origin(path) if layers else Origin("configuration")


def nested(values: Mapping[tuple[str, ...], Any]) -> dict[str, Any]:
    """Values by path as tables: ``{("store", "path"): "x"}`` → ``{"store": {"path": "x"}}``; None = not said."""
    table: dict[str, Any] = {}
    for path, value in values.items():
        if value is None:
            continue
        inner = table
        for part in path[:-1]:
            if not isinstance(inner.get(part), dict):
                inner[part] = {}
            inner = inner[part]
        inner[path[-1]] = value
    return table


def _over(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        result[key] = _over(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return result
