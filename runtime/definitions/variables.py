"""``{config.x}``: a definition's own variables in the texts of its steps. Pure.

A text that is nothing but one placeholder takes the variable's value with its type; within a longer text it takes the
value's text. Any other ``{…}`` stays as it is: ``placeholders`` has been there before.
"""

import re
from collections.abc import Mapping
from typing import Any

from runtime.definitions.placeholders import text_of
from runtime.toml.diagnostic import Path

_PLACEHOLDER = re.compile(r"\{config\.([A-Za-z0-9_-]{1,100})\}")


def substitute(
    value: Any, variables: Mapping[str, Any], path: Path = ()
) -> tuple[Any, list[tuple[Path, str]]]:
    """The value with its placeholders filled, and where a variable was named that is not there."""
    missing: list[tuple[Path, str]] = []
    return _filled(value, variables, path, missing), missing


def _filled(value: Any, variables: Mapping[str, Any], path: Path, missing: list[tuple[Path, str]]) -> Any:
    if isinstance(value, dict):
        return {key: _filled(item, variables, (*path, key), missing) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, variables, (*path, index), missing) for index, item in enumerate(value)]
    if not isinstance(value, str) or "{config." not in value:
        return value
    missing.extend((path, name) for name in _PLACEHOLDER.findall(value) if name not in variables)
    whole = _PLACEHOLDER.fullmatch(value)
    if whole is not None and whole.group(1) in variables:
        return variables[whole.group(1)]
    return _PLACEHOLDER.sub(lambda found: text_of(variables.get(found.group(1), found.group())), value)
