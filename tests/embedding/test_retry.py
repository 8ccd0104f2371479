"""A retried run through the whole runtime: its orchestrators appear again, whenever the retry comes."""

import asyncio
import threading
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from actors.job import JobState
from actors.messages import RetryJob
from actors.worker import JobContext, worker
from runtime import Runtime
from runtime.embedding import RefusedError
from runtime.settings import RuntimeSettings
from runtime.store.reading.jobs import JobFilter
from tests.embedding.workers import ALL, GATES, Where

WAIT = 100.0
BROKEN: set[str] = set()
"""Names of payloads at which ``brittle`` fails."""


@worker("brittle", max_attempts=1)
def brittle(payload: Where, context: JobContext) -> str:
    """Fail as long as the payload is said to be broken."""
    context.raise_if_cancelled()
    if payload.path in BROKEN:
        raise ValueError(f"{payload.path} is broken")
    return payload.path


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    settings = RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=1.0, synchronous="OFF")
    with Runtime(settings, workers=[*ALL, brittle]) as running:
        yield running


@pytest.fixture
def broken(request: pytest.FixtureRequest) -> Iterator[str]:
    name = request.node.name
    BROKEN.add(name)
    yield name
    BROKEN.discard(name)


def until_running(runtime: Runtime, run_id: int, number: int = 1) -> None:
    """Wait until so many jobs of the run are running."""
    for _ in runtime.events(0, run_id=run_id, timeout_seconds=WAIT):
        if runtime.run(run_id).progress().running >= number:
            return
    raise AssertionError("nothing of it runs")


def test_wait_waits_for_the_new_end_and_only_what_failed_is_run_again(runtime: Runtime, broken: str) -> None:
    run = runtime.fan_out("brittle", [Where("fine"), Where(broken), Where(broken)])
    assert run.wait(WAIT).state is JobState.COMPLETED_WITH_FAILURES
    BROKEN.discard(broken)
    assert run.retry(failed_only=True) == 2
    ended = run.wait(WAIT)
    assert (ended.state, ended.counts.completed) == (JobState.COMPLETED, 3)
    jobs = runtime.reader.jobs(JobFilter(run_id=run.number, kind="job"))
    assert sorted((job.get("epoch", 0), job["attempt"]) for job in jobs) == [(0, 1), (1, 1), (1, 1)]


def test_a_retry_that_comes_at_once_after_the_end_finds_its_orchestrators_again_and_again(
    runtime: Runtime, broken: str
) -> None:
    run = runtime.fan_out("brittle", [Where(broken)] * 3)
    for _ in range(100):
        assert run.wait(WAIT).counts.failed == 3
        assert run.retry() == 3
    assert run.wait(WAIT).state is JobState.FAILED
    (shown,) = runtime.reader.jobs(JobFilter(run_id=run.number, kind="run"))
    assert shown["epoch"] == 100


@pytest.mark.parametrize(("children", "rounds"), [(1, 300), (40, 40)])
def test_a_retry_that_comes_while_the_orchestrators_leave_finds_new_ones(
    runtime: Runtime, broken: str, children: int, rounds: int
) -> None:
    """It is asked for from the actors' own thread, as soon as the end is durable: before or after they know of it."""
    number, over = count(1), threading.Event()
    here = runtime.assembly

    def retry_at_once() -> None:
        if next(number) < rounds:
            here._store.tell(here.system, RetryJob(run.number))
        else:
            over.set()

    runtime.pause_type("brittle")  # until somebody listens
    run = runtime.fan_out("brittle", [Where(broken)] * children)
    leave = here.hub.on_end(run.number, retry_at_once)
    runtime.resume_type("brittle")
    assert over.wait(WAIT), f"it hangs in round {next(number) - 1}"
    leave()
    assert run.wait(WAIT).counts.failed == children


def test_a_cancel_reaches_the_bodies_of_the_second_epoch(runtime: Runtime, gate: str) -> None:
    run = runtime.fan_out("gated", [Where(gate)] * 5)
    for _ in range(3):
        until_running(runtime, run.number)
        assert run.cancel("not now")
        assert run.wait(WAIT).state is JobState.CANCELLED
        assert run.retry() == 5
    until_running(runtime, run.number)
    GATES[gate].set()
    ended = run.wait(WAIT)
    assert (ended.state, ended.counts.completed) == (JobState.COMPLETED, 5)


def test_a_step_and_a_job_are_retried_by_themselves(runtime: Runtime, broken: str) -> None:
    run = runtime.fan_out("brittle", [Where(broken), Where(broken)])
    run.wait(WAIT)
    jobs = runtime.reader.jobs(JobFilter(run_id=run.number, kind="job"))
    BROKEN.discard(broken)
    assert runtime.retry(jobs[0]["id"]) == 1
    assert run.wait(WAIT).state is JobState.COMPLETED_WITH_FAILURES
    assert runtime.retry(run.show()["steps"][0]["job_id"]) == 1
    assert run.wait(WAIT).state is JobState.COMPLETED


def test_a_retry_is_refused_while_the_run_is_open_and_when_it_completed(runtime: Runtime, gate: str) -> None:
    run = runtime.fan_out("gated", [Where(gate)])
    with pytest.raises(RefusedError, match="only what has ended can be retried"):
        run.retry()
    GATES[gate].set()
    run.wait(WAIT)
    with pytest.raises(RefusedError, match="there is nothing to retry"):
        run.retry()


def test_the_awaitable_twin_does_the_same(runtime: Runtime, broken: str) -> None:
    async def use() -> JobState:
        run = await runtime.fan_out_async("brittle", [Where(broken)])
        await run.wait_async(WAIT)
        BROKEN.discard(broken)
        assert await run.retry_async() == 1
        return (await run.wait_async(WAIT)).state

    assert asyncio.run(use()) is JobState.COMPLETED


def test_another_runtime_goes_on_with_what_this_one_retried(runtime: Runtime, broken: str) -> None:
    run = runtime.fan_out("brittle", [Where(broken)] * 20)
    run.wait(WAIT)
    BROKEN.discard(broken)
    with Runtime(runtime.settings, workers=[*ALL, brittle]) as other:
        assert other.run(run.id).retry() == 20
        assert run.wait(WAIT).counts.completed == 20
