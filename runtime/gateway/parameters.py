"""Query parameters: a route takes those that it names in the OpenAPI document, and no others.

One that nobody reads would change nothing: ``?stat=failed`` would list everything, and who sent it would believe it.
"""

from collections.abc import Collection, Iterable
from itertools import islice
from typing import Any

from litestar.params import QueryParameter

from runtime.gateway.problem import BadRequestError, Fault
from runtime.toml.wording import nearest, quoted

MOST_TOLD = 8
"""Unknown parameters of one request that are told one by one."""


def parameters_of(handler: Any) -> frozenset[str]:
    """The query parameters of a route's handler, by the names they have in an address."""
    return frozenset(
        field.kwarg_definition.name or name
        for name, field in handler.parsed_fn_signature.parameters.items()
        if isinstance(field.kwarg_definition, QueryParameter)
    )


def refuse_unknown(given: Iterable[str], known: Collection[str], path: str) -> None:
    """Refuse parameters that a route does not know. Pure.

    Args:
        given: the names that a query has.
        known: those that the route takes.
        path: of the route, for the message.

    Raises:
        BadRequestError: some are not known; each is told with the one that was probably meant.
    """
    unknown = (name for name in dict.fromkeys(given) if name not in known)
    faults = tuple(
        Fault(f"{path} takes no parameter {quoted(name)}", name, hint=_hint(name, known))
        for name in islice(unknown, MOST_TOLD)
    )
    if faults:
        raise BadRequestError("; ".join(f"{each.message}; {each.hint}" for each in faults), faults=faults)


def _hint(name: str, known: Collection[str]) -> str:
    meant = nearest(name, known)
    if meant is not None:
        return f"did you mean {meant}?"
    return f"it takes {', '.join(sorted(known))}" if known else "it takes none"
