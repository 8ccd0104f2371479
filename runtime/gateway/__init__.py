"""The gateway: a runtime over HTTP. Loads Litestar and uvicorn, the extra ``gateway``, only when it is used.

- ``application``  the ASGI application: served by ``quaero serve``, or mounted into a service's own
- ``settings``     who may come in, by which name and from where
- ``tokens``       what clients present, kept as hashes
- ``guard``        the decision to let a request in, pure
- ``gate``         applies it in front of everything else, with limits and headers
- ``head``         a HEAD reaches every GET route, and its answer loses its body
- ``problem``      errors as RFC 9457 problem details
- ``parameters``   a query has none that its route does not know
- ``contract`` the OpenAPI document: Litestar's, with what every route may refuse
- ``objects``      what goes out, as types
- ``jobs``, ``operations``, ``definitions``, ``schedules``, ``webhooks``, ``documents``, ``health``: the routes
- ``shelf``        the directory of definitions, changed file by file
- ``broadcast``    events, read and encoded once for all who listen
- ``listener``     one stream's place in them; ``pictures``: how far parents are, which is not stored
- ``stream``, ``socket``: they listen by server-sent events or by WebSocket
- ``handing``, ``sending``: open WebSockets go to a process of their own; what runs there
- ``serving``      uvicorn beside a runtime
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runtime.gateway.application import gateway

__all__ = ["gateway"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from runtime.gateway import application

        return getattr(application, name)
    raise AttributeError(f"module 'runtime.gateway' has no attribute {name!r}")
