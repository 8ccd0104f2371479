"""Metrics and the state of the actors: the numbers are those of the rows and of the engine."""

from prometheus_client.parser import text_string_to_metric_families

from runtime.engine.statistics import ActorStatistics
from runtime.workings import kinds
from tests.embedding.workers import Number, double
from tests.gateway.conftest import Service


def test_prometheus_reads_the_counts_of_the_rows(service: Service) -> None:
    service.runtime.fan_out(double, [Number(each) for each in range(7)]).wait(100)
    answer = service.client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples["quaero_jobs", ("state", "completed")] == 7
    assert samples["quaero_runs", ("state", "completed")] == 1
    assert samples["quaero_worker_slots", ("type", "double")] == double.options.slots
    assert samples["quaero_actor_messages_total", ("actor", "StoreActor"), ("outcome", "handled")] > 0
    assert samples["quaero_events_total",] == service.runtime.reader.last_event()


def test_the_actors_are_told_of_by_their_kind(service: Service) -> None:
    found = service.client.get("/api/runtime").json()
    living = {each["actor"]: each["living"] for each in found["actors"]}
    assert living["StoreActor"] == living["JobProcessor"] == living["RuntimeSupervisor"] == 1
    assert found["restarts"] == {}


def test_times_of_many_actors_are_means_over_their_messages() -> None:
    def actor(handled: int, seconds: float) -> ActorStatistics:
        return ActorStatistics("a", "Worker", "core", 1, handled, 0, seconds, seconds, 0)

    [found] = kinds([actor(1, 0.4), actor(3, 0.0)])
    assert (found.living, found.waiting_messages, found.handled_messages) == (2, 2, 4)
    assert (found.mailbox_ms, found.handling_ms) == (100.0, 100.0)
