"""Pause and resume through the whole runtime, for threads and for asyncio."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.job import JobState
from runtime import Runtime
from runtime.embedding import RefusedError
from runtime.run import WaitTimeoutError
from runtime.settings import RuntimeSettings
from runtime.store.reading.jobs import JobFilter
from tests.embedding.workers import ALL, GATES, Number, Where

WAIT = 100.0


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    with Runtime(RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=1.0), workers=ALL) as running:
        yield running


def test_a_paused_run_goes_no_further_than_what_runs_and_a_resume_ends_it(
    runtime: Runtime, gate: str
) -> None:
    slots = runtime.assembly.workers["gated"].options.slots
    run = runtime.fan_out("gated", [Where(gate)] * (slots + 5))
    for _ in runtime.events(0, run_id=run.number, timeout_seconds=WAIT):
        if run.progress().running == slots:
            break
    assert run.pause()
    assert not run.pause()
    GATES[gate].set()
    for _ in runtime.events(0, run_id=run.number, timeout_seconds=WAIT):
        if run.progress().completed == slots:
            break
    assert (run.progress().pending, run.progress().running) == (5, 0)
    with pytest.raises(WaitTimeoutError, match=r"1 runs and steps are paused; `quaero resume ID`"):
        run.wait(0.01)
    assert run.resume()
    assert run.wait(WAIT).counts.completed == slots + 5


def test_a_paused_type_waits_while_another_runs(runtime: Runtime) -> None:
    assert runtime.pause_type("double")
    assert not runtime.pause_type("double")
    held, other = runtime.fan_out("double", [Number(1)]), runtime.fan_out("double_async", [Number(1)])
    assert other.wait(WAIT).state is JobState.COMPLETED
    assert held.progress().pending == 1
    assert runtime.resume_type("double")
    assert held.wait(WAIT).state is JobState.COMPLETED


def test_the_awaitable_twins_do_the_same(runtime: Runtime) -> None:
    async def use() -> JobState:
        assert await runtime.pause_type_async("double")
        run = await runtime.fan_out_async("double", [Number(1), Number(2)])
        jobs = runtime.reader.jobs(JobFilter(run_id=run.number, kind="job"))
        assert await run.pause_async()
        assert await runtime.pause_async(jobs[0]["id"])
        assert await runtime.resume_type_async("double")
        assert await run.resume_async()
        assert await runtime.resume_async(jobs[0]["id"])
        return (await run.wait_async(WAIT)).state

    assert asyncio.run(use()) is JobState.COMPLETED


def test_an_unknown_job_is_refused(runtime: Runtime) -> None:
    with pytest.raises(RefusedError, match=r"there is no such job; `quaero jobs` lists them"):
        runtime.pause(99)
