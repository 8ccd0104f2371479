"""Errors as problem details (RFC 9457): what is wrong, where, and what to do.

What the runtime raises is told apart here and nowhere else: refused (400 or 409), not there (404), not available now
(503), and our own fault (500), of which the client sees nothing but that it is logged.
"""

import logging
import sqlite3
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)

from actors.ids import UnknownIdError
from runtime.engine import EngineError
from runtime.gateway.head import allowed
from runtime.refusal import KeyTakenError, RefusedError, RuntimeStateError
from runtime.store.database import StoreError
from runtime.store.reading.records import EventsPrunedError
from runtime.toml.diagnostic import BadFileError, Diagnostic

logger = logging.getLogger("quaero.gateway")

MEDIA_TYPE = "application/problem+json"

TITLES = {
    400: "Bad request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    410: "Gone",
    413: "Too large",
    415: "Unsupported media type",
    422: "Unprocessable content",
    429: "Too many requests",
    431: "Header fields too large",
    500: "Internal error",
    503: "Not available",
}


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong with what was sent."""

    message: str
    path: str = ""  # the JSON or TOML path
    line: int | None = None
    hint: str = ""


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every answer that is an error."""

    title: str
    status: int
    detail: str
    type: str = "about:blank"
    instance: str = ""
    errors: tuple[Fault, ...] = ()


class NotFoundError(LookupError):
    """There is nothing of that name or id here."""


class ConflictError(RuntimeError):
    """What is asked does not go with the state things are in."""


class BadRequestError(ValueError):
    """What was sent is not what is wanted; ``path`` is the JSON path or the parameter; several are ``faults``."""

    def __init__(self, message: str, path: str = "", *, faults: tuple[Fault, ...] = ()) -> None:
        super().__init__(message)
        self.faults = faults or ((Fault(message, path),) if path else ())


STATUS: tuple[tuple[type[Exception], int], ...] = (
    (UnknownIdError, 404),
    (NotFoundError, 404),
    (EventsPrunedError, 410),
    (ConflictError, 409),
    (RefusedError, 409),
    (RuntimeStateError, 503),
    (EngineError, 503),
    (StoreError, 503),
    (sqlite3.OperationalError, 503),
)
"""What the runtime raises, where its text is the detail."""


def problem_of(error: Exception, path: str) -> Problem:
    """What an exception means to the client. Pure."""
    if isinstance(error, RecursionError) and "deserializing" in str(error):  # msgspec's, of a body
        error = BadRequestError("the body nests more deeply than can be read", "$")
    if isinstance(error, BadRequestError):
        return _problem(400, str(error), path, error.faults)
    if isinstance(error, KeyTakenError):
        return _problem(422, str(error), path, (Fault(str(error), "Idempotency-Key"),))
    if isinstance(error, BadFileError):
        return _problem(400, str(error), path, tuple(map(_fault, error.diagnostics)))
    if isinstance(error, ValidationException):
        return _problem(400, _first_sentence(error), path, _faults_of(error))
    if isinstance(error, NotFoundException):
        return _problem(404, f"there is nothing at {path}; /api/schema/openapi.json says what there is", path)
    if isinstance(error, HTTPException):
        return _problem(error.status_code, error.detail or "", path)
    for kind, status in STATUS:
        if isinstance(error, kind):
            return _problem(status, str(error), path)
    return _problem(500, "the runtime's log says more", path)


def answer(problem: Problem, headers: dict[str, str] | None = None) -> Response[Problem]:
    """The response that tells it."""
    return Response(problem, status_code=problem.status, media_type=MEDIA_TYPE, headers=headers)


def handle(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Litestar's handler of every exception."""
    problem = problem_of(error, request.url.path)
    if problem.status >= 500:
        logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    headers = dict(getattr(error, "headers", None) or {})
    if isinstance(error, MethodNotAllowedException):
        headers = {"Allow": allowed(headers.get("allow", "").split(", "))}
    return answer(problem, headers)


def _problem(status: int, detail: str, path: str, errors: tuple[Fault, ...] = ()) -> Problem:
    return Problem(TITLES.get(status, "Error"), status, detail, instance=path, errors=errors)


def _fault(diagnostic: Diagnostic) -> Fault:
    return Fault(diagnostic.message, diagnostic.key_path, diagnostic.line, diagnostic.hint)


def _first_sentence(error: ValidationException) -> str:
    faults = _faults_of(error)
    return faults[0].message if faults else error.detail


def _faults_of(error: ValidationException) -> tuple[Fault, ...]:
    extra = error.extra if isinstance(error.extra, list) else []
    return tuple(_parameter_fault(each) for each in extra if isinstance(each, dict))


def _parameter_fault(found: dict[str, Any]) -> Fault:
    """Litestar's finding: where it is, is the name of a parameter, or of a body the JSON path."""
    source, key, message = (
        str(found.get("source", "")),
        str(found.get("key", "")),
        str(found.get("message", "")),
    )
    if source != "body":
        return Fault(message, key or source)
    if message == "'data'":  # Litestar's own name for a body
        return Fault("the body is missing: send JSON as application/json", "$")
    return Fault(message, f"$.{key}" if key and key != "data" else "$")
