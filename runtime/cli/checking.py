"""Checks one file or a directory of files: job definitions, their variables, and configurations.

A configuration is known by its content or by the name ``quaero.toml``, variables by the name ``variables.toml``.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from actors.firing import next_firings
from runtime.cli.failures import CommandError
from runtime.toml.diagnostic import BadFileError, Diagnostic, Severity, in_order

if TYPE_CHECKING:
    from runtime.assembly import Assembly
    from runtime.definitions import Loaded

SHOWN_FIRINGS = 3
"""Of a scheduled definition."""
CONFIG_NAME = "quaero.toml"


class Checked(msgspec.Struct, frozen=True):
    """What was found of one file. ``what`` says in words what it is."""

    file: str
    kind: str  # "definition", "configuration" or "variables"
    what: str = ""
    errors: tuple[Diagnostic, ...] = ()
    warnings: tuple[Diagnostic, ...] = ()
    firings: tuple[int, ...] = ()  # of a scheduled definition, the next ones (Unix ms)
    time_zone: str = ""  # of the schedule
    loaded: "Loaded | None" = None  # the definition, if it is one

    @property
    def shown(self) -> str:
        """The file as its diagnostics name it."""
        return self.loaded.file if self.loaded is not None else self.file


def check_directory(directory: Path, assembly: "Assembly | None") -> list[Checked]:
    """Check every ``*.toml`` file of the directory and of those in it, by name.

    Each directory is a set of definitions by itself: what its files say of each other is checked too. Hidden
    directories and links to directories are passed over.
    """
    found: list[Checked] = []

    def unreadable(error: OSError) -> None:
        message = f"the directory can not be read: {error.strerror}"
        found.append(Checked(error.filename, "definition", errors=(Diagnostic(message, error.filename),)))

    for folder, inner, names in os.walk(directory, onerror=unreadable):
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        files = sorted(Path(folder) / name for name in names if name.endswith(".toml"))
        found += _between([check_file(file, assembly) for file in files])
    if not found:
        hint = "name a directory of job definitions"
        error_found = Diagnostic("there is no .toml file in this directory", str(directory), hint=hint)
        return [Checked(str(directory), "definition", errors=(error_found,))]
    return found


def _between(found: list[Checked]) -> list[Checked]:
    """The same files of one directory, with what is wrong between its definitions: ids that two have, circles."""
    from runtime.definitions import DefinitionLibrary

    loaded = [each.loaded for each in found if each.loaded is not None]
    faults = tuple(DefinitionLibrary.repetitions(loaded))
    if not faults and not any(each.errors for each in found):
        try:
            DefinitionLibrary(loaded)
        except BadFileError as error:
            faults = error.diagnostics
    return [
        msgspec.structs.replace(
            each, errors=each.errors + tuple(fault for fault in faults if fault.file == each.shown)
        )
        for each in found
    ]


def check_file(file: Path, assembly: "Assembly | None") -> Checked:
    """Check one file, as what its content or name shows it to be.

    Without an assembly, because the configuration is wrong, definitions are not judged: what they may say hangs on it.
    """
    from runtime.config import is_config
    from runtime.definitions.variable_file import VARIABLES
    from runtime.toml.document import UnreadableError, read_document

    if file.name == VARIABLES:
        return _check_variables(file)
    try:
        table = read_document(file).table
    except UnreadableError as error:
        kind = "configuration" if file.name == CONFIG_NAME else "definition"
        return Checked(str(file), kind, errors=(error.diagnostic,))
    if file.name == CONFIG_NAME or (table and is_config(table)):
        return _check_config(file)
    return _check_definition(file, assembly)


def _check_definition(file: Path, assembly: "Assembly | None") -> Checked:
    from runtime.definitions import DefinitionError, load_definition

    if assembly is None:
        unjudged = Diagnostic("not checked: the configuration is wrong", str(file), hint="mend that first")
        return Checked(str(file), "definition", errors=(unjudged,))
    try:
        loaded = load_definition(file, managers=assembly.managers)
    except DefinitionError as error:
        return _failed(file, "definition", error)
    steps = len(loaded.definition.steps)
    errors = loaded.unrunnable
    if not errors and not loaded.incomplete:
        try:
            assembly.together(file)
        except BadFileError as error:
            errors = error.diagnostics
        except ValueError as error:
            errors = (Diagnostic(str(error), loaded.file),)
    definition = loaded.definition
    scheduled = definition.enabled and definition.schedule
    now_ms = assembly.clock.wall_ms()
    return Checked(
        str(file),
        "definition",
        f"job definition {loaded.definition.id}, {steps} step{'s' if steps != 1 else ''}",
        errors=errors,
        warnings=loaded.incomplete + loaded.warnings,
        firings=tuple(next_firings(definition.schedule, definition.time_zone, now_ms, SHOWN_FIRINGS))
        if scheduled
        else (),
        time_zone=definition.time_zone,
        loaded=loaded,
    )


def _check_variables(file: Path) -> Checked:
    from runtime.definitions.variable_file import VariablesError, read_variables

    try:
        count = len(read_variables(file))
    except VariablesError as error:
        return _failed(file, "variables", error)
    return Checked(str(file), "variables", f"{count} variable{'s' if count != 1 else ''}")


def _check_config(file: Path) -> Checked:
    """The file by itself, without this process's environment: the same answer wherever it is asked."""
    from runtime.cli.modules import import_modules
    from runtime.config import load_config, settings_of
    from runtime.embedding import Runtime

    try:
        loaded = load_config(file)
        settings = settings_of(loaded)
        own = import_modules(loaded.config, file)
        judged = Runtime(
            settings, workers=own.workers, managers=own.managers, agents=own.agents
        ).assembly.warnings
    except BadFileError as error:  # it is wrong, or a definition in its directory of definitions
        return _failed(file, "configuration", error)
    except CommandError as error:
        wrong = Diagnostic(error.message, str(file), key_path=error.path, hint=error.hint)
        return Checked(str(file), "configuration", errors=(wrong,))
    except (TypeError, ValueError) as error:  # two workers of one type, settings that can be none
        wrong = Diagnostic(str(error), str(file), key_path="modules")
        return Checked(str(file), "configuration", errors=(wrong,))
    warnings = in_order((*loaded.warnings, *judged))
    return Checked(str(file), "configuration", "configuration", warnings=warnings)


def _failed(file: Path, kind: str, error: BadFileError) -> Checked:
    return Checked(
        str(file),
        kind,
        errors=tuple(each for each in error.diagnostics if each.severity is not Severity.WARNING),
        warnings=tuple(each for each in error.diagnostics if each.severity is Severity.WARNING),
    )
