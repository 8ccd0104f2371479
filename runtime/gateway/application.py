"""The gateway's ASGI application: served by ``quaero serve``, or mounted into a service's own.

app.mount("/quaero", gateway(runtime))        # Starlette, FastAPI; Litestar: asgi("/quaero", is_mount=True)
"""

from typing import Any

from litestar import Litestar
from litestar.datastructures import MutableScopeHeaders
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import Components
from litestar.routes import HTTPRoute
from litestar.types import Message, Scope

from actors.ids import id_text
from runtime import __version__
from runtime.embedding import Runtime
from runtime.gateway.asking import refuse_unread
from runtime.gateway.broadcast import Broadcast
from runtime.gateway.contract import TOKEN_SCHEME, Contract, document
from runtime.gateway.dashboard import files, page
from runtime.gateway.definitions import DefinitionsController
from runtime.gateway.documents import DocumentsController
from runtime.gateway.gate import Gate
from runtime.gateway.handing import Orders, SendingProcess
from runtime.gateway.head import allowed
from runtime.gateway.health import HealthController
from runtime.gateway.jobs import JobsController
from runtime.gateway.metrics import MetricsController
from runtime.gateway.operations import OperationsController, TypesController
from runtime.gateway.problem import handle
from runtime.gateway.schedules import SchedulesController
from runtime.gateway.settings import GatewaySettings
from runtime.gateway.shelf import Shelf
from runtime.gateway.socket import events_socket
from runtime.gateway.stream import EventsController
from runtime.gateway.webhooks import WebhooksController


def gateway(runtime: Runtime, settings: GatewaySettings | None = None) -> Gate:
    """An ASGI application over a runtime that has been started.

    Args:
        runtime: whoever calls starts and closes it. Streams end when it is closed.
        settings: whom it lets in; None = everybody who reaches it by a loopback name. Mounted into an application
            that others reach, give it tokens, and the names they use as ``allowed_hosts``.
    """
    chosen = settings or GatewaySettings()
    assembly = runtime.assembly
    instance = id_text(assembly.ids.next())
    source = f"/quaero/{instance}"
    broadcast = Broadcast(lambda: runtime.reader, assembly.hub, assembly.clock, source)
    sending = SendingProcess(
        Orders(str(runtime.settings.store.absolute()), runtime.settings.busy_timeout_seconds, source),
        assembly.hub,
        lambda: assembly.running,
    )
    shelf = Shelf(runtime.settings.definitions_directory, assembly.library, assembly.managers)

    inside = Litestar(
        [
            JobsController,
            OperationsController,
            TypesController,
            DefinitionsController,
            SchedulesController,
            WebhooksController,
            DocumentsController,
            EventsController,
            HealthController,
            MetricsController,
            page,
            files(),
            events_socket,
        ],
        dependencies={
            "runtime": _given(runtime),
            "settings": _given(chosen),
            "broadcast": _given(broadcast),
            "sending": _given(sending),
            "shelf": _given(shelf),
            "instance": _given(instance),
        },
        exception_handlers={Exception: handle},
        before_request=refuse_unread,
        before_send=[_name_all_methods],
        lifespan=[lambda _: broadcast.opened(), lambda _: sending.opened()],
        openapi_config=OpenAPIConfig(
            title="Quaero Runtime",
            version=__version__,
            openapi_router=document(),
            render_plugins=[Contract()],
            components=Components(security_schemes={"token": TOKEN_SCHEME}),
            security=[{"token": []}] if chosen.tokens else None,
        ),
        request_max_body_size=chosen.max_body_bytes,
        logging_config=None,
    )
    return Gate(inside, chosen, assembly.clock, broadcast, sending)


async def _name_all_methods(message: Message, scope: Scope) -> None:
    """Litestar's answer to OPTIONS names only those of the handler that it met first."""
    if message["type"] == "http.response.start" and scope.get("method") == "OPTIONS":
        for route in scope["litestar_app"].routes:
            if isinstance(route, HTTPRoute) and route.path_format == scope.get("path_template"):
                MutableScopeHeaders.from_message(message)["Allow"] = allowed(route.methods)


def _given(value: Any) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)
