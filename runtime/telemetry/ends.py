"""Spans of runs and steps, made from their rows once a commit of this process has ended them.

A run may outlive many processes; the one whose commit ends it makes its span, and no other. The rows are read by a
thread of its own, so that the store waits for nothing.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterable
from queue import SimpleQueue
from threading import Thread

from opentelemetry.trace import SpanKind, Status, StatusCode

from actors.ids import id_text
from actors.job import JobKind, JobState
from runtime.store.database import StoreError
from runtime.store.reading.ended import EndedParent
from runtime.store.reading.reader import StoreReader
from runtime.telemetry.context import TraceContext, parent_span_id
from runtime.telemetry.tracing import MS, SYSTEM, Tracing

logger = logging.getLogger("quaero.telemetry")

TOGETHER = 500
"""Rows read at once at most."""


class Ends:
    """Hears of ends, from any thread, and makes their spans."""

    def __init__(self, tracing: Tracing, open_reader: Callable[[], StoreReader]) -> None:
        self._tracing = tracing
        self._open_reader = open_reader
        self._told: SimpleQueue[list[int] | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name="quaero-spans", daemon=True)
        self._thread.start()

    def __repr__(self) -> str:
        return f"<Ends(waiting={self._told.qsize()})>"

    def told(self, ids: list[int]) -> None:
        """A commit has ended these runs and steps."""
        self._told.put(ids)

    def close(self, timeout_seconds: float) -> bool:
        """Make the spans of what was told, for so long at most; returns whether that was done."""
        self._told.put(None)
        self._thread.join(timeout_seconds)
        return not self._thread.is_alive()

    def _work(self) -> None:
        reader: StoreReader | None = None
        try:
            while (ids := self._told.get()) is not None:
                try:
                    reader = reader or self._open_reader()
                    self._make(reader, ids)
                except (StoreError, sqlite3.Error) as error:
                    logger.warning("%d runs and steps get no span: %s", len(ids), error)
        finally:
            if reader is not None:
                reader.close()

    def _make(self, reader: StoreReader, ids: list[int]) -> None:
        for start in range(0, len(ids), TOGETHER):
            for parent in in_order(reader.ended_parents(ids[start : start + TOGETHER])):
                place = self._tracing.of_run(parent.run_id, parent.run_context)
                if place.sampled:
                    _make_span(self._tracing, place, parent)


def in_order(parents: Iterable[EndedParent]) -> list[EndedParent]:
    """Steps before their runs, as a trace is written: children end first. Pure."""
    return sorted(parents, key=lambda each: (each.finished_at, each.kind == JobKind.RUN))


def _make_span(tracing: Tracing, run: TraceContext, parent: EndedParent) -> None:
    own = TraceContext(run.trace_id, parent_span_id(parent.id, parent.epoch), run.sampled, run.state)
    if parent.kind == JobKind.RUN:
        name, kind, above = f"run {parent.type}", SpanKind.INTERNAL, run.span_id
        start_ms = parent.created_at
    else:
        name, kind, above = (
            f"send {parent.name}",
            SpanKind.PRODUCER,
            parent_span_id(parent.run_id, parent.run_epoch),
        )
        start_ms = parent.started_at if parent.started_at is not None else parent.finished_at
    span = tracing.start(
        name,
        place=own,
        parent_span_id=above,
        kind=kind,
        attributes=attributes_of(parent),
        start_ns=start_ms * MS,
    )
    if parent.state is JobState.FAILED:
        span.set_attribute("error.type", parent.closing or "failed")
        span.set_status(Status(StatusCode.ERROR, parent.error or ""))
    span.end(max(start_ms, parent.finished_at) * MS)


def attributes_of(parent: EndedParent) -> dict[str, str | int]:
    """What a run's or a step's span says. Pure."""
    counts = parent.counts
    found: dict[str, str | int] = {
        "quaero.run.id": id_text(parent.run_id),
        "quaero.definition.id": parent.definition_id,
        "quaero.state": parent.state.value,
        "quaero.epoch": parent.epoch,
        "quaero.jobs.total": counts.total,
        "quaero.jobs.completed": counts.completed,
        "quaero.jobs.failed": counts.failed,
        "quaero.jobs.cancelled": counts.cancelled,
    }
    if parent.kind == JobKind.RUN:
        return {**found, "quaero.run.name": parent.name}
    return {
        **found,
        "messaging.system": SYSTEM,
        "messaging.operation.type": "send",
        "messaging.operation.name": "send",
        "messaging.destination.name": parent.name,
        "messaging.batch.message_count": counts.total,
        "messaging.message.conversation_id": id_text(parent.run_id),
        "quaero.step.id": id_text(parent.id),
        "quaero.step.action": parent.type,
    }
