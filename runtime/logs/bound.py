"""The attempt that runs here, or the step whose children are named, as fields of a log line.

``add_attempt`` is a processor for structlog, ``AttemptFilter`` a filter for Python's logging: a service with logging of
its own adds either, and sets ``RuntimeSettings.binds_logs``.
"""

import logging
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any

from actors.ids import id_text
from actors.job import StepStart
from actors.worker.context import JobContext

bound: ContextVar[JobContext | StepStart | None] = ContextVar("quaero_bound", default=None)
"""Set while a body or a manager's call runs, for all it calls and for the tasks it starts."""

FIELDS = ("run", "step", "job", "attempt", "worker", "trace_id", "span_id")


def attempt_fields() -> dict[str, Any]:
    """What is known of whoever calls this: nothing outside of a body or a manager, but for a span that is current."""
    found: dict[str, Any] = {}
    here = bound.get()
    if isinstance(here, StepStart):
        found = {"run": id_text(here.run_id), "step": here.step.name, "attempt": here.attempt}
    elif here is not None:
        job = here.job
        found = {
            "run": id_text(job.root_id),
            "step": here.step.name,
            "job": id_text(job.id),
            "attempt": job.attempt,
            "worker": job.type,
        }
    tracing = sys.modules.get("opentelemetry.trace")
    if tracing is not None:
        span = tracing.get_current_span().get_span_context()
        if span.is_valid:
            found["trace_id"], found["span_id"] = f"{span.trace_id:032x}", f"{span.span_id:016x}"
    return found


def add_attempt(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """For structlog: add the fields; what a line says itself stays."""
    for name, value in attempt_fields().items():
        event.setdefault(name, value)
    return event


class AttemptFilter(logging.Filter):
    """For Python's logging: every record gets all of ``FIELDS``, "" where there is nothing to say."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the fields; nothing is filtered out."""
        fields = attempt_fields()
        for name in FIELDS:
            if not hasattr(record, name):
                setattr(record, name, fields.get(name, ""))
        return True
