"""A web server on loopback for crawls, and its own record of what was asked of it: the tests' witness.

The record is written before the answer is sent, so that a client that is killed has asked all the same. A site may be
slow, so that work is in flight when a test wants it to be, and it may be stopped and let go on.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import msgspec

HTML = "text/html; charset=utf-8"


class Answer(msgspec.Struct, frozen=True):
    """What the site says to one request."""

    body: bytes = b""
    status: int = 200
    content_type: str = HTML
    location: str = ""
    headers: dict[str, str] = {}


class Request(msgspec.Struct, frozen=True):
    """One line of the record: the path with its query as it was asked for, the time of day, and the headers."""

    path: str
    at_ms: int
    headers: dict[str, str] = {}  # names in lower case


class Site:
    """Answers paths with what ``answers`` says, and remembers who asked for what.

    ``answers`` is given the path with its query and how often it was asked for before.
    """

    def __init__(
        self,
        answers: Callable[[str, int], Answer],
        *,
        delay_seconds: float = 0.0,
        gate: Callable[[Request], Answer | None] | None = None,
    ) -> None:
        """``gate`` sees each request first, and may answer it."""
        self.delay_seconds = delay_seconds
        self._gate = gate or (lambda _: None)
        self.most_at_once = 0
        self._answers = answers
        self._at_once = 0
        self._requests: list[Request] = []
        self._times_asked: Counter[str] = Counter()
        self._changed = threading.Condition()
        self._stopped_after: int | None = None
        self._held: int | None = None
        self._waiting = 0
        self.ends = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.site = self

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ends.set()
        with self._changed:
            self._changed.notify_all()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def requests(self) -> list[Request]:
        """The record so far."""
        with self._changed:
            return list(self._requests)

    @property
    def times_asked(self) -> Counter[str]:
        """How often each path was asked for."""
        with self._changed:
            return self._times_asked.copy()

    def wait_for_requests(self, number: int, *, seconds: float = 100.0) -> None:
        """Wait until the record has so many lines."""
        assert self.hears(number, seconds), (
            f"only {len(self.requests)} of {number} requests came in {seconds:g} s"
        )

    def hears(self, number: int, seconds: float) -> bool:
        """Whether the record has so many lines within the time; an answer may wait for it, too."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._requests) >= number, seconds)

    @property
    def waiting(self) -> int:
        """How many requests get no answer now because of ``stopped`` or ``holding``."""
        with self._changed:
            return self._waiting

    @contextmanager
    def stopped(self, *, after: int) -> Iterator[None]:
        """Requests are recorded, and get no answer until the block ends; those up to the line of this number do."""
        self._stopped_after = after
        try:
            yield
        finally:
            with self._changed:
                self._stopped_after = None
                self._changed.notify_all()

    @contextmanager
    def holding(self, number: int) -> Iterator[None]:
        """The request that is the record's line of this number gets no answer until the block ends; others do.

        Its job is running for as long, whatever ends and begins beside it.
        """
        self._held = number
        try:
            yield
        finally:
            with self._changed:
                self._held = None
                self._changed.notify_all()

    def answer(self, path: str, headers: dict[str, str]) -> Answer:
        """Record the request, take the site's time, and decide. Robots.txt is asked by each process: no line of it."""
        request = Request(path, time.time_ns() // 1_000_000, headers)
        if path == "/robots.txt":
            return self._answers(path, 0)
        with self._changed:
            before = self._times_asked[path]
            self._times_asked[path] += 1
            self._requests.append(request)
            number = len(self._requests)
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            self._changed.notify_all()
        try:
            self.ends.wait(self.delay_seconds)
            self._wait_for_its_turn(number)
            return self._gate(request) or self._answers(path, before)
        finally:
            # Before the answer is on its way: a client that asks again at once is not counted twice.
            with self._changed:
                self._at_once -= 1

    def _wait_for_its_turn(self, number: int) -> None:
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(lambda: self.ends.is_set() or not self._is_kept(number))
            self._waiting -= 1

    def _is_kept(self, number: int) -> bool:
        return number == self._held or (self._stopped_after is not None and number > self._stopped_after)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    site: Site

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed in the middle of an answer is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.site.answer(self.path, headers)
        self.send_response(answer.status)
        if answer.content_type:
            self.send_header("Content-Type", answer.content_type)
        if answer.location:
            self.send_header("Location", answer.location)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """The record is kept elsewhere."""
