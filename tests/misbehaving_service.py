"""A service of others on loopback: it speaks the wire format that a subclass gives it, and misbehaves on request."""

import json
import threading
from abc import ABC, abstractmethod
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, urlsplit

import msgspec


class Reply(msgspec.Struct, frozen=True):
    """What the service says to one request."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = {}
    endless: bool = False  # it goes on for ever
    silent: bool = False  # it never comes


class Asked(msgspec.Struct, frozen=True):
    """One request. A form is a body of its first values."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: dict[str, Any]


class MisbehavingService(ABC):
    """Serves while it is entered, and remembers what it was asked."""

    base_path: ClassVar[str]

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.changed = threading.Condition()
        self.ends = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.service = self

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ends.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{self.base_path}"

    def wait_for(self, count: int) -> bool:
        """Wait until it was asked so often."""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.asked) >= count, 100)

    def reply(self, asked: Asked) -> Reply:
        """What it says to a request, which it remembers."""
        with self.changed:
            number = len(self.asked)
            self.asked.append(asked)
            self.changed.notify_all()
        return self.said(asked, number)

    @abstractmethod
    def said(self, asked: Asked, number: int) -> Reply:
        """What it says to the request of that number, from 0."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    service: MisbehavingService


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer."""
        self._answer({})

    def do_POST(self) -> None:
        """Answer."""
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = "form" in self.headers["Content-Type"]
        self._answer(
            {name: values[0] for name, values in parse_qs(text).items()} if form else json.loads(text)
        )

    def _answer(self, body: dict[str, Any]) -> None:
        service, parts = self.server.service, urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = service.reply(Asked(parts.path, query, headers, body))
        if reply.silent:
            service.ends.wait(100)
            self.close_connection = True
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.endless:
            self.send_header("Connection", "close")
            self.end_headers()
            self._write_without_end()
            return
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    def _write_without_end(self) -> None:
        self.close_connection = True
        try:
            while not self.server.service.ends.is_set():
                self.wfile.write(b" " * 65_536)
        except OSError:
            pass  # the client has had enough

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
