"""A definition file with those that run before and after it: they are looked up in the files beside it, then elsewhere.

Files beside it that are no definitions hold nothing up, unless an id is not found: then they are named.
"""

import os
from pathlib import Path as FilePath

import msgspec

from runtime.definitions.library import DefinitionLibrary
from runtime.definitions.load import (
    DefinitionError,
    Loaded,
    directory_files,
    known_variables,
    load_definition,
)
from runtime.definitions.steps import Managers


def load_with_linked(
    path: str | os.PathLike[str], *, managers: Managers, known: DefinitionLibrary
) -> tuple[Loaded, ...]:
    """Load a definition file, and after it all that its pre_jobs and post_jobs lead to.

    Args:
        path: the file.
        managers: the actions there are, by name.
        known: definitions that are no files beside it.

    Raises:
        DefinitionError: the file is no definition, or its pre_jobs and post_jobs lead nowhere or in a circle.
    """
    variables = known_variables(path)
    loaded = load_definition(path, managers=managers, variables=variables)
    if not loaded.definition.pre_jobs and not loaded.definition.post_jobs:
        return (loaded,)
    beside, unread = list[Loaded](), list[str]()
    for file in directory_files(FilePath(path).parent):
        if file.name == FilePath(path).name:
            continue
        try:
            beside.append(load_definition(file, managers=managers, variables=variables))
        except DefinitionError:
            unread.append(file.name)
    library = DefinitionLibrary.unchecked([loaded, *beside, *known])
    try:
        together = library.linked(loaded.definition)
    except DefinitionError as error:
        if not unread:
            raise
        more = (
            f"no definition could be read from {', '.join(unread[:3])}{', …' if unread[3:] else ''} beside it"
        )
        raise DefinitionError(
            msgspec.structs.replace(each, hint=f"{each.hint}; {more}" if each.hint else more)
            for each in error.diagnostics
        ) from error
    return tuple(library[each.id] for each in together)
