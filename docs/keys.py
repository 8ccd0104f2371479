"""The keys of configurations and definitions. What one means is its ``Meta`` description, or the text below it."""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from msgspec import inspect as shapes

from actors.agent.config import AgentConfig
from actors.places.config import PlacesConfig
from actors.settings import Secret
from actors.worker.crawler.config import CrawlConfig
from docs.markdown import table
from runtime.config.schema import Config, Worker
from runtime.definitions.keys import DefinitionKeys, StepKeys, ToleranceKeys
from runtime.repertoire import BUILT_IN_MANAGERS, BUILT_IN_WORKERS
from runtime.webhook_settings import WebhookSettings


def configuration() -> Iterator[str]:
    """The sections of ``quaero.toml``."""
    for field in msgspec.structs.fields(Config):
        shape = shapes.type_info(field.type)
        name = field.encode_name
        if isinstance(shape, shapes.StructType):
            yield from _section(f"[{name}]", shape.cls)
            for inner in msgspec.structs.fields(shape.cls):
                part = shapes.type_info(inner.type)
                if isinstance(part, shapes.StructType):
                    yield from _section(f"[{name}.{inner.encode_name}]", part.cls)
        elif name == "workers":
            yield from _section("[workers.TYPE]", Worker)
            for each in BUILT_IN_WORKERS:
                yield from _section(f"[workers.{each.worker_type}]", each.settings_type)
        elif name == "webhooks":
            yield from _section("[webhooks.NAME]", WebhookSettings)
        elif name == "managers":
            for manager in BUILT_IN_MANAGERS:
                yield from _section(f"[managers.{manager.manager_type}]", manager.settings_type)
        else:
            yield f"\n## [{name}.NAME]\n\n{_meanings(Config)[name]}\n"


def definition() -> Iterator[str]:
    """The tables of a job definition."""
    yield from _section("At the top", DefinitionKeys)
    yield from _section("[error_tolerance], [step.NAME.error_tolerance]", ToleranceKeys)
    yield from _section("[step.NAME]", StepKeys)
    yield from _section('[step.NAME] with action = "crawl"', CrawlConfig)
    yield from _section('[step.NAME] with action = "agent"', AgentConfig)
    yield from _section('[step.NAME] with action = "places_search"', PlacesConfig)


def _section(title: str, struct: type[msgspec.Struct]) -> Iterator[str]:
    meanings = _meanings(struct)
    rows = []
    for field in msgspec.structs.fields(struct):
        shape = shapes.type_info(field.type)
        if isinstance(shape, shapes.StructType):
            continue  # a section of its own
        default = _shown(field.default if field.default is not msgspec.NODEFAULT else _made(field))
        extra = shape.extra_json_schema if isinstance(shape, shapes.Metadata) else None
        meaning = meanings.get(field.encode_name) or (extra or {})["description"]
        rows.append((f"`{field.encode_name}`", _kind(shape), default, meaning[0].upper() + meaning[1:]))
    if rows:
        about = inspect.cleandoc(struct.__doc__ or "").replace("``", "`")
        yield f"\n## {title}\n\n{about}\n"
        yield table(("key", "value", "default", "meaning"), rows)


def _made(field: Any) -> Any:
    return field.default_factory() if field.default_factory is not msgspec.NODEFAULT else msgspec.NODEFAULT


def _shown(value: Any) -> str:
    if value is msgspec.NODEFAULT:
        return "must be given"
    if value is UNSET or value is None:
        return "none" if value is None else "the worker's own"
    if isinstance(value, Secret):
        return "none"
    return f"`{msgspec.json.encode(value).decode()}`"


def _kind(shape: shapes.Type) -> str:
    """A type in words, with its limits."""
    match shape:
        case shapes.Metadata(type=inner):
            return _kind(inner)
        case shapes.UnionType(types=types):
            return " or ".join(
                dict.fromkeys(_kind(each) for each in types if not isinstance(each, shapes.NoneType | _Unset))
            )
        case shapes.LiteralType(values=values):
            return ", ".join(f"`{msgspec.json.encode(value).decode()}`" for value in values)
        case shapes.EnumType(cls=cls):
            return ", ".join(f"`{msgspec.json.encode(each).decode()}`" for each in cls)
        case shapes.IntType() | shapes.FloatType():
            word = "integer" if isinstance(shape, shapes.IntType) else "number"
            return word + _limits(shape.ge, shape.gt, shape.le)
        case shapes.CustomType():
            return "secret text"
        case shapes.VarTupleType(item_type=item):
            return f"list of {_kind(item)}"
    return _WORDS[type(shape)]


_WORDS = {
    shapes.BoolType: "true or false",
    shapes.DictType: "table",
    shapes.StrType: "text",
    shapes.StructType: "table",
}
_Unset = type(shapes.type_info(UnsetType))


def _limits(least: float | None, above: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f" {least:,.15g} … {most:,.15g}"
    limits = ((" ≥ ", least), (" > ", above), (" ≤ ", most))
    return ",".join(f"{sign}{limit:,.15g}" for sign, limit in limits if limit is not None)


@cache
def _meanings(struct: type[msgspec.Struct]) -> dict[str, str]:
    """The texts below a Struct's fields, and below those of the Structs it is made from."""
    found: dict[str, str] = {}
    for each in reversed(struct.__mro__):
        if each is not msgspec.Struct and issubclass(each, msgspec.Struct):
            found |= _own_meanings(each)
    return found


def _own_meanings(struct: type[msgspec.Struct]) -> dict[str, str]:
    (parsed,) = ast.parse(textwrap.dedent(inspect.getsource(struct))).body
    found: dict[str, str] = {}
    body = parsed.body if isinstance(parsed, ast.ClassDef) else []
    for field, text in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        ):
            found[field.target.id] = " ".join(str(text.value.value).split()).replace("``", "`")
    return found
