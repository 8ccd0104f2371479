"""Spans: which runs are sampled, and one span for each attempt of a job.

Names and attributes are those of OpenTelemetry's conventions for messaging
(https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/): a step sends a batch of messages, its jobs; an
attempt processes one. What the conventions have no word for begins with ``quaero.``.

Whether a run is sampled is decided once, when it is submitted, and is kept in its row. Of one that was submitted where
nobody traces, each process decides by the run's trace id: samplers by ratio decide alike everywhere.
"""

import logging
from collections.abc import Sequence
from copy import copy
from threading import local
from typing import Any

from opentelemetry import trace as trace_api
from opentelemetry.context import Context
from opentelemetry.sdk.trace import Tracer
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Decision
from opentelemetry.trace import Link, NonRecordingSpan, Span, SpanContext, SpanKind, TraceFlags, TraceState

from actors.ids import id_text
from actors.job import LeasedJob, Step, StepStart, StepTrace
from runtime.telemetry.context import (
    TraceContext,
    attempt_span_id,
    own_place,
    parent_span_id,
    parsed,
    run_place,
    trace_id_of,
)

logger = logging.getLogger("quaero.telemetry")

SYSTEM = "quaero"
MS = 1_000_000
"""Nanoseconds of a millisecond."""


class Tracing:
    """Makes the spans of one runtime, from any thread."""

    def __init__(self, tracer: Tracer) -> None:
        """Make them with what the tracer's provider has set up; which are sampled is asked before they are made."""
        self._sampler = tracer.sampler
        self._ids = _GivenIds()
        self._tracer = copy(tracer)
        self._tracer.sampler, self._tracer.id_generator = ALWAYS_ON, self._ids

    def __repr__(self) -> str:
        return f"<Tracing({self._sampler.get_description()})>"

    def submitted(self, run_id: int, caller: TraceContext | None) -> TraceContext:
        """The place of a run that is submitted now, which its row is to hold: sampled or not."""
        trace_id = trace_id_of(run_id) if caller is None else caller.trace_id
        sampled, state = self._decide(trace_id, caller)
        if caller is None:
            return own_place(run_id, sampled=sampled, state=state)
        return TraceContext(caller.trace_id, caller.span_id, sampled, state or caller.state)

    def of_run(self, run_id: int, stored: str | None) -> TraceContext:
        """What the spans of a run hang below (span 0: below nothing), and whether they are sampled."""
        place = run_place(run_id, stored)
        if place is None:
            trace_id = trace_id_of(run_id)
            sampled, state = self._decide(trace_id, None)
            return TraceContext(trace_id, 0, sampled, state)
        return place

    def attempt_place(self, job: LeasedJob, trace: StepTrace | None) -> TraceContext:
        """The attempt's own place, sampled or not."""
        run = self.of_run(job.root_id, trace.context if trace is not None else None)
        return TraceContext(run.trace_id, attempt_span_id(job.id, job.token), run.sampled, run.state)

    def start_attempt(self, place: TraceContext, job: LeasedJob, step: Step, epoch: int) -> Span:
        """The span of an attempt of a sampled run, which begins now."""
        spawner = parsed(job.trace_context)
        return self.start(
            f"process {step.name}",
            place=place,
            parent_span_id=parent_span_id(job.step_id, epoch),
            kind=SpanKind.CONSUMER,
            links=() if spawner is None else (Link(span_context(spawner)),),
            attributes={
                "messaging.system": SYSTEM,
                "messaging.operation.type": "process",
                "messaging.operation.name": "process",
                "messaging.destination.name": step.name,
                "messaging.message.id": id_text(job.id),
                "messaging.message.conversation_id": id_text(job.root_id),
                "quaero.run.id": id_text(job.root_id),
                "quaero.step.id": id_text(job.step_id),
                "quaero.job.type": job.type,
                "quaero.job.attempt": job.attempt,
                "quaero.job.max_attempts": job.max_attempts,
            },
        )

    def naming_place(self, start: StepStart) -> TraceContext:
        """The place of a manager's call, sampled or not."""
        run = self.of_run(start.run_id, start.trace.context if start.trace is not None else None)
        return TraceContext(run.trace_id, attempt_span_id(start.step_id, start.token), run.sampled, run.state)

    def start_naming(self, place: TraceContext, start: StepStart) -> Span:
        """The span of a manager's call for a step of a sampled run, which begins now."""
        return self.start(
            f"name {start.step.name}",
            place=place,
            parent_span_id=parent_span_id(start.step_id, start.trace.epoch if start.trace is not None else 0),
            kind=SpanKind.INTERNAL,
            attributes={
                "messaging.system": SYSTEM,
                "messaging.destination.name": start.step.name,
                "quaero.run.id": id_text(start.run_id),
                "quaero.step.id": id_text(start.step_id),
                "quaero.step.action": start.step.action,
                "quaero.step.attempt": start.attempt,
            },
        )

    def start(
        self,
        name: str,
        *,
        place: TraceContext,
        parent_span_id: int,
        kind: SpanKind,
        attributes: dict[str, Any],
        links: Sequence[Link] = (),
        start_ns: int | None = None,
    ) -> Span:
        """A span with the ids of ``place``, below the span of that id (0: below nothing); it begins now by default."""
        context = Context()
        if parent_span_id:
            parent = TraceContext(place.trace_id, parent_span_id, place.sampled, place.state)
            context = trace_api.set_span_in_context(NonRecordingSpan(span_context(parent)), context)
        self._ids.give(place)
        return self._tracer.start_span(
            name, context=context, kind=kind, attributes=attributes, links=links, start_time=start_ns
        )

    def _decide(self, trace_id: int, caller: TraceContext | None) -> tuple[bool, str]:
        context = Context()
        if caller is not None:
            context = trace_api.set_span_in_context(NonRecordingSpan(span_context(caller)), context)
        found = self._sampler.should_sample(context, trace_id, "run", SpanKind.INTERNAL)
        return (
            found.decision is Decision.RECORD_AND_SAMPLE,
            found.trace_state.to_header() if found.trace_state else "",
        )


def span_context(place: TraceContext) -> SpanContext:
    """The place as OpenTelemetry's API has it."""
    return SpanContext(
        place.trace_id,
        place.span_id,
        is_remote=True,
        trace_flags=TraceFlags(TraceFlags.SAMPLED if place.sampled else TraceFlags.DEFAULT),
        trace_state=TraceState.from_header([place.state]) if place.state else None,
    )


class _GivenIds(IdGenerator):
    """Gives the next span of this thread the ids that were said before."""

    def __init__(self) -> None:
        self._next = local()

    def give(self, place: TraceContext) -> None:
        self._next.place = place

    def generate_span_id(self) -> int:
        found: int = self._next.place.span_id
        return found

    def generate_trace_id(self) -> int:
        found: int = self._next.place.trace_id
        return found
