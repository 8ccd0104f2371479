"""Ten thousand live runs: what one costs in memory, what they cost at rest, and how soon a new one begins."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

from actors.job import JobState
from actors.worker import JobContext, JobWorker, Snooze, worker
from runtime import Runtime
from runtime.settings import RuntimeSettings
from tests.embedding.processes import sql, until
from tests.embedding.test_passivation import ORCHESTRATORS
from tests.embedding.test_supervision import cells
from tests.embedding.workers import Number, double

RUNS = 10_000
CLIENTS = 32
REST_SECONDS = 20.0
PAGE_CACHE_KB = 65_536
"""SQLite's, which a million jobs fill whatever the number of their parents."""

pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]


@worker("much_later", slots=64, dispatcher="loop")
async def much_later(_payload: Number, _context: JobContext) -> object:
    """Wait for an hour, as a backoff does."""
    return Snooze(3600.0)


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    with Runtime(RuntimeSettings(store=tmp_path / "jobs.db"), workers=[much_later, double]) as made:
        made.fan_out(double, [Number(1)]).wait(100)
        yield made


def submit_many(runtime: Runtime, job: JobWorker, children: int) -> None:
    async def submit() -> None:
        clients = asyncio.Semaphore(CLIENTS)

        async def one() -> None:
            async with clients:
                await runtime.fan_out_async(job, map(Number, range(children)))

        await asyncio.gather(*(one() for _ in range(RUNS)))

    asyncio.run(submit())


def resident_kb() -> int:
    """What this process has in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * (
        os.sysconf("SC_PAGE_SIZE") // 1024
    )


def seconds_to_run_one(runtime: Runtime) -> float:
    started = monotonic()
    assert runtime.fan_out(double, [Number(1)]).wait(120).state is JobState.COMPLETED
    return monotonic() - started


def test_runs_that_wait_cost_little_memory_no_actor_and_no_time(runtime: Runtime) -> None:
    before = resident_kb()
    submit_many(runtime, much_later, 1)
    store = runtime.settings.store
    waiting = "SELECT count(*) FROM job WHERE state = 'scheduled'"
    until(lambda: sql(store, waiting) == [(RUNS,)], seconds=300, what="every first attempt")
    most = resident_kb() - before  # with all their actors
    assert seconds_to_run_one(runtime) < 10.0
    until(lambda: not any(cells(runtime, name) for name in ORCHESTRATORS), seconds=120, what="their leave")
    assert most / RUNS / 2 < 10.0  # a run is two parents: itself and its step
    start = sum(os.times()[:2])
    Event().wait(REST_SECONDS)
    assert (sum(os.times()[:2]) - start) / REST_SECONDS < 0.01
    assert seconds_to_run_one(runtime) < 10.0


def test_a_new_run_begins_within_ten_seconds_among_those_that_all_have_work(runtime: Runtime) -> None:
    before_kb = resident_kb()
    submit_many(runtime, double, 100)
    begun = "SELECT count(*) FROM parent WHERE kind = 'step' AND completed = 0"
    until(lambda: sql(runtime.settings.store, begun) == [(0,)], seconds=600, what="a first turn of each")
    ((completed,),) = sql(runtime.settings.store, "SELECT sum(completed) FROM parent WHERE kind = 'step'")
    assert isinstance(completed, int)
    assert (
        completed < RUNS * 20
    )  # all were new at once: short first turns, then one whole turn of others for four
    assert (resident_kb() - before_kb - PAGE_CACHE_KB) / RUNS / 2 < 10.0
    live = "SELECT count(*) FROM parent WHERE kind = 'run' AND state = 'running'"
    ((before,),) = sql(runtime.settings.store, live)
    assert seconds_to_run_one(runtime) < 10.0
    assert isinstance(before, int)
    assert before > RUNS * 0.9
