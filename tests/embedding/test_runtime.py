"""The whole runtime in this process: from the submit to the parent's end, through every actor."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.job import ErrorTolerance, JobDefinition, JobState, OnError, Step
from actors.seams import ManualClock
from runtime import Runtime
from runtime.embedding import RefusedError
from runtime.run import WaitTimeoutError
from runtime.settings import RuntimeSettings
from runtime.store.reading.jobs import JobFilter
from tests.embedding.workers import ALL, GATES, Number, Where

WAIT = 100.0


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """A running runtime on a store of its own."""
    with Runtime(RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=1.0), workers=ALL) as running:
        yield running


def test_a_fan_out_ends_with_every_result_recorded(runtime: Runtime) -> None:
    run = runtime.fan_out("double", (Number(number) for number in range(2500)))
    ended = run.wait(WAIT)

    assert ended.state is JobState.COMPLETED
    assert (ended.counts.total, ended.counts.completed) == (2500, 2500)
    jobs = runtime.reader.jobs(JobFilter(run_id=run.number, kind="job"))
    assert sorted(job["result"] for job in jobs) == [number * 2 for number in range(2500)]


def test_a_fan_out_of_nothing_is_completed_at_once(runtime: Runtime) -> None:
    ended = runtime.fan_out("double", []).wait(WAIT)

    assert (ended.state, ended.counts.total) == (JobState.COMPLETED, 0)


def test_async_workers_run_on_the_loop(runtime: Runtime) -> None:
    ended = runtime.fan_out("double_async", map(Number, range(300))).wait(WAIT)

    assert (ended.state, ended.counts.completed) == (JobState.COMPLETED, 300)


def test_children_that_jobs_spawn_belong_to_the_step_and_are_waited_for(runtime: Runtime) -> None:
    run = runtime.fan_out("double", [Number(1, spawn=5), Number(1, spawn=5), Number(2, spawn=3)])
    ended = run.wait(WAIT)

    assert ended.counts.completed == 3 + 5 + 3  # a key is admitted once
    spawned = [
        job for job in runtime.reader.jobs(JobFilter(run_id=run.number, kind="job")) if job["depth"] == 2
    ]
    assert len(spawned) == 8


def test_a_flaky_job_is_repeated_until_it_succeeds(runtime: Runtime) -> None:
    run = runtime.fan_out("flaky", [Number(3)])
    ended = run.wait(WAIT)

    assert ended.state is JobState.COMPLETED
    (job,) = runtime.reader.jobs(JobFilter(run_id=run.number, kind="job"))
    assert (job["attempt"], len(job["errors"])) == (3, 2)
    assert [line["text"] for line in runtime.reader.logs(run.number)] == [
        "attempt 1",
        "attempt 2",
        "attempt 3",
    ]


@pytest.mark.parametrize(("kind", "attempts"), [("raise", 2), ("exit", 2), ("garbage", 2), ("permanent", 1)])
def test_a_poison_job_ends_failed_after_its_attempts(runtime: Runtime, kind: str, attempts: int) -> None:
    run = runtime.fan_out("poison", [Where(kind)])
    ended = run.wait(WAIT)

    assert ended.state is JobState.FAILED
    (job,) = runtime.reader.jobs(JobFilter(run_id=run.number, kind="job"))
    assert (job["state"], job["attempt"]) == ("failed", attempts)
    assert job["error"]


def test_a_snoozed_attempt_does_not_count(runtime: Runtime) -> None:
    run = runtime.fan_out("poison", [Where("snooze")])

    assert run.wait(WAIT).state is JobState.COMPLETED
    (job,) = runtime.reader.jobs(JobFilter(run_id=run.number, kind="job"))
    assert job["result"] == 1


def test_a_body_may_cancel_its_job(runtime: Runtime) -> None:
    ended = runtime.fan_out("poison", [Where("cancel")]).wait(WAIT)

    assert (ended.state, ended.counts.cancelled) == (JobState.CANCELLED, 1)


def test_an_invalid_payload_is_refused_at_the_door_and_nothing_is_made(runtime: Runtime) -> None:
    with pytest.raises(RefusedError, match=r"payloads\[1\].*Expected `int`, got `str` - at `\$.number`"):
        runtime.fan_out("double", [Number(1), {"number": "three"}])

    assert runtime.reader.jobs(JobFilter()) == []


def test_one_failure_among_successes_ends_the_run_completed_with_failures(runtime: Runtime) -> None:
    ended = runtime.fan_out("poison", [Where("raise"), Where("fine"), Where("fine")]).wait(WAIT)

    assert ended.state is JobState.COMPLETED_WITH_FAILURES
    assert (ended.counts.failed, ended.counts.completed) == (1, 2)


def test_the_tolerance_stops_a_step_that_fails_too_often(runtime: Runtime) -> None:
    tolerance = ErrorTolerance(max_child_failures=3)
    payloads = [Where("permanent")] * 500
    ended = runtime.fan_out("poison", payloads, error_tolerance=tolerance).wait(WAIT)

    assert ended.state is JobState.FAILED
    assert ended.counts.failed >= 3
    assert ended.counts.failed + ended.counts.cancelled == ended.counts.total
    assert any("Error tolerance exceeded" in text for text in ended.errors)


@pytest.mark.parametrize("worker", ["gated", "gated_async"])
def test_a_cancel_reaches_running_bodies_and_waiting_jobs(runtime: Runtime, gate: str, worker: str) -> None:
    run = runtime.fan_out(worker, [Where(gate)] * 1000)
    wait_until_running(runtime, run.number, 1)

    assert run.cancel("the test says so")
    ended = run.wait(WAIT)
    assert (ended.state, ended.counts.cancelled) == (JobState.CANCELLED, 1000)
    assert not run.cancel()


def test_a_success_that_comes_after_the_cancel_is_recorded_as_it_is(runtime: Runtime, gate: str) -> None:
    """A body that does not look for the cancel ends as it ends; the run is cancelled all the same."""
    run = runtime.fan_out("gated", [Where(gate)])
    wait_until_running(runtime, run.number, 1)
    GATES[gate].set()
    run.cancel()

    assert run.wait(WAIT).state in (JobState.CANCELLED, JobState.COMPLETED)


def test_what_runs_when_the_runtime_stops_is_given_back_and_done_by_the_next(
    tmp_path: Path, gate: str
) -> None:
    settings = RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=0.1)
    with Runtime(settings, workers=ALL) as first:
        run = first.fan_out("gated", [Where(gate)] * 40)
        wait_until_running(first, run.number, 1)
    GATES[gate].set()
    with Runtime(settings, workers=ALL) as second:
        assert second.run(run.id).wait(WAIT).state is JobState.COMPLETED
        jobs = second.reader.jobs(JobFilter(run_id=run.number, kind="job"))
        assert {job["attempt"] for job in jobs} == {1}


def test_the_same_key_is_the_same_run(runtime: Runtime) -> None:
    first = runtime.fan_out("double", [Number(1)], key="monday")
    again = runtime.fan_out("double", [Number(1)], key="monday")

    assert again.id == first.id
    assert first.wait(WAIT).counts.total == 1


def test_steps_run_in_order_and_the_second_waits_for_all_of_the_first(runtime: Runtime) -> None:
    definition = JobDefinition(
        id="chain",
        name="chain",
        steps=(
            Step("first", "fan_out", {"job_type": "double", "pages": 0}),
            Step("second", "fan_out", {"job_type": "double", "pages": 0}, depends=("first",)),
        ),
    )
    run = runtime.submit(definition)

    assert run.wait(WAIT).state is JobState.COMPLETED
    events = [
        event for event in runtime.events(0, timeout_seconds=0.0) if event.data.get("state") == "completed"
    ]
    steps = [step["job_id"] for step in run.show()["steps"]]
    order = [event.job_id for event in events]
    assert len(order) == 3
    assert [run.show()["steps"][0]["state"], run.show()["steps"][1]["state"]] == ["completed", "completed"]
    assert len(steps) == 2


def test_an_unknown_action_or_worker_is_refused_and_nothing_is_written(runtime: Runtime) -> None:
    with pytest.raises(RefusedError, match="no worker of type 'missing'"):
        runtime.fan_out("missing", [Number(1)])
    with pytest.raises(ValueError, match="no manager for action 'missing'"):
        runtime.submit(JobDefinition("d", "d", (Step("s", "missing"),)))
    assert runtime.reader.jobs(JobFilter()) == []


def test_a_step_that_fails_closes_the_run_unless_it_says_continue(runtime: Runtime) -> None:
    def chain(on_error: OnError) -> JobDefinition:
        broken = Step(
            "broken", "fan_out", {"job_type": "double", "pages": 1}, on_error=on_error
        )  # not staged
        after = Step("after", "fan_out", {"job_type": "double", "pages": 0}, depends=("broken",))
        return JobDefinition("chain", "chain", (broken, after))

    failing = runtime.submit(chain(OnError.FAIL))
    assert failing.wait(WAIT).state is JobState.FAILED
    assert [step["state"] for step in failing.show()["steps"]] == ["failed", "cancelled"]

    going_on = runtime.submit(chain(OnError.CONTINUE))
    assert going_on.wait(WAIT).state is JobState.COMPLETED_WITH_FAILURES
    assert [step["state"] for step in going_on.show()["steps"]] == ["failed", "completed"]


def test_with_the_clock_stopped_a_parent_still_ends_when_its_last_child_does(tmp_path: Path) -> None:
    """No timer takes part in completion."""
    with Runtime(store=tmp_path / "jobs.db", workers=ALL, clock=ManualClock()) as runtime:
        ended = runtime.fan_out("double", [Number(1, spawn=3)] * 1200).wait(WAIT)

    assert (ended.state, ended.counts.completed) == (JobState.COMPLETED, 1203)


def test_every_transition_is_one_event_in_a_gap_free_sequence(runtime: Runtime) -> None:
    run = runtime.fan_out("double", map(Number, range(100)))
    run.wait(WAIT)
    events = list(runtime.events(0, timeout_seconds=0.0))

    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    states: dict[int, list[str]] = {}
    for event in events:
        if event.type == "job_status_change":
            states.setdefault(event.job_id, []).append(event.data["state"])
    assert len(states) == 102
    assert set(map(tuple, states.values())) == {("pending", "running", "completed")}


def test_waiting_in_vain_ends_with_an_error_and_the_run_goes_on(runtime: Runtime, gate: str) -> None:
    run = runtime.fan_out("gated", [Where(gate)])
    with pytest.raises(WaitTimeoutError, match="had not ended"):
        run.wait(0.05)
    GATES[gate].set()
    assert run.wait(WAIT).state is JobState.COMPLETED


def test_every_verb_has_an_awaitable_twin(tmp_path: Path) -> None:
    async def main() -> None:
        async with Runtime(store=tmp_path / "jobs.db", workers=ALL) as runtime:
            run = await runtime.fan_out_async("double_async", map(Number, range(50)))
            ended = await run.wait_async(WAIT)
            assert (ended.state, (await run.progress_async()).completed) == (JobState.COMPLETED, 50)
            assert not await run.cancel_async()
            async for event in runtime.events_async(0, run_id=run.number):
                if event.job_id == run.number and event.data.get("state") == "completed":
                    break

    asyncio.run(main())


def wait_until_running(runtime: Runtime, run_id: int, number: int) -> None:
    """Until that many jobs of the run are under way."""
    for _ in runtime.events(0, run_id=run_id, timeout_seconds=WAIT):
        if runtime.reader.counts(run_id, "run").running >= number:
            return
    raise AssertionError(f"{number} jobs did not start")
