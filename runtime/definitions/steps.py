"""One raw step against its own keys and its action's configuration type: a ``Step``, or what is wrong with it."""

from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from msgspec import inspect

from actors.job import OnError, Step
from actors.manager import JobManager, unmet
from runtime.definitions.duration import DurationError, parse_duration
from runtime.definitions.findings import Findings, Place
from runtime.definitions.keys import RETRY_KEYS, SELECTORS, STEP_KEYS, StepKeys, field_names
from runtime.definitions.shapes import RawStep
from runtime.definitions.variables import substitute
from runtime.toml.diagnostic import Path, Severity, parse_path
from runtime.toml.shape import fit, plain
from runtime.toml.text import read_text
from runtime.toml.wording import one_of, quoted, shown

Managers = Mapping[str, type[JobManager]]
"""Which actions there are, by name; ``config_type`` and ``problems`` of each are used."""

NESTED: dict[str, dict[str, str]] = {
    "places_search": {"location": "location_", "filters": "filter_"},
    "agent": {"document_filter": "filter_", "filters": "filter_"},
    "transform": {"document_filter": "filter_", "filters": "filter_"},
}
"""Tables that older files nest in a configuration, and the prefix under which their keys are known now."""
NOT_FILTERS = frozenset({"max_keywords"})
"""Keys that older files wrote into a filter table although they are the step's."""


def checked_step(
    raw: RawStep,
    findings: Findings,
    managers: Managers,
    variables: dict[str, Any],
    texts: Collection[Path] = (),
) -> Step | None:
    """The step without its dependencies; None if a fault was found, which is among the findings.

    Args:
        raw: as the file has it.
        findings: where faults go.
        managers: the actions there are, by name.
        variables: the definition's own, for ``{config.x}``.
        texts: where the file's whole text is that of a variable from outside, see ``typed``.
    """
    before = len(findings.of(Severity.ERROR))
    manager = managers.get(raw.action)
    if manager is not None and "concurrency" in raw.config:
        # The step's limit is also a setting of some actions; then the action's type judges it.
        if "concurrency" in field_names(manager.config_type):
            raw.keys.pop("concurrency", None)
        else:
            raw.keys["concurrency"] = raw.config.pop("concurrency")
    found = fit(typed(raw.keys, StepKeys, raw.own_place, texts), StepKeys)
    findings.add_fit(found, raw.subject, raw.own_place)
    keys = msgspec.convert(found.fitting(), StepKeys)
    _warn_of_idle_keys(raw, keys, findings)
    config, missing = substitute(raw.config, variables)
    for name, path in {name: path for path, name in reversed(missing)}.items():  # each once, its first place
        hint = findings.did_you_mean(name, variables, "add it below [config]")
        findings.warn(raw.place(path), f"{raw.subject}: there is no variable {quoted(name)}", hint)
    if manager is None:
        _report_action(raw, findings, managers)
        configured = plain(config)
        findings.add_fit(configured, raw.subject, raw.place)
    else:
        _flatten(raw, config, manager, findings)
        configured = fit(typed(config, manager.config_type, raw.place, texts), manager.config_type)
        findings.add_fit(configured, raw.subject, raw.place, STEP_KEYS | SELECTORS)
    step = Step(
        name=raw.name,
        action=raw.action,
        config=configured.value,
        on_error=OnError(keys.on_error),
        description=keys.description,
        enabled=keys.enabled,
        condition=keys.condition if (keys.condition or "").strip() else None,
        timeout_seconds=_seconds_of("timeout", keys, raw, findings),
        concurrency=keys.concurrency,
        max_retries=keys.max_retries,
        initial_backoff_seconds=_seconds_of("initial_backoff", keys, raw, findings),
        max_backoff_seconds=_seconds_of("max_backoff", keys, raw, findings),
        backoff_multiplier=keys.backoff_multiplier,
        error_tolerance=keys.error_tolerance.tolerance() if keys.error_tolerance else None,
    )
    if manager is not None and len(findings.of(Severity.ERROR)) == before:
        step = _beyond_types(step, raw, findings, managers)
    return step if len(findings.of(Severity.ERROR)) == before else None


def typed(
    table: dict[str, Any], struct: type[msgspec.Struct], place: Place, texts: Collection[Path]
) -> dict[str, Any]:
    """The table with what came from a variable's text read as the type of its key: environments have only texts."""
    if not texts:
        return table
    wanted = {field.encode_name: field.type for field in msgspec.structs.fields(struct)}
    return {
        key: read_text(value, inspect.type_info(wanted[key]))
        if isinstance(value, str) and key in wanted and place((key,)) in texts
        else value
        for key, value in table.items()
    }


def _seconds_of(key: str, keys: StepKeys, raw: RawStep, findings: Findings) -> float:
    return seconds(findings, getattr(keys, key), raw.own_place((key,)), f"{raw.subject}: {key}")


def _warn_of_idle_keys(raw: RawStep, keys: StepKeys, findings: Findings) -> None:
    """Keys whose effect another key's value takes away."""
    if keys.on_error != "retry":
        for key in RETRY_KEYS & raw.keys.keys():
            findings.warn(
                raw.own_place((key,)), f'{raw.subject}: {key} has no effect without on_error = "retry"'
            )


def seconds(findings: Findings, value: float | str, path: Path, subject: str) -> float:
    """A duration's seconds; 0 if it is none, which is then among the findings."""
    try:
        return parse_duration(value)
    except DurationError as error:
        findings.add(
            path, f"{subject} must be {error}, got {shown(value)}", 'write "30m"', value=shown(value)
        )
        return 0.0


def _report_action(raw: RawStep, findings: Findings, managers: Managers) -> None:
    table = findings.document.table
    for part in raw.path:
        table = table[part]  # type: ignore[index]
    selector = "action" if "action" in table else "type"
    known = f"known are {one_of(sorted(managers))}" if managers else "no manager is registered"
    findings.add(
        (*raw.path, selector),
        f"{raw.subject}: no manager carries out {quoted(raw.action)}",
        findings.did_you_mean(raw.action, managers, known),
        value=shown(raw.action),
        severity=Severity.UNRUNNABLE,
    )


def _flatten(raw: RawStep, config: dict[str, Any], manager: type[JobManager], findings: Findings) -> None:
    """Write the keys of older files' nested tables as the flat keys that the action knows; those that are flat win."""
    for name, prefix in NESTED.get(raw.action, {}).items():
        if name not in config or name in field_names(manager.config_type):
            continue
        table = config.pop(name)
        path = raw.config_paths.pop(name)
        if not isinstance(table, dict):
            findings.add(
                path, f"{raw.subject}: {name} must be a table, got {shown(table)}", value=shown(table)
            )
            continue
        for key, value in table.items():
            flat = key if key in NOT_FILTERS or key.startswith(prefix) else prefix + key
            if flat not in config:
                config[flat], raw.config_paths[flat] = value, (*path, key)


def _beyond_types(step: Step, raw: RawStep, findings: Findings, managers: Managers) -> Step:
    """What the action itself knows of its configuration; and the step's limit, if that is one of its settings."""
    manager = managers[raw.action]
    try:
        config = msgspec.convert(step.config, manager.config_type)
        problems = manager.problems(step)
    except (ValueError, TypeError, RecursionError) as error:  # a rule of the action's own type
        findings.add(raw.path, f"{raw.subject}: {error}")
        return step
    for severity, faults in ((Severity.ERROR, problems), (Severity.UNRUNNABLE, unmet(managers, step))):
        for key, sentence in faults:
            message = sentence if sentence.startswith(key) else f"{key}: {sentence}"
            findings.add(raw.place(parse_path(key)), f"{raw.subject}: {message}", severity=severity)
    limit = getattr(config, "concurrency", step.concurrency)
    return msgspec.structs.replace(step, concurrency=limit) if isinstance(limit, int) else step
