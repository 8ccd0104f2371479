"""``variables.toml`` beside a definition file: what its ``{placeholders}`` stand for, together with the environment.

===================================  ==========================================
``city = "Melbourne"``               ``{city}``
``[city]`` with ``value = …``        the same; ``description`` is for people
``[stock]`` with ``ticker = …``      ``{stock:ticker}``
===================================  ==========================================

The file is data, not a definition: no directory of definitions takes it for one. Nothing here shows a value, not even
in an error: variables are where people keep their keys.
"""

import os
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any

import msgspec

from runtime.definitions.placeholders import Variables
from runtime.toml.diagnostic import BadFileError, Diagnostic, path_text
from runtime.toml.document import UnreadableError, read_document
from runtime.toml.shape import plain

VARIABLES = "variables.toml"


class VariablesError(BadFileError):
    """``variables.toml`` can not be used; ``diagnostics`` are all that was found."""


def variables_beside(path: str | os.PathLike[str], environment: Mapping[str, str] | None = None) -> Variables:
    """The variables for a definition file: those of the file beside it, if there is one, and the environment.

    Args:
        path: the definition file.
        environment: None = this process's.

    Raises:
        VariablesError: there is a ``variables.toml`` beside it, and it can not be used.
    """
    surroundings = os.environ if environment is None else environment
    try:
        file = FilePath(path).parent / VARIABLES
        there = file.exists()
    except (OSError, ValueError):  # a path that is none: whoever reads the definition says so
        return Variables({}, surroundings)
    return Variables(read_variables(file) if there else {}, surroundings)


def read_variables(file: FilePath) -> dict[str, Any]:
    """The values of a file of variables, by ``key`` and by ``ns:key``.

    Raises:
        VariablesError: it can not be read, or a value is none that a definition could have.
    """
    try:
        document = read_document(file)
    except UnreadableError as error:
        without_source = error.diagnostic.message.partition(' in "')[0]
        raise VariablesError([msgspec.structs.replace(error.diagnostic, message=without_source)]) from None
    found = plain(document.table)
    if found.misfits:
        raise VariablesError(
            Diagnostic(
                f"{path_text(each.path)} must be a finite number of at most 64 bits",
                document.file,
                document.line(each.path),
                path_text(each.path),
            )
            for each in found.misfits
        )
    values: dict[str, Any] = {}
    for name, value in found.value.items():
        if not isinstance(value, dict):
            values[name] = value
            continue
        if "value" in value:
            values[name] = value["value"]
        values.update((f"{name}:{key}", inner) for key, inner in value.items())
    return values
