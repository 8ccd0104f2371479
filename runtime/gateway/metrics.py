"""``/metrics``: what Prometheus scrapes, read from the store and the engine at the moment it is asked for.

Names and units as https://prometheus.io/docs/practices/naming/ has them.
"""

from collections.abc import Iterator
from typing import Any

from litestar import Controller, get
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from runtime.embedding import Runtime
from runtime.gateway.given import TheRuntime
from runtime.gateway.workings import ActorKind, Workings, workings

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
        reader = self._runtime.reader
        yield from _of_rows(reader.statistics())
        workers = self._runtime.assembly.workers
        yield from _of_queues(
            reader.queues(tuple(workers)), {name: worker.options.slots for name, worker in workers.items()}
        )
        yield CounterMetricFamily("quaero_events", "Events recorded in the store", value=reader.last_event())
        yield from _of_engine(workings(self._runtime))


def _of_rows(statistics: dict[str, Any]) -> Iterator[Metric]:
    for kind in ("runs", "steps", "jobs"):
        metric = GaugeMetricFamily(
            f"quaero_{kind}", f"Rows of {kind} in the store, by state", labels=["state"]
        )
        for state, number in statistics[kind].items():
            if state != "total":
                metric.add_metric([state], number)
        yield metric
    yield GaugeMetricFamily("quaero_documents", "Documents in the store", value=statistics["documents"])


def _of_queues(queues: list[dict[str, Any]], slots: dict[str, int]) -> Iterator[Metric]:
    for key in ("pending", "running", "scheduled"):
        metric = GaugeMetricFamily(
            f"quaero_queue_{key}_jobs", f"Jobs that are {key}, by type", labels=["type"]
        )
        for queue in queues:
            metric.add_metric([queue["type"]], queue[key])
        yield metric
    paused = GaugeMetricFamily("quaero_queue_paused", "Whether the type is paused", labels=["type"])
    for queue in queues:
        paused.add_metric([queue["type"]], float(queue["paused"]))
    yield paused
    limit = GaugeMetricFamily(
        "quaero_worker_slots", "Jobs of the type at once in this runtime", labels=["type"]
    )
    for name, number in slots.items():
        limit.add_metric([name], number)
    yield limit


def _of_engine(found: Workings) -> Iterator[Metric]:
    def gauge(name: str, text: str, of: str) -> Metric:
        metric = GaugeMetricFamily(name, text, labels=["actor"])
        for actor in found.actors:
            metric.add_metric([actor.actor], getattr(actor, of))
        return metric

    yield gauge("quaero_actors", "Living actors, by class", "living")
    yield gauge("quaero_actor_mailbox_messages", "Messages that wait in mailboxes", "waiting_messages")
    handled = CounterMetricFamily(
        "quaero_actor_messages", "Messages handled by the actors that live", labels=["actor", "outcome"]
    )
    for actor in found.actors:
        for outcome, number in _outcomes(actor):
            handled.add_metric([actor.actor, outcome], number)
    yield handled
    restarts = CounterMetricFamily("quaero_actor_restarts", "Actors started again", labels=["actor"])
    for name, number in found.restarts.items():
        restarts.add_metric([name], number)
    yield restarts
    yield GaugeMetricFamily(
        "quaero_core_lag_seconds",
        "Wait of the last measured turn for the core thread",
        value=found.core_lag_ms / 1000,
    )
    yield CounterMetricFamily("quaero_dead_letters", "Messages that reached nobody", value=found.dead_letters)
    yield GaugeMetricFamily(
        "quaero_abandoned_threads", "Threads with bodies that were given up", value=found.abandoned_threads
    )


def _outcomes(actor: ActorKind) -> tuple[tuple[str, int], ...]:
    return ("handled", actor.handled_messages - actor.failed_messages), ("failed", actor.failed_messages)
