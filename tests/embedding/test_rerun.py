"""A rerun through the whole runtime: a new run that ends by itself, whatever the old one came to."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.job import JobState
from runtime import Runtime
from runtime.embedding import RefusedError
from runtime.settings import RuntimeSettings
from runtime.store.reading.jobs import JobFilter
from tests.embedding.workers import ALL, Number, Where

WAIT = 100.0


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    with Runtime(RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=1.0), workers=ALL) as running:
        yield running


@pytest.mark.parametrize("children", [0, 1, 2500])
def test_a_fan_out_is_made_again_with_all_its_children(runtime: Runtime, children: int) -> None:
    old = runtime.fan_out("double", (Number(number) for number in range(children)), name="twice")
    old.wait(WAIT)
    new = old.rerun()
    assert new.id != old.id
    ended = new.wait(WAIT)
    assert (ended.state, ended.counts.completed) == (JobState.COMPLETED, children)
    assert new.show()["name"] == "twice"
    results = [
        sorted(job["result"] for job in runtime.reader.jobs(JobFilter(run_id=run.number, kind="job")))
        for run in (old, new)
    ]
    assert results[0] == results[1]
    assert old.rerun().rerun().wait(WAIT).counts.completed == children


def test_children_that_jobs_spawned_are_spawned_anew_and_not_copied(runtime: Runtime) -> None:
    old = runtime.fan_out("double", [Number(1, spawn=3)])
    old.wait(WAIT)
    assert old.rerun().wait(WAIT).counts.completed == 4


def test_a_step_and_a_job_are_made_again_by_themselves(runtime: Runtime) -> None:
    old = runtime.fan_out("poison", [Where("permanent"), Where("fine")])
    assert old.wait(WAIT).state is JobState.COMPLETED_WITH_FAILURES
    step = runtime.rerun(old.show()["steps"][0]["job_id"])
    assert step.wait(WAIT).counts.total == 2
    (job,) = runtime.reader.jobs(JobFilter(run_id=old.number, kind="job", state="failed"))
    assert runtime.rerun(job["id"]).wait(WAIT).counts.failed == 1
    assert old.state is JobState.COMPLETED_WITH_FAILURES


def test_the_awaitable_twin_does_the_same(runtime: Runtime) -> None:
    async def use() -> int:
        old = await runtime.fan_out_async("double", map(Number, range(1500)))
        new = await old.rerun_async()
        return (await new.wait_async(WAIT)).counts.completed

    assert asyncio.run(use()) == 1500


def test_an_unknown_job_is_refused(runtime: Runtime) -> None:
    with pytest.raises(RefusedError, match="there is no such job"):
        runtime.rerun(99)
