"""The span of one attempt: current while its body runs, ended with what the attempt came to."""

from typing import Any

from opentelemetry import context as context_api
from opentelemetry.trace import NonRecordingSpan, Span, Status, StatusCode, set_span_in_context

from actors.job import Attempt, Cancelled, Completed, Failed, Interrupted, LeasedJob, Outcome, Snoozed, Step
from actors.messages import StepTrace
from runtime.telemetry.tracing import Tracing, span_context

OUTCOMES: dict[type[Outcome], str] = {
    Completed: "completed",
    Failed: "failed",
    Snoozed: "snoozed",
    Cancelled: "cancelled",
    Interrupted: "interrupted",
}


class AttemptSpan:
    """Of an unsampled run it records nothing, but what the body calls sees that its trace is not sampled."""

    __slots__ = ("_span", "traceparent")

    def __init__(self, tracing: Tracing, job: LeasedJob, step: Step, trace: StepTrace | None) -> None:
        place = tracing.attempt_place(job, trace)
        self.traceparent = place.traceparent
        self._span: Span = (
            tracing.start_attempt(place, job, step, trace.epoch if trace is not None else 0)
            if place.sampled
            else NonRecordingSpan(span_context(place))
        )

    def __repr__(self) -> str:
        return f"<AttemptSpan({self.traceparent})>"

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

    def end(self, attempt: Attempt) -> None:
        """The attempt came to this."""
        span, outcome = self._span, attempt.outcome
        if not span.is_recording():
            return
        span.set_attribute("quaero.outcome", OUTCOMES[type(outcome)])
        if attempt.children:
            span.set_attribute("quaero.job.spawned", len(attempt.children))
        if isinstance(outcome, Failed):
            error = outcome.error
            span.set_attribute("error.type", error.type)
            span.set_status(Status(StatusCode.ERROR, error.message))
            facts = {"exception.type": error.type, "exception.message": error.message}
            if error.traceback:
                facts["exception.stacktrace"] = error.traceback
            span.add_event("exception", facts)
        span.end()
