"""JSON schemas (2020-12) of definition files, of configurations and of payloads, made from the types that check them.

A schema is what an editor knows of a file. It has no errors for unknown keys, and a placeholder in a number's place is
none for it: ``quaero check`` has the last word.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from runtime.definitions.keys import ACTION_OF_TYPE, DefinitionKeys, StepKeys
from runtime.definitions.steps import Managers

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_REFERENCE = "#/$defs/{name}"


def definition_schema(managers: Managers) -> dict[str, Any]:
    """The schema of a definition file, in any of its shapes, for a runtime with these actions."""
    configurations = [manager.config_type for manager in managers.values()]
    (definition, step, *actions), parts = msgspec.json.schema_components(
        [DefinitionKeys, StepKeys, *configurations], ref_template=_REFERENCE
    )
    by_action = dict(zip(managers, actions, strict=True))
    flat = [{"$ref": by_action["crawl"]["$ref"]}] if "crawl" in by_action else []
    return {
        "$schema": _DIALECT,
        "title": "A job definition",
        "type": "object",
        "allOf": [definition],
        "properties": {
            "step": {
                "description": "The steps by their names.",
                "type": "object",
                "minProperties": 1,
                "additionalProperties": _step(step, by_action, nested=False),
            },
            "steps": {
                "description": "The same as a list, in older files.",
                "type": "array",
                "minItems": 1,
                "items": _step(step, by_action, nested=True),
            },
        },
        "if": {"not": {"anyOf": [{"required": ["step"]}, {"required": ["steps"]}]}},
        "then": {"allOf": flat, "required": ["start_urls"]} if flat else False,
        "$defs": parts,
    }


def configuration_schema(action: str, managers: Managers) -> dict[str, Any]:
    """The schema of a step's configuration for one action."""
    return _of_one(managers[action].config_type, f"Configuration of action {action}")


def configurations_schema(managers: Managers) -> dict[str, Any]:
    """The schemas of all actions' configurations, by action."""
    types = {action: manager.config_type for action, manager in managers.items()}
    return _of_many(types, "Configurations of steps by their action")


def payload_schema(payload_types: Mapping[str, type[Any]]) -> dict[str, Any]:
    """The schemas of job payloads by job type."""
    return _of_many(payload_types, "Payloads of jobs by their type")


def one_payload_schema(job_type: str, payload_type: type[Any]) -> dict[str, Any]:
    """The schema of one job type's payload."""
    return _of_one(payload_type, f"Payload of {job_type}")


def _step(step: dict[str, Any], by_action: dict[str, dict[str, Any]], *, nested: bool) -> dict[str, Any]:
    """A step's own keys, and by its action the keys of that. ``nested``: they may be in a table ``config`` too."""
    types = [*by_action, *(old for old, action in ACTION_OF_TYPE.items() if action in by_action)]
    selectors: dict[str, Any] = {
        "action": {"description": "What carries the step out.", "enum": list(by_action)},
        "type": {"description": "The same in older files.", "enum": types},
    }
    if nested:
        selectors |= {"name": {"type": "string", "minLength": 1}, "config": {"type": "object"}}
    return {
        "type": "object",
        "properties": selectors,
        **({"required": ["name"]} if nested else {}),
        "anyOf": [{"required": ["action"]}, {"required": ["type"]}],
        "allOf": [step, *(_branch(action, keys, nested=nested) for action, keys in by_action.items())],
    }


def _branch(action: str, keys: dict[str, Any], *, nested: bool) -> dict[str, Any]:
    names = [action, *(old for old, meant in ACTION_OF_TYPE.items() if meant == action)]
    named = [
        {"properties": {"action": {"const": action}}, "required": ["action"]},
        {"properties": {"type": {"enum": names}}, "required": ["type"], "not": {"required": ["action"]}},
    ]
    within = {"properties": {"config": keys}, "required": ["config"]}
    return {"title": action, "if": {"anyOf": named}, "then": {"anyOf": [within, keys]} if nested else keys}


def _of_many(types: Mapping[str, type[Any]], title: str) -> dict[str, Any]:
    schemas, parts = msgspec.json.schema_components(types.values(), ref_template=_REFERENCE)
    return {
        "$schema": _DIALECT,
        "title": title,
        "type": "object",
        "properties": dict(zip(types, schemas, strict=True)),
        "$defs": parts,
    }


def _of_one(wanted: type[Any], title: str) -> dict[str, Any]:
    (schema,), parts = msgspec.json.schema_components([wanted], ref_template=_REFERENCE)
    return {"$schema": _DIALECT, **schema, "title": title, "$defs": parts}
