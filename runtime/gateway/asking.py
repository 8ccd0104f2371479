"""What every route needs of the runtime: it is reached here, and what is not there is said in one way."""

from typing import Any

import msgspec
from litestar import Request

from actors.ids import UnknownIdError, parse_id
from actors.job import JobState
from runtime.admission import MAX_KEY
from runtime.embedding import Runtime
from runtime.gateway.contract import IDEMPOTENCY, TakesDefinition
from runtime.gateway.given import MAX_PAGE
from runtime.gateway.guard import SAFE_METHODS
from runtime.gateway.parameters import parameters_of, refuse_unknown
from runtime.gateway.problem import BadRequestError, NotFoundError

_STATES = frozenset(JobState)


def existing(runtime: Runtime, job_id: str) -> dict[str, Any]:
    """The run, step or job of that id.

    Raises:
        NotFoundError: there is none.
        UnknownIdError: the text is no id.
    """
    found = runtime.reader.job(parse_id(job_id))
    if found is None:
        raise NotFoundError(f"there is no run, step or job {job_id}")
    return found


def id_parameter(text: str | None, name: str) -> int | None:
    """The id in a parameter of that name; None if there is none.

    Raises:
        BadRequestError: the text is no id.
    """
    try:
        return None if text is None else parse_id(text)
    except UnknownIdError as error:
        raise BadRequestError(str(error), name) from error


def page_size(limit: int) -> int:
    """A page's size within its bounds.

    Raises:
        BadRequestError: it is outside.
    """
    if not 1 <= limit <= MAX_PAGE:
        raise BadRequestError(f"limit is from 1 to {MAX_PAGE}, not {limit}", "limit")
    return limit


def states_of(text: str) -> tuple[JobState, ...]:
    """The states that a parameter names.

    Raises:
        BadRequestError: one of them is none.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in _STATES:
            raise BadRequestError(f"{name!r:.40} is no state; there are {', '.join(JobState)}", "state")
    return tuple(JobState(name) for name in names)


async def refuse_unread(request: Request[Any, Any, Any]) -> None:
    """What a route does not read it does not take: who sends it expects it to have an effect.

    Raises:
        BadRequestError: the query has a parameter that the route does not know, or there is a body where none is
            taken, and it is more than an empty object.
    """
    if request.scope["query_string"] and request.route_handler.resolve_include_in_schema():
        refuse_unknown(request.query_params, parameters_of(request.route_handler), request.url.path)
    if request.method in SAFE_METHODS or takes_body(request.route_handler):
        return
    body = await request.body()
    if body.strip() not in {b"", b"{}", b"null"}:
        raise BadRequestError(
            f"{request.method} {request.url.path} takes no body: what it takes stands in the address", "body"
        )


def takes_body(handler: Any) -> bool:
    """Whether the handler of a route reads the request's body."""
    return (
        issubclass(handler.operation_class, TakesDefinition)
        or "data" in handler.parsed_fn_signature.parameters
    )


def typed(value: Any, kind: type[Any]) -> Any:
    """A row's dict as one of ``objects``."""
    return msgspec.convert(value, kind)


def key_of(header: str | None) -> str | None:
    """The submit key of an ``Idempotency-Key`` header, which may be a quoted string.

    https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/

    Raises:
        BadRequestError: it is empty or too long.
    """
    if header is None:
        return None
    key = header[1:-1] if len(header) >= 2 and header[0] == header[-1] == '"' else header
    if not 1 <= len(key) <= MAX_KEY:
        raise BadRequestError(f"an {IDEMPOTENCY} has 1 to {MAX_KEY} characters, not {len(key)}", IDEMPOTENCY)
    return key
