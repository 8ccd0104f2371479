"""What a definition must be to be run here. One made in code comes as it is: no loader has looked at it.

A definition that is admitted is read back from the store as it was given: a row that could not be read would stop the
step, and every runtime that takes it up. Pure.
"""

from collections.abc import Iterator, Mapping
from typing import Any, TypeGuard

import msgspec

from actors.job import ErrorTolerance, JobDefinition, Step
from actors.manager import JobManager, missing, unmet
from actors.orchestrator.condition import Surroundings
from actors.storable import storable
from actors.webhooks.webhook import PREFIX
from runtime.definitions.conditions import condition_faults
from runtime.fingerprint import of_text
from runtime.refusal import RefusedError

MAX_NAME = 200
"""Characters of an id or a name."""
MAX_KEY = 1000
"""Characters of a submit key."""


def admitted(
    definition: JobDefinition, managers: Mapping[str, type[JobManager]], workers: Mapping[str, Any]
) -> JobDefinition:
    """The definition as it will be read from the store.

    Raises:
        RefusedError: it can not be run here; the first thing that is wrong is named, with its value.
    """
    whole = as_stored(definition)
    for problem in _problems(whole, managers, workers):
        raise RefusedError(problem)
    return whole


def as_stored(definition: JobDefinition) -> JobDefinition:
    """The definition as it will be read from the store, whether it can be run here or not.

    Raises:
        RefusedError: it can not be stored.
    """
    try:
        return msgspec.json.decode(msgspec.json.encode(definition), type=JobDefinition)
    except (msgspec.MsgspecError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise RefusedError(f"the definition can not be stored: {error}") from error


def admitted_key(key: str | None) -> str | None:
    """The submit key.

    Raises:
        RefusedError: it can be none.
    """
    if key is None or _is_key(key):
        return key
    raise RefusedError(f"key must be a text of 1 to {MAX_KEY} characters, got {key!r:.200}")


def admitted_fingerprint(fingerprint: str | None) -> str | None:
    """What a caller says its request is, as it is stored.

    Raises:
        RefusedError: it is no text.
    """
    if fingerprint is None:
        return None
    if _is_text(fingerprint):
        return of_text(fingerprint)
    raise RefusedError(f"fingerprint must be a text, got {fingerprint!r:.200}")


def _problems(
    definition: JobDefinition, managers: Mapping[str, type[JobManager]], workers: Mapping[str, Any]
) -> Iterator[str]:
    if not definition.enabled:
        yield f"definition {definition.id!r} is not enabled; set enabled = true to run it"
    if definition.id.startswith(PREFIX):
        yield f"id must not begin with {PREFIX!r}, as those of webhooks' deliveries do, got {definition.id!r:.220}"
    for field in ("id", "name"):
        yield from _name_problems(field, getattr(definition, field))
    yield from _number_problems("timeout_seconds", definition.timeout_seconds)
    yield from _tolerance_problems(definition.error_tolerance)
    for step in definition.steps:
        problems = list(_step_problems(step, managers, workers))
        for problem in problems or _missing(step, definition, managers):
            yield f"step {step.name!r}: {problem}"
    conditions = {step.name: step.condition for step in definition.steps if step.condition is not None}
    depends = {step.name: step.depends for step in definition.steps}
    around = Surroundings(definition.variables, definition.tags)
    for name, sentence, hint in condition_faults(conditions, depends, around):
        yield f"step {name!r}: {sentence}{f'; {hint}' if hint else ''}"


def _step_problems(
    step: Step, managers: Mapping[str, type[JobManager]], workers: Mapping[str, Any]
) -> Iterator[str]:
    yield from _name_problems("name", step.name)
    for field in (
        "timeout_seconds",
        "concurrency",
        "max_retries",
        "initial_backoff_seconds",
        "max_backoff_seconds",
        "backoff_multiplier",
    ):
        yield from _number_problems(field, getattr(step, field))
    yield from _tolerance_problems(step.error_tolerance)
    manager = managers.get(step.action)
    if manager is None:
        yield f"there is no manager for action {step.action!r}; there are {', '.join(sorted(managers))}"
        return
    for child in manager.child_types:
        if child not in workers:
            yield f"action {step.action!r} makes {child!r} jobs, no worker does them"
    try:
        msgspec.convert(step.config, manager.config_type)
        problems = [*manager.problems(step), *unmet(managers, step)]
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError) as error:
        yield f"config: {error}"
        return
    for key, sentence in problems:
        yield sentence if sentence.startswith(key) else f"{key}: {sentence}"


def _missing(
    step: Step, definition: JobDefinition, managers: Mapping[str, type[JobManager]]
) -> Iterator[str]:
    for _, sentence in missing(managers, step, definition):
        yield sentence


def _name_problems(field: str, name: str) -> Iterator[str]:
    if not 0 < len(name) <= MAX_NAME:
        yield f"{field} must be a text of 1 to {MAX_NAME} characters, got {name!r:.220}"


def _number_problems(field: str, value: float) -> Iterator[str]:
    if not 0 <= value <= 1e9:
        yield f"{field} must be 0 or more, got {value!r}"


def _tolerance_problems(tolerance: ErrorTolerance | None) -> Iterator[str]:
    if tolerance is None:
        return
    for field in ("max_child_failures", "min_finished"):
        yield from _number_problems(f"error_tolerance.{field}", getattr(tolerance, field))
    if not 0 <= tolerance.max_failure_ratio <= 1:
        yield f"error_tolerance.max_failure_ratio must be from 0 to 1, got {tolerance.max_failure_ratio!r}"


def _is_key(key: object) -> bool:
    return _is_text(key) and 0 < len(key) <= MAX_KEY


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and storable(value) == value
