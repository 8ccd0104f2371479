"""A receiver of webhooks on loopback: it verifies what comes with the standard's own library, and answers as told."""

import json
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import msgspec
from standardwebhooks import Webhook, WebhookVerificationError


class Reply(msgspec.Struct, frozen=True):
    """How to answer a message."""

    status: int = 204
    headers: dict[str, str] = {}
    body: bytes = b""


class Received(msgspec.Struct, frozen=True):
    """A message as it came."""

    id: str
    timestamp: int
    signature: str
    content_type: str
    body: bytes
    event: dict[str, Any]

    @property
    def headers(self) -> dict[str, str]:
        """Those that are signed."""
        return {
            "webhook-id": self.id,
            "webhook-timestamp": str(self.timestamp),
            "webhook-signature": self.signature,
        }

    def verified_by(self, secret: str) -> bool:
        """Whether that secret signed it."""
        try:
            Webhook(secret).verify(self.body, self.headers)
        except WebhookVerificationError:
            return False
        return True


class Receiver:
    """What came, in the order it came; ``replies`` are used up one by one, then ``reply`` answers."""

    def __init__(self) -> None:
        self.reply = Reply()
        self.replies: deque[Reply] = deque()
        self.url = ""
        self.hold: threading.Event | None = None  # answer no message before it is set
        self._received: list[Received] = []
        self._changed = threading.Condition()

    def take(self, received: Received) -> Reply:
        """Called for every message."""
        with self._changed:
            self._received.append(received)
            self._changed.notify_all()
            reply = self.replies.popleft() if self.replies else self.reply
        if self.hold is not None:
            self.hold.wait(100)
        return reply

    @property
    def received(self) -> list[Received]:
        """All messages so far."""
        with self._changed:
            return list(self._received)

    def wait_for(self, enough: Callable[[list[Received]], bool], seconds: float = 100.0) -> list[Received]:
        """The messages, once they are enough."""
        with self._changed:
            assert self._changed.wait_for(lambda: enough(self._received), seconds), self._received
            return list(self._received)

    def wait(self, number: int, seconds: float = 100.0) -> list[Received]:
        """The messages, once so many different ones have come."""
        return self.wait_for(lambda all_: len({each.id for each in all_}) >= number, seconds)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a port of its own."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            reply = receiver.take(
                Received(
                    self.headers["webhook-id"],
                    int(self.headers["webhook-timestamp"]),
                    self.headers["webhook-signature"],
                    self.headers["content-type"],
                    body,
                    json.loads(body),
                )
            )
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            try:
                self.wfile.write(reply.body)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    try:
        yield receiver
    finally:
        if receiver.hold is not None:
            receiver.hold.set()
        server.shutdown()
        thread.join()
        server.server_close()
