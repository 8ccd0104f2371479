"""Load job definitions: a file or a text; what a directory of files says together is a library's.

A file is either a ``JobDefinition`` that the runtime accepts as it is, with warnings, or a ``DefinitionError`` with all
that is wrong. A step whose action no manager here carries out loads, so that files written for another runtime can be
checked and listed; such a definition is not to be run (``Loaded.unrunnable``). ``{placeholders}`` are filled before
anything is judged.
"""

import os
from pathlib import Path as FilePath
from typing import Any

import msgspec

from actors.job import JobDefinition, Step
from actors.manager import missing
from actors.orchestrator.condition import Surroundings
from runtime.definitions.conditions import condition_faults
from runtime.definitions.findings import Findings
from runtime.definitions.keys import (
    CRAWL_KEYS,
    DEFINITION_KEYS,
    INERT_DEFINITION_KEYS,
    DefinitionKeys,
    field_names,
)
from runtime.definitions.order import circle, in_order
from runtime.definitions.placeholders import NO_VARIABLES, Filled, Variables, fill
from runtime.definitions.schedule import schedule_problem, time_zone_problem
from runtime.definitions.shapes import RawStep, name_problem, raw_steps
from runtime.definitions.steps import Managers, checked_step, seconds, typed
from runtime.definitions.variable_file import VARIABLES, VariablesError, variables_beside
from runtime.toml.diagnostic import BadFileError, Diagnostic, Severity, parse_path, path_text
from runtime.toml.diagnostic import in_order as sorted_diagnostics
from runtime.toml.document import Document, UnreadableError, parse_document, read_document
from runtime.toml.shape import fit
from runtime.toml.wording import quoted, shown

CONFIGURATION = "quaero.toml"
LEFT_AS_THEY_ARE = INERT_DEFINITION_KEYS | {"id"}
"""Keys at the top in which nothing is put in for a placeholder."""


class DefinitionError(BadFileError):
    """A definition can not be loaded; ``diagnostics`` are all that was found, errors first."""


class Loaded(msgspec.Struct, frozen=True):
    """A loaded definition and what its author should know."""

    definition: JobDefinition
    file: str
    warnings: tuple[Diagnostic, ...] = ()
    unrunnable: tuple[Diagnostic, ...] = ()  # why this runtime can not run it; loading it is no error
    incomplete: tuple[Diagnostic, ...] = ()  # what a run of it needs and nobody has said yet; no error either


def load_definition(
    path: str | os.PathLike[str], *, managers: Managers, variables: Variables | None = None
) -> Loaded:
    """Load a definition file.

    Args:
        path: the file.
        managers: the actions there are, by name.
        variables: for its placeholders; None = those of ``variables.toml`` beside it and of the environment.

    Raises:
        DefinitionError: the file can not be read or is no definition, or ``variables.toml`` can not be used.
    """
    try:
        document = read_document(path)
    except UnreadableError as error:
        raise DefinitionError([error.diagnostic]) from error
    return _loaded(document, managers, known_variables(path) if variables is None else variables)


def load_definition_text(
    text: str | bytes, *, managers: Managers, file: str = "definition", variables: Variables = NO_VARIABLES
) -> Loaded:
    """Load a definition from its TOML text; ``file`` is the name for messages.

    Raises:
        DefinitionError: the text is no definition.
    """
    try:
        document = parse_document(text, file=file)
    except UnreadableError as error:
        raise DefinitionError([error.diagnostic]) from error
    return _loaded(document, managers, variables)


def known_variables(path: str | os.PathLike[str]) -> Variables:
    """The variables for a definition at that path: of the file beside it, and of the environment.

    Raises:
        DefinitionError: ``variables.toml`` can not be used.
    """
    try:
        return variables_beside(path)
    except VariablesError as error:
        raise DefinitionError(error.diagnostics) from error


def directory_files(path: str | os.PathLike[str]) -> list[FilePath]:
    """The ``*.toml`` files of a directory, by name, but for a configuration and for variables.

    Raises:
        DefinitionError: the directory can not be read.
    """
    try:
        files = [each for each in FilePath(path).iterdir() if each.suffix == ".toml"]
    except OSError as error:
        message = f"the directory of definitions can not be read: {error.strerror}"
        raise DefinitionError([Diagnostic(message, os.fsdecode(path))]) from error
    return sorted(each for each in files if each.name not in {CONFIGURATION, VARIABLES})


def _loaded(document: Document, managers: Managers, variables: Variables) -> Loaded:
    filled = fill(document.table, variables.find, lambda path: len(path) == 1 and path[0] in LEFT_AS_THEY_ARE)
    findings = Findings(msgspec.structs.replace(document, table=filled.value))
    _tell_missing(findings, filled, variables)
    table = dict(filled.value)
    flat_keys = CRAWL_KEYS | (
        field_names(managers["crawl"].config_type) if "crawl" in managers else frozenset()
    )
    flat = {key: table.pop(key) for key in (flat_keys - DEFINITION_KEYS) & table.keys()}
    own = {key: value for key, value in table.items() if key not in INERT_DEFINITION_KEYS | {"step", "steps"}}
    found = fit(typed(own, DefinitionKeys, lambda path: path, filled.texts), DefinitionKeys)
    findings.add_fit(found, "", lambda path: path, flat_keys | {"step"})
    keys = msgspec.convert({"id": "-", "name": "-"} | found.fitting(), DefinitionKeys)
    timeout_seconds = seconds(findings, keys.timeout, ("timeout",), "timeout")
    _check_keys(findings, keys)
    raw = raw_steps(findings, flat)
    steps = [checked_step(each, findings, managers, keys.config, filled.texts) for each in raw]
    depends = _dependencies(findings, raw)
    _check_conditions(findings, raw, depends, Surroundings(keys.config, keys.tags))
    if findings.failed:
        raise DefinitionError(findings.found)
    by_name = {step.name: step for step in steps if step is not None}
    definition = JobDefinition(
        id=keys.id,
        name=keys.name,
        steps=tuple(_with_depends(by_name[name], depends[name]) for name in in_order(depends)),
        description=keys.description,
        tags=tuple(dict.fromkeys(keys.tags)),
        enabled=keys.enabled,
        auto_start=keys.auto_start,
        schedule=" ".join(keys.schedule.split()),
        time_zone=keys.time_zone,
        timeout_seconds=timeout_seconds,
        priority=keys.priority,
        source_type=keys.source_type,
        base_url=keys.base_url,
        auth_id=keys.auth_id,
        pre_jobs=tuple(dict.fromkeys(keys.pre_jobs)),
        post_jobs=tuple(dict.fromkeys(keys.post_jobs)),
        error_tolerance=keys.error_tolerance.tolerance() if keys.error_tolerance else None,
        variables=keys.config,
    )
    _tell_incomplete(findings, raw, definition, managers)
    return Loaded(
        definition=definition,
        file=document.file,
        warnings=sorted_diagnostics(findings.of(Severity.WARNING)),
        unrunnable=sorted_diagnostics(findings.of(Severity.UNRUNNABLE)),
        incomplete=sorted_diagnostics(findings.of(Severity.INCOMPLETE)),
    )


def _tell_incomplete(
    findings: Findings, raw: list[RawStep], definition: JobDefinition, managers: Managers
) -> None:
    places = {step.name: step for step in raw}
    for step in definition.steps:
        if step.action in managers:
            for key, sentence in missing(managers, step, definition):
                place = places[step.name]
                message = f"{place.subject}: {sentence}"
                findings.add(place.place(parse_path(key)), message, severity=Severity.INCOMPLETE)


def _tell_missing(findings: Findings, filled: Filled, variables: Variables) -> None:
    for name, path in {
        name: path for path, name in reversed(filled.missing)
    }.items():  # each once, its first place
        where = path_text(path)
        hint = findings.did_you_mean(
            name, variables.of_file, f"add it to {VARIABLES} beside this file, or to the environment"
        )
        findings.warn(
            path, f"{where}: there is no variable {quoted(name)}, so that the text stays as it is", hint
        )


def _check_keys(findings: Findings, keys: DefinitionKeys) -> None:
    for key, name in (("id", keys.id), ("name", keys.name)):
        problem = name_problem(name.replace(",", "") if key == "name" else name)
        if problem:
            findings.add((key,), f"{key} {problem}, got {quoted(name)}")
    if keys.schedule.strip() and (problem_and_hint := schedule_problem(keys.schedule)):
        findings.add(("schedule",), f"schedule {problem_and_hint[0]}", problem_and_hint[1])
    if keys.time_zone and (problem_and_hint := time_zone_problem(keys.time_zone)):
        findings.add(("time_zone",), f"time_zone {problem_and_hint[0]}", problem_and_hint[1])
    for key, names in (("pre_jobs", keys.pre_jobs), ("post_jobs", keys.post_jobs)):
        if keys.id in names:
            position = names.index(keys.id)
            findings.add((key, position), f"{key}: {quoted(keys.id)} is this definition itself", "remove it")


def _dependencies(findings: Findings, raw: list[RawStep]) -> dict[str, tuple[str, ...]]:
    """What each step waits for: the one before it in a file that names no dependencies at all, else what it names."""
    if not any("depends" in step.keys for step in raw):
        return {
            step.name: (before.name,) if before else ()
            for before, step in zip([None, *raw], raw, strict=False)
        }
    depends: dict[str, tuple[str, ...]] = {}
    for step in raw:
        value: Any = step.keys.get("depends", [])
        named = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else []
        wanted: dict[str, None] = {}
        for position, each in enumerate(named):
            path = (*step.path, "depends", position)
            if not isinstance(each, str) or not (name := each.strip()):
                continue
            wanted[name] = None
            if all(name != other.name for other in raw):
                hint = findings.did_you_mean(name, [other.name for other in raw if other is not step])
                findings.add(
                    path, f"{step.subject} depends on {quoted(name)}, which is no step of this file", hint
                )
        depends[step.name] = tuple(wanted)
    if (names := circle(depends)) is not None:
        first = next(step for step in raw if step.name == names[0])
        way = " → ".join(quoted(name) for name in names)
        findings.add(
            (*first.path, "depends"), f"steps depend on each other in a circle: {way}", "remove one of them"
        )
    return depends


def _check_conditions(
    findings: Findings, raw: list[RawStep], depends: dict[str, tuple[str, ...]], around: Surroundings
) -> None:
    by_name = {step.name: step for step in raw}
    texts = {step.name: step.keys.get("condition") for step in raw}
    conditions = {name: text for name, text in texts.items() if isinstance(text, str) and text.strip()}
    for name, sentence, hint in condition_faults(conditions, depends, around):
        step = by_name[name]
        message = f"{step.subject}: {sentence}"
        findings.add((*step.path, "condition"), message, hint, value=shown(conditions[name]))


def _with_depends(step: Step, depends: tuple[str, ...]) -> Step:
    return msgspec.structs.replace(step, depends=depends)
