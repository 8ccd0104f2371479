"""An OTLP/HTTP receiver on loopback: takes what a real exporter sends, and decodes it by its own protocol."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Thread
from typing import Any

import msgspec
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

KINDS = ("", "internal", "server", "client", "producer", "consumer")


class ReceivedSpan(msgspec.Struct, frozen=True):
    """A span as it came over the wire."""

    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    links: tuple[tuple[str, str], ...]
    attributes: dict[str, Any]
    failed: bool
    events: tuple[str, ...]
    start_ns: int
    end_ns: int
    service: dict[str, Any]


class Receiver:
    """What was received so far."""

    def __init__(self) -> None:
        self.endpoint = ""
        self._spans: list[ReceivedSpan] = []
        self._numbers: dict[str, dict[tuple[tuple[str, Any], ...], float]] = {}
        self._changed = Condition()

    @property
    def spans(self) -> list[ReceivedSpan]:
        """All spans."""
        with self._changed:
            return list(self._spans)

    @property
    def numbers(self) -> dict[str, dict[tuple[tuple[str, Any], ...], float]]:
        """The last value of each metric, by its attributes; of a histogram, how often something was recorded."""
        with self._changed:
            return dict(self._numbers)

    def named(self, name: str) -> list[ReceivedSpan]:
        """The spans of that name."""
        return [each for each in self.spans if each.name == name]

    def wait(self, condition: Callable[[], bool], what: str, seconds: float = 100.0) -> None:
        """Wait until what came meets the condition."""
        with self._changed:
            assert self._changed.wait_for(condition, seconds), f"{what} was not received: {self._spans}"

    def take(self, path: str, body: bytes) -> bytes:
        """One request; returns the answer."""
        with self._changed:
            self._changed.notify_all()
            if path == "/v1/traces":
                self._spans += _spans(ExportTraceServiceRequest.FromString(body))
                return bytes(ExportTraceServiceResponse().SerializeToString())
            assert path == "/v1/metrics"
            self._numbers |= _numbers(ExportMetricsServiceRequest.FromString(body))
            return bytes(ExportMetricsServiceResponse().SerializeToString())


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a port of its own."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            answer = receiver.take(self.path, self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (as above)
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        receiver.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()


def _spans(request: Any) -> Iterator[ReceivedSpan]:
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield ReceivedSpan(
                    name=span.name,
                    kind=KINDS[span.kind],
                    trace_id=span.trace_id.hex(),
                    span_id=span.span_id.hex(),
                    parent_id=span.parent_span_id.hex(),
                    links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
                    attributes=_plain(span.attributes),
                    failed=span.status.code == 2,
                    events=tuple(event.name for event in span.events),
                    start_ns=span.start_time_unix_nano,
                    end_ns=span.end_time_unix_nano,
                    service=_plain(resource.resource.attributes),
                )


def _numbers(request: Any) -> dict[str, dict[tuple[tuple[str, Any], ...], float]]:
    found: dict[str, dict[tuple[tuple[str, Any], ...], float]] = {}
    for resource in request.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                data = getattr(metric, metric.WhichOneof("data"))
                found[metric.name] = {
                    tuple(sorted(_plain(point.attributes).items())): _value(point)
                    for point in data.data_points
                }
    return found


def _value(point: Any) -> float:
    if hasattr(point, "bucket_counts"):
        return float(point.count)
    return float(getattr(point, point.WhichOneof("value")))


def _plain(attributes: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in attributes}
