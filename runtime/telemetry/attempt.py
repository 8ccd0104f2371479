"""Spans that are current while a body runs: an attempt's, and a manager's that names children."""

from typing import Any

from opentelemetry import context as context_api
from opentelemetry.trace import NonRecordingSpan, Span, Status, StatusCode, set_span_in_context

from actors.job import (
    Attempt,
    AttemptError,
    Cancelled,
    Completed,
    Failed,
    Interrupted,
    LeasedJob,
    Outcome,
    Snoozed,
    Step,
    StepStart,
    StepTrace,
)
from actors.messages import NameChildren, NamingFailed
from runtime.telemetry.context import TraceContext
from runtime.telemetry.tracing import Tracing, span_context

OUTCOMES: dict[type[Outcome], str] = {
    Completed: "completed",
    Failed: "failed",
    Snoozed: "snoozed",
    Cancelled: "cancelled",
    Interrupted: "interrupted",
}


class LiveSpan:
    """Of an unsampled run it records nothing, but what the body calls sees that its trace is not sampled."""

    __slots__ = ("_span", "traceparent")

    def __init__(self, place: TraceContext, recorded: Span | None) -> None:
        self.traceparent = place.traceparent
        self._span: Span = recorded or NonRecordingSpan(span_context(place))

    def __repr__(self) -> str:
        return f"<{type(self).__name__}({self.traceparent})>"

    @property
    def sampled(self) -> bool:
        """Whether it is recorded."""
        return self._span.is_recording()

    def attach(self) -> Any:
        """Make it the current span here; returns what ``detach`` wants."""
        return context_api.attach(set_span_in_context(self._span))

    @staticmethod
    def detach(token: Any) -> None:
        """Make the span current again that was so before."""
        context_api.detach(token)

    def _fail(self, error: AttemptError) -> None:
        self._span.set_attribute("error.type", error.type)
        self._span.set_status(Status(StatusCode.ERROR, error.message))
        facts = {"exception.type": error.type, "exception.message": error.message}
        if error.traceback:
            facts["exception.stacktrace"] = error.traceback
        self._span.add_event("exception", facts)


class AttemptSpan(LiveSpan):
    """The span of an attempt of a job."""

    __slots__ = ()

    def __init__(self, tracing: Tracing, job: LeasedJob, step: Step, trace: StepTrace | None) -> None:
        place = tracing.attempt_place(job, trace)
        epoch = trace.epoch if trace is not None else 0
        super().__init__(place, tracing.start_attempt(place, job, step, epoch) if place.sampled else None)

    def end(self, attempt: Attempt) -> None:
        """The attempt came to this."""
        span, outcome = self._span, attempt.outcome
        if not span.is_recording():
            return
        span.set_attribute("quaero.outcome", OUTCOMES[type(outcome)])
        if attempt.children:
            span.set_attribute("quaero.job.spawned", len(attempt.children))
        if isinstance(outcome, Failed):
            self._fail(outcome.error)
        span.end()


class NamingSpan(LiveSpan):
    """The span of a manager's call that names a page of a step's children."""

    __slots__ = ()

    def __init__(self, tracing: Tracing, start: StepStart) -> None:
        place = tracing.naming_place(start)
        super().__init__(place, tracing.start_naming(place, start) if place.sampled else None)

    def end(self, named: NameChildren | NamingFailed | None) -> None:
        """It came to this; None: it broke out."""
        span = self._span
        if not span.is_recording():
            return
        if isinstance(named, NameChildren) and named.page.stored is None:
            span.set_attribute("messaging.batch.message_count", len(named.page.children))
        elif isinstance(named, NamingFailed):
            self._fail(named.error)
        span.end()
