"""From a definition, its file or its id to all that is submitted with it, each admitted, or a refusal."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeGuard

from actors.job import JobDefinition
from actors.manager import JobManager
from runtime.admission import admitted
from runtime.definitions import DefinitionError, DefinitionLibrary, load_with_linked
from runtime.definitions.findings import did_you_mean
from runtime.fingerprint import of_text
from runtime.refusal import RefusedError
from runtime.toml.diagnostic import Diagnostic
from runtime.toml.wording import quoted

Managers = Mapping[str, type[JobManager]]


def together_of(
    wanted: JobDefinition | str | Path,
    library: DefinitionLibrary,
    managers: Managers,
    workers: Mapping[str, Any],
) -> tuple[JobDefinition, ...]:
    """The definition that is wanted, and after it those that run before or after it.

    Args:
        wanted: the definition, the path of its file, or the id that the library has it under.
        library: where ids are looked up; ``managers`` and ``workers`` are what there is to run it with.

    Raises:
        DefinitionError: its file is wrong, or a step of it can not be run here or lacks something (a URL to begin
            with), or the same of one that it links.
        RefusedError: one of them can not be run here for another reason, or is none.
    """
    if isinstance(wanted, JobDefinition):
        return _together_of_made(wanted, library, managers, workers)
    if not isinstance(wanted, str | Path):
        raise RefusedError(
            f"a definition is a JobDefinition, the path of its file or its id, got a {type(wanted).__name__}"
        )
    if is_id(wanted, library):
        loaded = tuple(library[each.id] for each in library.linked(library[wanted].definition))
    else:
        loaded = load_with_linked(wanted, managers=managers, known=library)
    for each in loaded:
        if each.unrunnable or each.incomplete:
            raise DefinitionError(each.unrunnable + each.incomplete)
    return _all_admitted((each.definition for each in loaded), managers, workers)


def named(wanted: JobDefinition | str | Path, library: DefinitionLibrary) -> str | None:
    """The fingerprint of a request that names a definition by its id; None if it hands one over."""
    by_id = not isinstance(wanted, JobDefinition) and is_id(wanted, library)
    return of_text(str(wanted)) if by_id else None


def is_id(wanted: str | Path, library: DefinitionLibrary) -> TypeGuard[str]:
    """Whether that names a definition of the library rather than a file. A file that is there goes first.

    Raises:
        DefinitionError: it looks like an id, and is neither.
    """
    if isinstance(wanted, Path) or not wanted or is_there(wanted):
        return False
    if wanted in library:
        return True
    if len(library) and "/" not in wanted and not wanted.endswith(".toml"):
        hint = did_you_mean(wanted, [each.definition.id for each in library], "name a file, or one of them")
        raise DefinitionError(
            [Diagnostic(f"there is no file and no definition {quoted(wanted)}", wanted, hint=hint)]
        )
    return False


def is_there(wanted: str | Path) -> bool:
    """Whether that is the path of something that exists; False for what can be no path."""
    try:
        return Path(wanted).exists()
    except (OSError, ValueError):  # too long, or with a NUL
        return False


def _together_of_made(
    definition: JobDefinition, library: DefinitionLibrary, managers: Managers, workers: Mapping[str, Any]
) -> tuple[JobDefinition, ...]:
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
