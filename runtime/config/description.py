"""The JSON schema of ``quaero.toml`` for a runtime with these workers and managers."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec

from actors.settings import secret_schema
from runtime.config.schema import Config, Worker
from runtime.webhook_settings import WebhookSettings

_DIALECT = "https://json-schema.org/draft/2020-12/schema"

Types = Mapping[str, type[msgspec.Struct]]


def config_schema(workers: Types | None = None, managers: Types | None = None) -> dict[str, Any]:
    """The schema; ``workers`` and ``managers`` are the types of their settings."""
    own_of_workers, own_of_managers = _with_settings(workers or {}), _with_settings(managers or {})
    settings = (WebhookSettings, *own_of_workers.values(), *own_of_managers.values())
    (whole, options, of_webhooks, *own), parts = msgspec.json.schema_components(
        [Config, Worker, *map(_without_secrets, settings)],
        schema_hook=secret_schema,
        ref_template="#/$defs/{name}",
    )
    of_workers, of_managers = own[: len(own_of_workers)], own[len(own_of_workers) :]
    properties = {
        "workers": {
            name: {"allOf": [options, own_settings]}
            for name, own_settings in zip(own_of_workers, of_workers, strict=True)
        },
        "managers": dict(zip(own_of_managers, of_managers, strict=True)),
    }
    return {
        "$schema": _DIALECT,
        "title": "quaero.toml",
        "allOf": [whole],
        "properties": {
            **{section: {"type": "object", "properties": tables} for section, tables in properties.items()},
            "webhooks": {"type": "object", "additionalProperties": of_webhooks},
        },
        "$defs": parts,
    }


def _with_settings(types: Types) -> dict[str, type[msgspec.Struct]]:
    return {name: each for name, each in types.items() if msgspec.structs.fields(each)}


@cache
def _without_secrets(wanted: type[Any]) -> type[msgspec.Struct]:
    """The same Struct, without the defaults that are or have secrets: msgspec would show them, and can not."""
    fields: list[tuple[str, Any, Any]] = []
    for field in msgspec.structs.fields(wanted):
        kind, name = field.type, field.encode_name
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            kind = _without_secrets(kind)
        if field.required:
            default = msgspec.field(name=name)
        elif field.default is msgspec.NODEFAULT or not _can_be_shown(field.default):
            default = msgspec.field(name=name, default_factory=dict)
        else:
            default = msgspec.field(name=name, default=field.default)
        fields.append((field.name, kind, default))
    return msgspec.defstruct(wanted.__name__, fields, namespace={"__doc__": wanted.__doc__}, kw_only=True)


def _can_be_shown(default: Any) -> bool:
    try:
        msgspec.to_builtins(default)
    except TypeError:
        return False
    return True
