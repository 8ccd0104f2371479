"""Workers that look at the span that is current in their bodies."""

import msgspec
from opentelemetry.trace import get_current_span

from actors.job import Page, StepStart
from actors.manager import JobManager
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


NAMED_IN: list[str] = []
"""The spans that calls of ``LookingManager`` ran in."""


class LookingManager(JobManager):
    """Fails at its first call, and names two jobs at its second."""

    manager_type = "look"
    config_type = Nothing
    child_types = ("look",)

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        """See there."""
        NAMED_IN.append(f"{get_current_span().get_span_context().span_id:016x}")
        if step.attempt == 1:
            raise ValueError("not yet")
        return Page((self.child("look", Nothing()), self.child("look", Nothing())))
