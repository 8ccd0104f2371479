"""Spans as a receiver of others gets them: one trace for each run, whoever asked for it and however it ended."""

import msgspec
import pytest
from opentelemetry.sdk.trace import TracerProvider

from actors.job import JobDefinition, Step
from runtime import Runtime
from tests.embedding.workers import ALL, Number, Where
from tests.telemetry.conftest import Traced
from tests.telemetry.receiver import ReceivedSpan, Receiver
from tests.telemetry.workers import NAMED_IN, LookingManager, Nothing, Seen, look, look_apart, look_async


def attempts(receiver: Receiver) -> list[ReceivedSpan]:
    return [each for each in receiver.spans if each.kind == "consumer"]


def test_a_run_is_one_trace_of_its_steps_and_of_their_attempts(traced: Traced, receiver: Receiver) -> None:
    with Runtime(traced(), workers=ALL) as runtime:
        run = runtime.fan_out("double", [Number(1), Number(2)])
        run.wait(100)
    (root,) = receiver.named("run double")
    (step,) = receiver.named("send double")
    jobs = receiver.named("process double")
    assert {each.trace_id for each in receiver.spans} == {root.trace_id}
    assert len(receiver.spans) == 4
    assert (root.kind, root.parent_id) == ("internal", "")
    assert (step.kind, step.parent_id) == ("producer", root.span_id)
    assert [(each.kind, each.parent_id, each.failed) for each in jobs] == [
        ("consumer", step.span_id, False)
    ] * 2
    assert root.start_ns <= min(each.start_ns for each in jobs)
    assert root.end_ns >= max(each.start_ns for each in jobs) - 1_000_000
    assert root.service["service.name"] == "quaero"


def test_attributes_are_those_of_the_conventions_for_messaging(traced: Traced, receiver: Receiver) -> None:
    with Runtime(traced(), workers=ALL) as runtime:
        run = runtime.fan_out("double", [Number(1), Number(2)])
        run.wait(100)
        ids = {each["id"] for each in runtime.reader.tree(run.number)["children"][0]["children"]}  # type: ignore[index]
    job, step = receiver.named("process double")[0], receiver.named("send double")[0]
    assert {each.attributes["messaging.message.id"] for each in receiver.named("process double")} == ids
    assert job.attributes | {"messaging.message.id": "", "quaero.step.id": ""} == {
        "messaging.system": "quaero",
        "messaging.operation.type": "process",
        "messaging.operation.name": "process",
        "messaging.destination.name": "double",
        "messaging.message.id": "",
        "messaging.message.conversation_id": run.id,
        "quaero.run.id": run.id,
        "quaero.step.id": "",
        "quaero.job.type": "double",
        "quaero.job.attempt": 1,
        "quaero.job.max_attempts": 3,
        "quaero.outcome": "completed",
    }
    assert step.attributes["messaging.operation.type"] == "send"
    assert step.attributes["messaging.batch.message_count"] == 2
    assert step.attributes["quaero.state"] == "completed"


def test_a_spawned_job_links_to_the_attempt_that_spawned_it(traced: Traced, receiver: Receiver) -> None:
    with Runtime(traced(), workers=ALL) as runtime:
        runtime.fan_out("double", [Number(7, spawn=3)]).wait(100)
    (spawner,) = [each for each in attempts(receiver) if "quaero.job.spawned" in each.attributes]
    children = [each for each in attempts(receiver) if each is not spawner]
    assert spawner.attributes["quaero.job.spawned"] == 3
    assert [each.links for each in children] == [((spawner.trace_id, spawner.span_id),)] * 3
    assert spawner.links == ()


def test_each_attempt_has_a_span_and_a_failed_one_says_why(traced: Traced, receiver: Receiver) -> None:
    with Runtime(traced(), workers=ALL) as runtime:
        assert runtime.fan_out("flaky", [Number(2)]).wait(100).state == "completed"
    first, second = sorted(attempts(receiver), key=lambda each: each.attributes["quaero.job.attempt"])
    assert (first.failed, first.attributes["error.type"], first.events) == (
        True,
        "RetryableError",
        ("exception",),
    )
    assert (second.failed, "error.type" in second.attributes, second.events) == (False, False, ())
    assert first.span_id != second.span_id


@pytest.mark.parametrize(
    ("how", "error"), [("raise", "ValueError"), ("exit", "SystemExit"), ("garbage", "ResultError")]
)
def test_a_run_that_fails_is_an_error_up_to_its_root(
    traced: Traced, receiver: Receiver, how: str, error: str
) -> None:
    with Runtime(traced(), workers=ALL) as runtime:
        assert runtime.fan_out("poison", [Where(how)]).wait(100).state == "failed"
    assert [each.attributes["error.type"] for each in attempts(receiver)] == [error] * 2
    assert {each.name: each.failed for each in receiver.spans} == {
        "run poison": True,
        "send poison": True,
        "process poison": True,
    }


def test_what_ends_without_a_job_has_spans_too(traced: Traced, receiver: Receiver) -> None:
    with Runtime(traced(), workers=ALL) as runtime:
        definition = JobDefinition(
            "empty", "Empty", (Step("skipped", "fan_out", {"job_type": "double", "pages": 0}, enabled=False),)
        )
        runtime.submit(definition).wait(100)
    assert sorted(each.name for each in receiver.spans) == ["run empty", "send skipped"]


def test_a_retried_run_has_new_spans_in_the_same_trace(
    traced: Traced, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")  # milliseconds until what ended is sent
    with Runtime(traced(), workers=ALL) as runtime:
        run = runtime.fan_out("poison", [Where("raise")])
        run.wait(100)
        # What is opened again before its span was made gets none of that end.
        receiver.wait(lambda: len(receiver.named("run poison")) == 1, what="the span of the first end")
        run.retry()
        run.wait(100)
    roots, steps = receiver.named("run poison"), receiver.named("send poison")
    assert len({each.span_id for each in roots}) == len({each.span_id for each in steps}) == 2
    assert len({each.trace_id for each in receiver.spans}) == 1
    assert {each.parent_id for each in steps} == {each.span_id for each in roots}
    assert {each.parent_id for each in attempts(receiver)} == {each.span_id for each in steps}


def test_a_run_submitted_inside_a_span_hangs_below_it(traced: Traced, receiver: Receiver) -> None:
    service = TracerProvider(shutdown_on_exit=False).get_tracer("a service")
    with Runtime(traced(), workers=ALL) as runtime:
        with service.start_as_current_span("a request") as span:
            run = runtime.fan_out("double", [Number(1)])
        run.wait(100)
    (root,) = receiver.named("run double")
    above = span.get_span_context()
    assert (root.trace_id, root.parent_id) == (f"{above.trace_id:032x}", f"{above.span_id:016x}")
    assert {each.trace_id for each in receiver.spans} == {root.trace_id}


@pytest.mark.parametrize("worker", ["look", "look_async", "look_apart"])
def test_a_body_runs_inside_the_span_of_its_attempt(traced: Traced, receiver: Receiver, worker: str) -> None:
    with Runtime(traced(), workers=[look, look_async, look_apart]) as runtime:
        run = runtime.fan_out(worker, [Nothing()])
        run.wait(100)
        job = runtime.reader.tree(run.number)["children"][0]["children"][0]  # type: ignore[index]
        found = msgspec.convert(runtime.reader.job(int_id(job["id"]))["result"], Seen)  # type: ignore[index]
    (span,) = attempts(receiver)
    expected = Seen(span.trace_id, span.span_id, True, f"00-{span.trace_id}-{span.span_id}-01")
    assert found == expected
    assert span.attributes.get("of.the.body") == ("said" if worker == "look" else None)


def test_a_manager_runs_inside_a_span_below_its_steps_and_a_failed_call_says_why(
    traced: Traced, receiver: Receiver
) -> None:
    NAMED_IN.clear()
    with Runtime(traced(), workers=[look], managers=[LookingManager]) as runtime:
        runtime.submit(JobDefinition("looking", "Looking", (Step("both", "look"),))).wait(100)
    (step,) = receiver.named("send both")
    first, second = sorted(
        receiver.named("name both"), key=lambda each: each.attributes["quaero.step.attempt"]
    )
    assert {first.parent_id, second.parent_id} == {step.span_id}
    assert [first.span_id, second.span_id] == NAMED_IN
    assert (first.failed, first.attributes["error.type"]) == (True, "ValueError")
    assert (second.failed, second.attributes["messaging.batch.message_count"]) == (False, 2)
    assert [each.parent_id for each in attempts(receiver)] == [step.span_id] * 2


def test_an_unsampled_run_makes_no_spans_and_says_so_to_its_bodies(
    traced: Traced, receiver: Receiver
) -> None:
    with Runtime(traced(sample_ratio=0.0), workers=[look]) as runtime:
        run = runtime.fan_out("look", [Nothing()])
        run.wait(100)
        job = runtime.reader.tree(run.number)["children"][0]["children"][0]  # type: ignore[index]
        found = msgspec.convert(runtime.reader.job(int_id(job["id"]))["result"], Seen)  # type: ignore[index]
    assert receiver.spans == []
    assert (found.sampled, found.traceparent) == (False, f"00-{found.trace_id}-{found.span_id}-00")


def test_a_sampled_caller_is_followed_whatever_the_ratio_says(traced: Traced, receiver: Receiver) -> None:
    service = TracerProvider(shutdown_on_exit=False).get_tracer("a service")
    with Runtime(traced(sample_ratio=0.0), workers=ALL) as runtime:
        with service.start_as_current_span("a request"):
            run = runtime.fan_out("double", [Number(1)])
        run.wait(100)
    assert len(receiver.spans) == 3


def int_id(text: str) -> int:
    from actors.ids import parse_id

    return parse_id(text)
