"""JSON schemas of definition files and of job payloads, made from the types that check them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from runtime.definitions.keys import DefinitionKeys, StepKeys
from runtime.definitions.steps import Managers

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def definition_schema(managers: Managers) -> dict[str, Any]:
    """The schema of a native definition file for a runtime with these actions."""
    configurations = [manager.config_type for manager in managers.values()]
    (definition, step, *actions), parts = msgspec.json.schema_components(
        [DefinitionKeys, StepKeys, *configurations], ref_template="#/$defs/{name}"
    )
    branches = [
        {
            "title": action,
            "properties": {"action": {"const": action}},
            "required": ["action"],
            "allOf": [step, configuration],
        }
        for action, configuration in zip(managers, actions, strict=True)
    ]
    steps = {"type": "object", "minProperties": 1, "additionalProperties": {"anyOf": branches}}
    return {
        "$schema": _DIALECT,
        "title": "A job definition",
        "allOf": [definition],
        "type": "object",
        "properties": {"step": steps},
        "required": ["step"],
        "$defs": parts,
    }


def payload_schema(payload_types: Mapping[str, type[Any]]) -> dict[str, Any]:
    """The schemas of job payloads by job type."""
    schemas, parts = msgspec.json.schema_components(payload_types.values(), ref_template="#/$defs/{name}")
    return {
        "$schema": _DIALECT,
        "title": "Payloads of jobs by their type",
        "type": "object",
        "properties": dict(zip(payload_types, schemas, strict=True)),
        "$defs": parts,
    }
