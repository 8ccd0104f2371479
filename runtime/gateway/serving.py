"""GatewayServer: uvicorn in a thread of its own beside a runtime, which the main thread attends."""

import asyncio
import logging
import socket
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

from runtime.embedding import Runtime
from runtime.gateway.application import gateway
from runtime.gateway.framing import FramingProtocol
from runtime.gateway.gate import Gate
from runtime.gateway.settings import GatewaySettings

logger = logging.getLogger("quaero.gateway")

BACKLOG = 512
STOP_SECONDS = 2
"""Streams get that long to end when the server stops."""


class GatewayError(RuntimeError):
    """The gateway can not be served as it is set up: the message says why and what to do."""


class GatewayServer:
    """Serves one runtime, which has been started, on one address."""

    def __init__(self, runtime: Runtime, settings: GatewaySettings) -> None:
        """Prepare it; nothing is bound before ``start``.

        Raises:
            GatewayError: the settings can not be used.
        """
        if settings.problem:
            raise GatewayError(settings.problem)
        self._runtime = runtime
        self._settings = settings
        self._server: uvicorn.Server | None = None
        self._gate: Gate | None = None
        self._thread: threading.Thread | None = None
        self._socket: socket.socket | None = None
        self._ready = threading.Event()
        self._failure: BaseException | None = None

    def __repr__(self) -> str:
        return f"<GatewayServer({self.url})>"

    @property
    def url(self) -> str:
        """Where it listens; with port 0, the port it was given."""
        port = self._settings.port if self._socket is None else self._socket.getsockname()[1]
        host = self._settings.host
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    @property
    def waiting_bytes(self) -> int:
        """What connections have been given and their clients have not taken; roughly, from any thread."""
        connections = list(self._server.server_state.connections) if self._server is not None else []
        transports = (getattr(each, "transport", None) for each in connections)
        here: int = sum(each.get_write_buffer_size() for each in transports if each is not None)
        return here + (0 if self._gate is None else self._gate.sending.waiting_bytes)

    def start(self) -> None:
        """Listen and serve; returns once requests are answered.

        Raises:
            GatewayError: the address can not be bound.
        """
        self._socket = _bound(self._settings)
        gate = self._gate = gateway(self._runtime, self._settings)
        config = uvicorn.Config(
            gate,
            log_config=None,
            access_log=False,
            lifespan="on",
            http="h11",
            ws=FramingProtocol,
            ws_max_size=1 << 16,
            ws_per_message_deflate=False,  # it would be done anew for each socket
            h11_max_incomplete_event_size=self._settings.max_header_bytes,
            timeout_graceful_shutdown=STOP_SECONDS,
            server_header=False,
            # Anybody can send the header; uvicorn would believe whoever comes from this machine.
            proxy_headers=bool(self._settings.trusted_proxies),
            forwarded_allow_ips=list(self._settings.trusted_proxies),
        )
        self._server = _Server(config, self._ready, gate.end_streams)
        self._thread = threading.Thread(target=self._serve, name="quaero-gateway", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._failure is not None or not self._server.started:
            self.stop()
            raise GatewayError(f"the gateway could not be started: {self._failure or 'its log says why'}")

    def stop(self) -> None:
        """End the streams, answer what is being answered, let go of the address. Safe to call twice."""
        if self._server is not None:
            self._server.should_exit = True
        if self._thread is not None:
            self._thread.join()
        if self._socket is not None:
            self._socket.close()

    def _serve(self) -> None:
        try:
            asyncio.run(self._server.serve([self._socket]))  # type: ignore[union-attr, list-item]
        except BaseException as error:
            self._failure = error
            logger.exception("the gateway failed")
        finally:
            self._ready.set()


class _Server(uvicorn.Server):
    """Tells when it has started; the process's signals are its host's business."""

    def __init__(
        self, config: uvicorn.Config, ready: threading.Event, end_streams: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(config)
        self._ready = ready
        self._end_streams = end_streams

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        await self._end_streams()
        await super().shutdown(sockets)


def _bound(settings: GatewaySettings) -> socket.socket:
    """A socket that listens on the address.

    Raises:
        GatewayError: it can not be had.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen(BACKLOG)
        except BaseException:
            listening.close()
            raise
    except OSError as error:
        raise GatewayError(
            f"can not listen on {settings.host} port {settings.port}: {error.strerror or error};"
            " choose another by --port, 0 = any that is free"
        ) from error
    return listening
