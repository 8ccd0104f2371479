"""PageGate: the proxy on loopback that all requests of one page go through.

What a page's scripts ask for is decided by the page, so it is judged where it leads, not by what it is called: the gate
resolves each name itself, judges the address, and connects to that very address. No redirect, no name that changes its
address and no literal leads around it, since the browser resolves and connects to nothing else than the gate. A page's
gate is closed with the page, and with it every connection that was made for it.
"""

import asyncio
import socket
from collections.abc import Awaitable
from contextlib import suppress
from types import TracebackType
from typing import Self

from actors.worker.crawler.addresses import is_public
from actors.worker.crawler.browser.heads import (
    MAX_HEAD_BYTES,
    HeadError,
    answer_of,
    is_interim,
    request_of,
)

CONNECT_SECONDS = 10.0
CHUNK_BYTES = 65_536
MOST_CONNECTIONS = 64
"""At the same time; a browser makes six to one host."""
MOST_REFUSED = 20
"""Refused hosts that are remembered."""

_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_REFUSED = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_FAILED = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class PageGate:
    """An async context manager; to be used on the loop it was entered on."""

    def __init__(self, *, allow_private_addresses: bool, max_bytes: int) -> None:
        """See the module.

        Args:
            allow_private_addresses: nothing is refused for its address.
            max_bytes: of all that comes from servers; beyond it every connection is cut and none is made.
        """
        self._allow_private_addresses = allow_private_addresses
        self._max_bytes = max_bytes
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.received_bytes = 0
        self.refused: dict[str, str] = {}  # hosts that were asked for in vain: their addresses

    def __repr__(self) -> str:
        return f"<PageGate({self.received_bytes} bytes, {len(self.refused)} refused)>"

    @property
    def url(self) -> str:
        """Where the browser finds it."""
        if self._server is None:
            raise RuntimeError("the gate is not open: use `async with`")
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    @property
    def exceeded(self) -> bool:
        """Whether the page wanted more than it may have."""
        return self.received_bytes > self._max_bytes

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0, limit=MAX_HEAD_BYTES)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        self._cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _cut(self) -> None:
        for task in self._tasks:
            task.cancel()

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or self._server is None or self.exceeded or len(self._tasks) >= MOST_CONNECTIONS:
            writer.close()
            return
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.CancelledError):
            pass  # one side has gone, or the page has; a cancelled task of the server's would be logged
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = request_of(await reader.readuntil(b"\r\n\r\n"))
        except HeadError:
            writer.write(_REFUSED)
            return
        try:
            far_reader, far_writer = await self._connected(request.host, request.port)
        except PermissionError:
            writer.write(_REFUSED)
            return
        except OSError:  # a time limit is one too
            writer.write(_FAILED)
            return
        try:
            if request.forwarded is None:
                writer.write(_ESTABLISHED)
                await _both(self._down(far_reader, writer), _up(reader, far_writer))
            else:
                far_writer.write(request.forwarded)
                await _both(self._answer(far_reader, writer), _up(reader, far_writer))
        finally:
            far_writer.close()

    async def _connected(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection to the first address that may be and can be connected to.

        Raises:
            PermissionError: no address of the host is of the internet.
            OSError: none can be reached.
        """
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(CONNECT_SECONDS):
            found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
            allowed = [each for each in addresses if self._allow_private_addresses or is_public(each)]
            if not allowed:
                if len(self.refused) < MOST_REFUSED:
                    self.refused[host] = addresses[0] if addresses else ""
                raise PermissionError(f"{host} is not on the internet")
            failed: OSError | None = None
            for address in allowed:
                try:
                    return await asyncio.open_connection(address, port)
                except OSError as error:
                    failed = error
            raise failed or OSError(f"{host} has no address")

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One answer of plain HTTP; with its end the connection ends."""
        head = await reader.readuntil(b"\r\n\r\n")
        while is_interim(head):
            head = await reader.readuntil(b"\r\n\r\n")
        self._count(len(head))
        writer.write(answer_of(head))
        await self._down(reader, writer)

    async def _down(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(CHUNK_BYTES):
            self._count(len(chunk))
            writer.write(chunk)
            await writer.drain()

    def _count(self, size: int) -> None:
        self.received_bytes += size
        if self.exceeded:
            self._cut()


async def _up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()
    with suppress(OSError, NotImplementedError):
        writer.write_eof()


async def _both(down: Awaitable[None], up: Awaitable[None]) -> None:
    """Until the server's side has ended; what the browser still sends then goes nowhere."""
    sending = asyncio.ensure_future(up)
    try:
        await down
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
