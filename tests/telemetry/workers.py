"""Workers that look at the span that is current in their bodies."""

import msgspec
from opentelemetry.trace import get_current_span

from actors.worker import JobContext, worker


class Nothing(msgspec.Struct, frozen=True):
    """A payload."""


class Seen(msgspec.Struct, frozen=True):
    """The span that a body ran in."""

    trace_id: str
    span_id: str
    sampled: bool
    traceparent: str | None


def seen(context: JobContext) -> Seen:
    """What is current here."""
    found = get_current_span().get_span_context()
    return Seen(
        f"{found.trace_id:032x}",
        f"{found.span_id:016x}",
        bool(found.trace_flags & 1),
        context.trace_context,
    )


@worker("look")
def look(payload: Nothing, context: JobContext) -> Seen:
    """On a thread."""
    get_current_span().set_attribute("of.the.body", "said")
    return seen(context)


@worker("look_async")
async def look_async(payload: Nothing, context: JobContext) -> Seen:
    """On the loop."""
    return seen(context)


@worker("look_apart", dispatcher="cpu")
def look_apart(payload: Nothing, context: JobContext) -> Seen:
    """In a process of its own."""
    return seen(context)
