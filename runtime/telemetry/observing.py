"""What those who run bodies tell of them: log lines are bound, spans are made, durations measured, as it is wanted."""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from actors.job import Attempt, Failed, LeasedJob, Step, StepStart, StepTrace
from actors.messages import NameChildren, NamingFailed
from actors.seams import Clock
from actors.worker.context import JobContext
from runtime.logs.bound import bound

if TYPE_CHECKING:
    from opentelemetry.metrics import Histogram

    from runtime.telemetry.attempt import AttemptSpan, LiveSpan, NamingSpan


class Spans(Protocol):
    """Makes spans that begin now."""

    def attempt(self, job: LeasedJob, step: Step, trace: StepTrace | None) -> "AttemptSpan":
        """Of an attempt of a job."""
        ...

    def naming(self, start: StepStart) -> "NamingSpan":
        """Of a manager's call."""
        ...


class BodyObserver:
    """The resource ``observer``: see ``actors.worker.observed`` and ``actors.manager.actor``."""

    def __init__(
        self, clock: Clock, spans: Spans | None = None, durations: "Histogram | None" = None
    ) -> None:
        """Bind log lines; ``spans`` None: make no spans, ``durations`` None: measure nothing."""
        self._clock = clock
        self._spans = spans
        self._durations = durations

    def __repr__(self) -> str:
        return f"<BodyObserver(spans={self._spans is not None}, measures={self._durations is not None})>"

    def begin(self, job: LeasedJob, context: JobContext, trace: StepTrace | None) -> "ObservedAttempt":
        """The body of this attempt is about to start."""
        span = None
        if self._spans is not None:
            span = self._spans.attempt(job, context.step, trace)
            context.trace_context = span.traceparent
        if self._durations is None:
            return ObservedAttempt(context, span)
        return MeasuredAttempt(context, span, self._durations, self._clock)

    def around_naming(
        self, start: StepStart, body: Callable[[], NameChildren | NamingFailed]
    ) -> Callable[[], NameChildren | NamingFailed]:
        """The manager's call, so that it runs within its step's context."""

        def named() -> NameChildren | NamingFailed:
            span = None if self._spans is None else self._spans.naming(start)
            tokens = _enter(start, span)
            found = None
            try:
                found = body()
            finally:
                _leave(tokens, span)
                if span is not None:
                    span.end(found)
            return found

        return named


class ObservedAttempt:
    """One attempt: while its body runs, log lines are bound to it, and its span is current."""

    def __init__(self, context: JobContext, span: "AttemptSpan | None") -> None:
        self._context = context
        self._span = span
        self.trace_context = span.traceparent if span is not None and span.sampled else None

    def around(self, body: Callable[[], Any], *, on_loop: bool) -> Callable[[], Any]:
        """See ``Observation``."""
        if on_loop:

            async def awaited() -> Any:
                tokens = _enter(self._context, self._span)
                try:
                    return await body()
                finally:
                    _leave(tokens, self._span)

            return awaited

        def called() -> Any:
            tokens = _enter(self._context, self._span)
            try:
                return body()
            finally:
                _leave(tokens, self._span)

        return called

    def end(self, attempt: Attempt) -> None:
        """See ``Observation``."""
        if self._span is not None:
            self._span.end(attempt)


class MeasuredAttempt(ObservedAttempt):
    """One whose duration is recorded, too."""

    def __init__(
        self, context: JobContext, span: "AttemptSpan | None", durations: "Histogram", clock: Clock
    ) -> None:
        super().__init__(context, span)
        self._durations = durations
        self._clock = clock
        self._began = clock.monotonic()

    def end(self, attempt: Attempt) -> None:
        """See ``Observation``."""
        super().end(attempt)
        facts = {
            "messaging.system": "quaero",
            "messaging.operation.name": "process",
            "messaging.destination.name": self._context.step.name,
            "quaero.job.type": self._context.job.type,
        }
        if isinstance(attempt.outcome, Failed):
            facts["error.type"] = attempt.outcome.error.type
        self._durations.record(self._clock.monotonic() - self._began, facts)


def _enter(what: JobContext | StepStart, span: "LiveSpan | None") -> tuple[Any, Any]:
    return bound.set(what), None if span is None else span.attach()


def _leave(tokens: tuple[Any, Any], span: "LiveSpan | None") -> None:
    token, attached = tokens
    if span is not None:
        span.detach(attached)
    with suppress(ValueError):  # a coroutine that is closed elsewhere than where it ran
        bound.reset(token)
