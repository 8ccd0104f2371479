"""The place in a trace that a submit is called from.

OpenTelemetry is asked only if the service has loaded it already: nothing is imported for this.
"""

import sys
from contextvars import ContextVar
from typing import Any

from runtime.telemetry.context import TraceContext, bounded_state, parsed

_request: ContextVar[TraceContext | None] = ContextVar("quaero_request_trace", default=None)


def of_request(traceparent: str | None, tracestate: str = "") -> Any:
    """Remember what a request's headers say, until ``forget``; returns what that wants. None says nothing."""
    found = parsed(traceparent)
    if found is None:
        return None
    return _request.set(TraceContext(found.trace_id, found.span_id, found.sampled, bounded_state(tracestate)))


def forget(remembered: Any) -> None:
    """The request is answered."""
    if remembered is not None:
        _request.reset(remembered)


def current() -> TraceContext | None:
    """The span that is current here, else what the request's headers say, else None."""
    tracing = sys.modules.get("opentelemetry.trace")
    if tracing is not None:
        found = tracing.get_current_span().get_span_context()
        if found.is_valid:
            state = bounded_state(found.trace_state.to_header())
            return TraceContext(found.trace_id, found.span_id, bool(found.trace_flags & 1), state)
    return _request.get()
