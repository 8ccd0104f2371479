"""Observable instruments over ``measures``: read when a reader of metrics collects, and at no other time."""

import logging
import sqlite3
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from opentelemetry.metrics import CallbackOptions, Histogram, MeterProvider, Observation

from runtime import __version__
from runtime.refusal import RuntimeStateError
from runtime.store.database import StoreError
from runtime.store.reading.reader import StoreReader
from runtime.telemetry.measures import MEANINGS, Meaning, Measure, measured
from runtime.telemetry.providers import SCOPE

if TYPE_CHECKING:
    from runtime.assembly import Assembly

logger = logging.getLogger("quaero.telemetry")

DURATION = "messaging.process.duration"
"""Of the conventions for messaging; the bounds of its buckets are theirs, too."""
_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)


class Instruments:
    """The instruments of one runtime. After ``close`` they tell nothing more."""

    def __init__(
        self, provider: MeterProvider, assembly: "Assembly", open_reader: Callable[[], StoreReader]
    ) -> None:
        self._assembly = assembly
        self._open_reader = open_reader
        self._reader: StoreReader | None = None
        self._closed = False
        self._untold: dict[str, Measure] = {}
        meter = provider.get_meter(SCOPE, __version__)
        for meaning in MEANINGS:
            make = meter.create_observable_counter if meaning.counter else meter.create_observable_gauge
            make(meaning.name, [self._callback(meaning)], meaning.unit, meaning.text)
        self.durations: Histogram = meter.create_histogram(
            DURATION, "s", "Duration of an attempt of a job", explicit_bucket_boundaries_advisory=_BOUNDS
        )

    def __repr__(self) -> str:
        return f"<Instruments({len(MEANINGS)})>"

    def close(self) -> None:
        """The runtime is closed: a provider of the service's own may go on asking."""
        self._closed = True
        if self._reader is not None:
            self._reader.close()

    def _callback(self, meaning: Meaning) -> Callable[[CallbackOptions], Iterable[Observation]]:
        def observe(_options: CallbackOptions) -> Iterable[Observation]:
            measure = self._next(meaning.name)
            if measure is None:
                return []
            return [
                Observation(value, dict(zip(meaning.labels, labels, strict=True)))
                for labels, value in measure.points
            ]

        return observe

    def _next(self, name: str) -> Measure | None:
        """A collection asks for each once: all are read together with the first, and the last one leaves none."""
        if self._closed:
            return None
        if name not in self._untold:
            try:
                self._reader = self._reader or self._open_reader()
                found = {each.meaning.name: each for each in measured(self._assembly, self._reader)}
                self._untold = {each.name: Measure(each, ()) for each in MEANINGS} | found
            except (StoreError, RuntimeStateError, sqlite3.Error) as error:
                logger.warning("no metrics can be read: %s", error)
                self._untold = {}
        return self._untold.pop(name, None)
