"""Metrics by OpenTelemetry, as a receiver of others gets them: those of /metrics, and how long attempts take."""

from prometheus_client.registry import CollectorRegistry

from runtime import Runtime
from runtime.gateway.metrics import RuntimeCollector
from runtime.telemetry.measures import MEANINGS
from runtime.telemetry.metrics import DURATION
from tests.embedding.workers import ALL, Number, Where
from tests.telemetry.conftest import Traced
from tests.telemetry.receiver import Receiver


def test_both_tell_the_same_numbers(traced: Traced, receiver: Receiver) -> None:
    settings = traced(traces="off", metrics="otlp", metrics_interval_seconds=0.1)
    with Runtime(settings, workers=ALL) as runtime:
        runtime.fan_out("double", [Number(1), Number(2)]).wait(100)
        runtime.fan_out("poison", [Where("raise")]).wait(100)
        registry = CollectorRegistry(auto_describe=False)
        registry.register(RuntimeCollector(runtime))

        def told() -> dict[str, dict[frozenset[tuple[str, object]], float]]:
            by_name = {each.name: each.prometheus_name for each in MEANINGS}
            return {
                by_name[name]: {frozenset(labels): value for labels, value in points.items()}
                for name, points in receiver.numbers.items()
                if name in by_name
            }

        def scraped() -> dict[str, dict[frozenset[tuple[str, object]], float]]:
            return {
                family.name: {frozenset(each.labels.items()): each.value for each in family.samples}
                for family in registry.collect()
                if family.samples
            }

        def of_store(found: dict[str, dict[frozenset[tuple[str, object]], float]]) -> dict[str, object]:
            return {name: points for name, points in found.items() if not name.startswith(MOVING)}

        receiver.wait(lambda: of_store(told()) == of_store(scraped()), "the same numbers")
        assert set(told()) == set(scraped())
        assert told()["quaero_jobs"][frozenset({("state", "completed")})] == 2
        assert told()["quaero_runs"][frozenset({("state", "failed")})] == 1


MOVING = ("quaero_actor", "quaero_core_lag")
"""What an engine at rest goes on changing: its timers are messages."""


def test_attempts_are_measured_by_how_they_ended(traced: Traced, receiver: Receiver) -> None:
    with Runtime(traced(traces="off", metrics="otlp"), workers=ALL) as runtime:
        runtime.fan_out("double", [Number(1), Number(2)]).wait(100)
        runtime.fan_out("poison", [Where("raise")]).wait(100)
    points = {dict(labels).get("error.type"): value for labels, value in receiver.numbers[DURATION].items()}
    assert points == {None: 2, "ValueError": 2}
    assert receiver.spans == []


def test_the_numbers_of_the_end_are_sent_at_the_end(traced: Traced, receiver: Receiver) -> None:
    with Runtime(traced(traces="off", metrics="otlp"), workers=ALL) as runtime:
        runtime.fan_out("double", [Number(1)]).wait(100)
        assert receiver.numbers == {}
    assert receiver.numbers["quaero.jobs"][("state", "completed"),] == 1
