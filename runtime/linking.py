"""From a definition or its file to all definitions that are submitted with it, each admitted, or a refusal."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from actors.job import JobDefinition
from actors.manager import JobManager
from runtime.admission import admitted
from runtime.definitions import DefinitionError, DefinitionLibrary, load_with_linked
from runtime.refusal import RefusedError

Managers = Mapping[str, type[JobManager]]


def together_of_file(
    path: Path, library: DefinitionLibrary, managers: Managers, workers: Mapping[str, Any]
) -> tuple[JobDefinition, ...]:
    """The file's definition, and after it those that run before or after it.

    Raises:
        DefinitionError: it is wrong, or a step of it can not be run here, or the same of one that it links.
        RefusedError: one of them can not be run here for another reason; see ``admission``.
    """
    loaded = load_with_linked(path, managers=managers, known=library)
    for each in loaded:
        if each.unrunnable:
            raise DefinitionError(each.unrunnable)
    return _all_admitted((each.definition for each in loaded), managers, workers)


def together_of(
    definition: JobDefinition, library: DefinitionLibrary, managers: Managers, workers: Mapping[str, Any]
) -> tuple[JobDefinition, ...]:
    """The definition, and after it those that run before or after it.

    Raises:
        RefusedError: one of them can not be run here, or pre_jobs or post_jobs lead nowhere or in a circle.
    """
    first = admitted(definition, managers, workers)
    try:
        return _all_admitted(library.linked(first), managers, workers)
    except DefinitionError as error:
        raise RefusedError(str(error)) from error


def _all_admitted(
    definitions: Iterable[JobDefinition], managers: Managers, workers: Mapping[str, Any]
) -> tuple[JobDefinition, ...]:
    first, *others = definitions
    found = [admitted(first, managers, workers)]
    for each in others:
        try:
            found.append(admitted(each, managers, workers))
        except RefusedError as error:
            raise RefusedError(f"definition {each.id!r}, which {first.id!r} links: {error}") from error
    return tuple(found)
