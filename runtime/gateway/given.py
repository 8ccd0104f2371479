"""What handlers take, as names for Litestar's markers: what the application gives them, and what the path has."""

from typing import Annotated, Any, TypeAlias

from litestar.di import NamedDependency
from litestar.params import FromPath, HeaderParameter, PathParameter, QueryParameter

from actors.job import JobState
from runtime.admission import MAX_KEY
from runtime.embedding import Runtime
from runtime.gateway.broadcast import Broadcast
from runtime.gateway.contract import IDEMPOTENCY
from runtime.gateway.handing import SendingProcess
from runtime.gateway.settings import GatewaySettings
from runtime.gateway.shelf import Shelf

TheRuntime: TypeAlias = NamedDependency[Runtime]
TheShelf: TypeAlias = NamedDependency[Shelf]
TheBroadcast: TypeAlias = NamedDependency[Broadcast]
TheSending: TypeAlias = NamedDependency[SendingProcess]
TheSettings: TypeAlias = NamedDependency[GatewaySettings]
TheInstance: TypeAlias = NamedDependency[str]
PathText: TypeAlias = FromPath[str]

IdempotencyKey: TypeAlias = Annotated[
    str | None,
    HeaderParameter(
        name=IDEMPOTENCY,
        description="the same key and request gives the same run, however often; another request is refused",
        schema_extra={"pattern": f'^([^"].{{0,{MAX_KEY - 1}}}|"[^"].{{0,{MAX_KEY - 2}}})$'},
    ),
]

MAX_PAGE = 1000
"""Rows of one page at most."""

ID: dict[str, Any] = {"pattern": "^[0-7oOiIlL][0-9A-TV-Za-tv-z]{12}$"}
"""What an id looks like, for the OpenAPI document; whether it is one is said by ``parse_id``."""
_STATE = f"({'|'.join(JobState)})?"

JobId: TypeAlias = Annotated[str, PathParameter(schema_extra=ID)]
Limit: TypeAlias = Annotated[
    int, QueryParameter(description="rows of a page", schema_extra={"minimum": 1, "maximum": MAX_PAGE})
]
RunFilter: TypeAlias = Annotated[
    str | None, QueryParameter(name="run_id", description="only of this run", schema_extra=ID)
]
After: TypeAlias = Annotated[
    str | None, QueryParameter(description="the cursor of the page before", schema_extra=ID)
]
States: TypeAlias = Annotated[
    str,
    QueryParameter(
        name="state",
        description="one or more states, with commas between them",
        schema_extra={"pattern": f"^ *{_STATE} *(, *{_STATE} *)*$"},
    ),
]
