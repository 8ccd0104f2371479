"""Telemetry: traces and metrics of one runtime, from its start to its end. Nothing of it can hold the runtime up."""

import logging
from typing import TYPE_CHECKING

from actors.job import LeasedJob, Step, StepStart, StepTrace
from runtime.store.reading.reader import StoreReader
from runtime.telemetry.attempt import AttemptSpan, NamingSpan
from runtime.telemetry.context import TraceContext
from runtime.telemetry.ends import Ends
from runtime.telemetry.metrics import Instruments
from runtime.telemetry.providers import Providers
from runtime.telemetry.tracing import Tracing

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.metrics import Histogram

    from runtime.assembly import Assembly
    from runtime.telemetry.observing import Spans

logger = logging.getLogger("quaero.telemetry")

CLOSE_SECONDS = 5.0
"""A receiver that does not answer keeps a runtime that stops that long at most."""


class BodySpans:
    """See ``observing.Spans``."""

    def __init__(self, tracing: Tracing) -> None:
        self._tracing = tracing

    def attempt(self, job: LeasedJob, step: Step, trace: StepTrace | None) -> AttemptSpan:
        """Of an attempt of a job."""
        return AttemptSpan(self._tracing, job, step, trace)

    def naming(self, start: StepStart) -> NamingSpan:
        """Of a manager's call."""
        return NamingSpan(self._tracing, start)


class Telemetry:
    """Made before the actors start, closed after they have ended."""

    def __init__(self, assembly: "Assembly", instance: str) -> None:
        """Open it; the receiver is not looked for."""
        settings = assembly.settings
        self._clock = assembly.clock
        self._providers = Providers(settings.telemetry, instance)
        tracer, meters = self._providers.tracer, self._providers.meter_provider

        def open_reader() -> StoreReader:
            return StoreReader(settings.store, busy_timeout_seconds=settings.busy_timeout_seconds)

        self._tracing = None if tracer is None else Tracing(tracer)
        self._ends = None if self._tracing is None else Ends(self._tracing, open_reader)
        self._instruments = None if meters is None else Instruments(meters, assembly, open_reader)

    def __repr__(self) -> str:
        return f"<Telemetry({self._providers!r})>"

    @property
    def on_end(self) -> "Callable[[list[int]], object] | None":
        """What is to hear which runs and steps a commit has ended; None: nobody traces."""
        return None if self._ends is None else self._ends.told

    @property
    def spans(self) -> "Spans | None":
        """Makes the spans of bodies; None: nobody traces."""
        return None if self._tracing is None else BodySpans(self._tracing)

    @property
    def durations(self) -> "Histogram | None":
        """What attempts are measured by; None: they are not."""
        return None if self._instruments is None else self._instruments.durations

    def submitted(self, run_id: int, caller: TraceContext | None) -> TraceContext | None:
        """The place of a run that is submitted now; None: nobody traces."""
        return None if self._tracing is None else self._tracing.submitted(run_id, caller)

    def close(self) -> None:
        """Send what there is, within ``CLOSE_SECONDS``."""
        until = self._clock.monotonic() + CLOSE_SECONDS
        done = self._ends is None or self._ends.close(CLOSE_SECONDS)
        done = self._providers.close(lambda: max(0.0, until - self._clock.monotonic())) and done
        if self._instruments is not None:
            self._instruments.close()
        if not done:
            logger.warning("some telemetry was not sent: its receiver does not answer")
