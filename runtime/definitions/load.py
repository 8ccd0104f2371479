"""Load job definitions: a file or a text; what a directory of files says together is a library's.

A file is either a ``JobDefinition`` that the runtime accepts as it is, with warnings, or a ``DefinitionError`` with all
that is wrong. A step whose action no manager here carries out loads, so that files written for another runtime can be
checked and listed; such a definition is not to be run (``Loaded.unrunnable``).
"""

import os
from pathlib import Path as FilePath
from typing import Any

import msgspec

from actors.job import JobDefinition, Step
from actors.orchestrator.condition import Surroundings
from runtime.definitions.conditions import condition_faults
from runtime.definitions.findings import Findings, did_you_mean
from runtime.definitions.keys import (
    CRAWL_KEYS,
    DEFINITION_KEYS,
    INERT_DEFINITION_KEYS,
    DefinitionKeys,
    field_names,
)
from runtime.definitions.order import circle, in_order
from runtime.definitions.schedule import schedule_problem, time_zone_problem
from runtime.definitions.shapes import RawStep, name_problem, raw_steps
from runtime.definitions.steps import Managers, checked_step, seconds
from runtime.toml.diagnostic import BadFileError, Diagnostic, Severity
from runtime.toml.diagnostic import in_order as sorted_diagnostics
from runtime.toml.document import Document, UnreadableError, parse_document, read_document
from runtime.toml.shape import fit
from runtime.toml.wording import quoted, shown

CONFIGURATION = "quaero.toml"


class DefinitionError(BadFileError):
    """A definition can not be loaded; ``diagnostics`` are all that was found, errors first."""


class Loaded(msgspec.Struct, frozen=True):
    """A loaded definition and what its author should know."""

    definition: JobDefinition
    file: str
    warnings: tuple[Diagnostic, ...] = ()
    unrunnable: tuple[Diagnostic, ...] = ()  # why this runtime can not run it; loading it is no error


def load_definition(path: str | os.PathLike[str], *, managers: Managers) -> Loaded:
    """Load a definition file; ``managers`` are the actions there are, by name.

    Raises:
        DefinitionError: the file can not be read or is no definition.
    """
    try:
        document = read_document(path)
    except UnreadableError as error:
        raise DefinitionError([error.diagnostic]) from error
    return _loaded(document, managers)


def load_definition_text(text: str | bytes, *, managers: Managers, file: str = "definition") -> Loaded:
    """Load a definition from its TOML text; ``file`` is the name for messages.

    Raises:
        DefinitionError: the text is no definition.
    """
    try:
        document = parse_document(text, file=file)
    except UnreadableError as error:
        raise DefinitionError([error.diagnostic]) from error
    return _loaded(document, managers)


def directory_files(path: str | os.PathLike[str]) -> list[FilePath]:
    """The ``*.toml`` files of a directory, by name, but for a configuration.

    Raises:
        DefinitionError: the directory can not be read.
    """
    try:
        files = [each for each in FilePath(path).iterdir() if each.suffix == ".toml"]
    except OSError as error:
        message = f"the directory of definitions can not be read: {error.strerror}"
        raise DefinitionError([Diagnostic(message, os.fsdecode(path))]) from error
    return sorted(each for each in files if each.name != CONFIGURATION)


def _loaded(document: Document, managers: Managers) -> Loaded:
    findings = Findings(document)
    table = dict(document.table)
    flat_keys = CRAWL_KEYS | (
        field_names(managers["crawl"].config_type) if "crawl" in managers else frozenset()
    )
    flat = {key: table.pop(key) for key in (flat_keys - DEFINITION_KEYS) & table.keys()}
    own = {key: value for key, value in table.items() if key not in INERT_DEFINITION_KEYS | {"step", "steps"}}
    found = fit(own, DefinitionKeys)
    findings.add_fit(found, "", lambda path: path, flat_keys | {"step"})
    keys = msgspec.convert({"id": "-", "name": "-"} | found.fitting(), DefinitionKeys)
    timeout_seconds = seconds(findings, keys.timeout, ("timeout",), "timeout")
    _check_keys(findings, keys)
    raw = raw_steps(findings, flat)
    steps = [checked_step(each, findings, managers, keys.config) for each in raw]
    depends = _dependencies(findings, raw)
    _check_conditions(findings, raw, depends, Surroundings(keys.config, keys.tags))
    if findings.failed:
        raise DefinitionError(findings.found)
    by_name = {step.name: step for step in steps if step is not None}
    return Loaded(
        definition=JobDefinition(
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
        ),
        file=document.file,
        warnings=sorted_diagnostics(findings.of(Severity.WARNING)),
        unrunnable=sorted_diagnostics(findings.of(Severity.UNRUNNABLE)),
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
                hint = did_you_mean(name, [other.name for other in raw if other is not step])
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
