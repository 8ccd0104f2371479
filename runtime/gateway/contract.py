"""The OpenAPI document: what Litestar draws from the handlers, and what they can not say of themselves.

Which refusals a route can answer with follows from its method and its parameters, so that none is left out by hand.
``make contract`` tries the whole document against a gateway that runs.
"""

from dataclasses import dataclass
from typing import Any

from litestar import Request, Router
from litestar.exceptions import NotFoundException
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema, SecurityScheme
from litestar.openapi.spec.enums import OpenAPIType

from runtime.gateway.guard import OPEN_PATHS
from runtime.gateway.problem import MEDIA_TYPE, TITLES

OF_EVERY_ROUTE = (400, 401, 403, 429, 431, 503)
"""The gate's, and what a runtime that stops answers."""
OF_BODIES = (413,)
OF_KEYS = (422,)
IDEMPOTENCY = "Idempotency-Key"

TOKEN_SCHEME = SecurityScheme(
    type="http",
    scheme="bearer",
    description="A token that `quaero token` made; the page keeps it in a cookie.",
)

PROBLEM: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "What is wrong, where, and what to do (RFC 9457).",
    "required": ["title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "default": "about:blank"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["message"],
                "properties": {
                    "message": {"type": "string"},
                    "path": {"type": "string", "description": "the JSON or TOML path, or the parameter"},
                    "line": {"type": "integer"},
                    "hint": {"type": "string"},
                },
            },
        },
    },
}


@dataclass
class TakesDefinition(Operation):
    """An operation whose body is a job definition: JSON, TOML, or a file of a form."""

    def __post_init__(self) -> None:
        """The handler reads the request itself, so Litestar found no body."""
        self.request_body = RequestBody(
            required=True,
            description="A job definition; `quaero schema` prints its JSON Schema.",
            content={
                "application/json": OpenAPIMediaType(Schema(type=OpenAPIType.OBJECT)),
                "application/toml": OpenAPIMediaType(Schema(type=OpenAPIType.STRING)),
                "multipart/form-data": OpenAPIMediaType(
                    Schema(
                        type=OpenAPIType.OBJECT,
                        required=["file"],
                        properties={"file": Schema(type=OpenAPIType.STRING, content_media_type="text/plain")},
                    )
                ),
            },
        )


class Contract(JsonRenderPlugin):
    """``/api/schema/openapi.json``."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The document with the refusals in it."""
        return super().render(request, with_refusals(openapi_schema))


def document() -> Router:
    """``/api/schema``: the document, and no page of Litestar's for what is not there."""

    def refuse_others(request: Request[Any, Any, Any]) -> None:
        if request.path_params:
            raise NotFoundException

    return Router("/api/schema", route_handlers=[], include_in_schema=False, before_request=refuse_others)


def with_refusals(document: dict[str, Any]) -> dict[str, Any]:
    """The document in which every operation names its refusals, and an answer without a body has none. Pure."""
    components = document.get("components", {})
    schemas = {**components.get("schemas", {}), "Problem": PROBLEM}
    paths = {
        path: {
            method: _operation(method, path, operation) if isinstance(operation, dict) else operation
            for method, operation in methods.items()
        }
        for path, methods in document["paths"].items()
    }
    return {**document, "paths": paths, "components": {**components, "schemas": schemas}}


def _operation(method: str, path: str, operation: dict[str, Any]) -> dict[str, Any]:
    answers = {
        status: {key: value for key, value in answer.items() if key != "content" or status != "204"}
        for status, answer in operation["responses"].items()
    }
    names = {each["name"] for each in operation.get("parameters", ())}
    for status in refusals(method, path, has_body="requestBody" in operation, has_key=IDEMPOTENCY in names):
        shown = {"description": TITLES[status], "content": {MEDIA_TYPE: {"schema": _REFERENCE}}}
        if status == 400:  # Litestar's own is another object
            answers["400"] = shown
        answers.setdefault(str(status), shown)
    taken: dict[str, Any] = (
        {"parameters": [*map(_parameter, operation["parameters"])]} if "parameters" in operation else {}
    )
    if path in OPEN_PATHS and method == "get":
        taken["security"] = []
    return {**operation, **taken, "responses": dict(sorted(answers.items()))}


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    """Without the null that Python gives for one that is left out: an address has no null."""
    schema = parameter["schema"]
    kinds = [each for each in schema.get("oneOf", ()) if each != {"type": "null"}]
    if len(kinds) != 1:
        return parameter
    others = {key: value for key, value in schema.items() if key != "oneOf"}
    return {**parameter, "schema": {**others, **kinds[0]}}


def refusals(method: str, path: str, *, has_body: bool, has_key: bool = False) -> tuple[int, ...]:
    """With which statuses a route may refuse. Pure."""
    found = {*OF_EVERY_ROUTE}
    if "{" in path:
        found.add(404)
    if method != "get":
        found.add(409)
    if has_body:
        found.update(OF_BODIES)
    if has_key:
        found.update(OF_KEYS)
    return tuple(sorted(found))


_REFERENCE = {"$ref": "#/components/schemas/Problem"}
