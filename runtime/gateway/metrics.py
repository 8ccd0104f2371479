"""``/metrics``: what Prometheus scrapes. The numbers are those of ``runtime.telemetry.measures``."""

from collections.abc import Iterator

from litestar import Controller, get
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from runtime.embedding import Runtime
from runtime.gateway.given import TheRuntime
from runtime.telemetry.measures import Measure, measured

Metric = GaugeMetricFamily | CounterMetricFamily


class MetricsController(Controller):
    """``/metrics``."""

    path = "/metrics"
    tags = ("health",)

    @get(summary="Metrics for Prometheus", media_type=CONTENT_TYPE_LATEST, sync_to_thread=True)
    def metrics(self, runtime: TheRuntime) -> bytes:
        """In the text format."""
        registry = CollectorRegistry(auto_describe=False)
        registry.register(RuntimeCollector(runtime))
        return generate_latest(registry)


class RuntimeCollector(Collector):
    """Reads one runtime; a service may register it with a registry of its own."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime

    def __repr__(self) -> str:
        return f"<RuntimeCollector({self._runtime!r})>"

    def describe(self) -> list[Metric]:
        """Nothing: reading is not cheap enough to be done for the names."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All metrics, of one moment each."""
        return map(family, measured(self._runtime.assembly, self._runtime.reader))


def family(measure: Measure) -> Metric:
    """A measure as Prometheus has it. Pure."""
    meaning = measure.meaning
    kind = CounterMetricFamily if meaning.counter else GaugeMetricFamily
    found: Metric = kind(meaning.prometheus_name, meaning.text, labels=meaning.labels)
    for values, number in measure.points:
        found.add_metric(values, number)
    return found
