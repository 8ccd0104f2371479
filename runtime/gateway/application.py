"""The gateway's ASGI application: served by ``quaero serve``, or mounted into a service's own.

app.mount("/quaero", gateway(runtime))        # Starlette, FastAPI; Litestar: asgi("/quaero", is_mount=True)
"""

from typing import Any

from litestar import Litestar
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from actors.ids import id_text
from runtime import __version__
from runtime.embedding import Runtime
from runtime.gateway.broadcast import Broadcast
from runtime.gateway.dashboard import files, page
from runtime.gateway.definitions import DefinitionsController
from runtime.gateway.documents import DocumentsController
from runtime.gateway.gate import Gate
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
    broadcast = Broadcast(lambda: runtime.reader, assembly.hub, assembly.clock, f"/quaero/{instance}")
    shelf = Shelf(runtime.settings.definitions_directory, assembly.library, assembly.managers)

    inside = Litestar(
        [
            JobsController,
            OperationsController,
            TypesController,
            DefinitionsController,
            SchedulesController,
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
            "shelf": _given(shelf),
            "instance": _given(instance),
        },
        exception_handlers={Exception: handle},
        lifespan=[lambda _: broadcast.opened()],
        openapi_config=OpenAPIConfig(
            title="Quaero Runtime",
            version=__version__,
            path="/api/schema",
            render_plugins=[JsonRenderPlugin()],
        ),
        request_max_body_size=chosen.max_body_bytes,
        logging_config=None,
    )
    return Gate(inside, chosen, assembly.clock)


def _given(value: Any) -> Provide:
    return Provide(lambda: value, sync_to_thread=False)
