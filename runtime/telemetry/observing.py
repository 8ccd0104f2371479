"""The observer of attempts: binds log lines to them, makes their spans and measures them, whichever is wanted."""

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from actors.job import Attempt, Failed, LeasedJob, Step
from actors.messages import StepTrace
from actors.seams import Clock
from actors.worker.context import JobContext
from runtime.logs.bound import attempt as bound_attempt

if TYPE_CHECKING:
    from opentelemetry.metrics import Histogram

    from runtime.telemetry.attempt import AttemptSpan

    MakeSpan = Callable[[LeasedJob, Step, StepTrace | None], AttemptSpan]


class AttemptObserver:
    """An ``Observer`` of ``actors.worker.observed``."""

    def __init__(
        self, clock: Clock, make_span: "MakeSpan | None" = None, durations: "Histogram | None" = None
    ) -> None:
        """Bind log lines; ``make_span`` None: no spans, ``durations`` None: nothing is measured."""
        self._clock = clock
        self._make_span = make_span
        self._durations = durations

    def __repr__(self) -> str:
        return (
            f"<AttemptObserver(spans={self._make_span is not None}, measures={self._durations is not None})>"
        )

    def begin(self, job: LeasedJob, context: JobContext, trace: StepTrace | None) -> "ObservedAttempt":
        """The body of this attempt is about to start."""
        span = None
        if self._make_span is not None:
            span = self._make_span(job, context.step, trace)
            context.trace_context = span.traceparent
        if self._durations is None:
            return ObservedAttempt(context, span)
        return MeasuredAttempt(context, span, self._durations, self._clock)


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
                tokens = self._enter()
                try:
                    return await body()
                finally:
                    self._leave(tokens)

            return awaited

        def called() -> Any:
            tokens = self._enter()
            try:
                return body()
            finally:
                self._leave(tokens)

        return called

    def end(self, attempt: Attempt) -> None:
        """See ``Observation``."""
        if self._span is not None:
            self._span.end(attempt)

    def _enter(self) -> tuple[Any, Any]:
        span = self._span
        return bound_attempt.set(self._context), None if span is None else span.attach()

    def _leave(self, tokens: tuple[Any, Any]) -> None:
        bound, attached = tokens
        if self._span is not None:
            self._span.detach(attached)
        with suppress(ValueError):  # a coroutine that is closed elsewhere than where it ran
            bound_attempt.reset(bound)


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
