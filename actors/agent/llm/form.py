"""The JSON Schema of an agent's output as language models' APIs take it: whole, without references. Pure."""

from typing import Any

import msgspec

_KEPT = frozenset(
    {"type", "description", "enum", "items", "properties", "required", "anyOf", "additionalProperties"}
)


def output_schema(output_type: type[msgspec.Struct]) -> dict[str, Any]:
    """The schema that an answer has to meet.

    Tables of free keys are left out of objects that may do without them: the strict modes of the APIs know none.
    """
    schema = msgspec.json.schema(output_type)
    whole: dict[str, Any] = _resolved(schema, schema.get("$defs", {}))
    return whole


def without_closing(schema: Any) -> Any:
    """The schema without ``additionalProperties``, which Gemini does not know."""
    if isinstance(schema, dict):
        return {key: without_closing(value) for key, value in schema.items() if key != "additionalProperties"}
    return [without_closing(each) for each in schema] if isinstance(schema, list) else schema


def _resolved(schema: Any, parts: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        return [_resolved(each, parts) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _resolved(parts[schema["$ref"].rpartition("/")[2]], parts)
    kept = {key: value for key, value in schema.items() if key in _KEPT}
    if "properties" not in kept:
        return {
            key: value if key in {"enum", "type"} else _resolved(value, parts) for key, value in kept.items()
        }
    needed = kept.get("required", [])
    properties = {
        name: _resolved(each, parts)
        for name, each in kept["properties"].items()
        if name in needed or not _is_free_table(each)
    }
    return {**kept, "properties": properties, "required": list(properties), "additionalProperties": False}


def _is_free_table(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "object" and "properties" not in schema
