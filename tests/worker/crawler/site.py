"""A site on loopback whose answers are written byte by byte: the well-behaved and the other ones."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import msgspec


class Request(msgspec.Struct, frozen=True):
    """A request as it came in; ``connection`` numbers the connections of the site."""

    path: str
    headers: dict[str, str]
    connection: int


class ByRequest(msgspec.Struct, frozen=True):
    """Bytes that depend on what was asked."""

    made: Callable[[Request], bytes]


Answer = bytes | ByRequest | Callable[[asyncio.StreamWriter], Awaitable[None]]


class Site:
    """Answers each path with fixed bytes, or by a function that writes them. Everything that came in is kept."""

    def __init__(self, answers: dict[str, Answer], address: str = "127.0.0.1") -> None:
        self.answers = answers
        self.address = address
        self.requests: list[Request] = []
        self.port = 0
        self._connections = 0
        self._open: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://{self.address}:{self.port}"

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator["Site"]:
        server = await asyncio.start_server(self._serve, self.address, 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)
            await server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self._connections += 1
        number = self._connections
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
                while True:
                    await self._answer(await reader.readuntil(b"\r\n\r\n"), writer, number)
        finally:
            self._open.discard(task)
            writer.close()

    async def _answer(self, head: bytes, writer: asyncio.StreamWriter, connection: int) -> None:
        first, *lines = head.decode("latin-1").split("\r\n")
        path = first.split(" ")[1]
        headers = dict(line.lower().split(": ", 1) for line in lines if line)
        self.requests.append(Request(path, headers, connection))
        answer = self.answers.get(path, reply(b"not here", status="404 Not Found"))
        if isinstance(answer, ByRequest):
            answer = answer.made(self.requests[-1])
        if isinstance(answer, bytes):
            writer.write(answer)
            await writer.drain()
        else:
            await answer(writer)


def reply(body: bytes | str = b"", *, status: str = "200 OK", **headers: str) -> bytes:
    """An answer as a server should write it; names of headers with ``_`` for ``-``."""
    body = body.encode() if isinstance(body, str) else body
    all_headers = {"Content-Type": "text/html; charset=utf-8", "Content-Length": str(len(body))}
    all_headers |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in all_headers.items() if value)
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body
