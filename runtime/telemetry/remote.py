"""The span of an attempt in the process that runs its body: made elsewhere, and current here."""

from collections.abc import Iterator
from contextlib import contextmanager

from runtime.telemetry.context import parsed


@contextmanager
def span_of(traceparent: str | None) -> Iterator[None]:
    """Make it the current span, so that what the body is instrumented with hangs below it; None: there is none."""
    place = parsed(traceparent)
    if place is None:
        yield
        return
    try:
        from opentelemetry.trace import NonRecordingSpan, use_span

        from runtime.telemetry.tracing import span_context
    except ImportError:  # the runtime has the extra, and another interpreter runs the body
        yield
        return
    with use_span(
        NonRecordingSpan(span_context(place)), record_exception=False, set_status_on_exception=False
    ):
        yield
