"""``on_error = "retry"`` through the whole runtime: every child's budget is raised, but a permanent error spends it."""

from pathlib import Path
from typing import Any

import pytest

from actors.job import JobState, OnError
from actors.seams import ManualClock
from runtime import Runtime
from runtime.settings import RuntimeSettings
from runtime.store.reading.jobs import JobFilter
from tests.embedding.workers import ALL, Number, Where
from tests.store.driver import StoreDriver, definition, failed, spec, specs, step

WAIT = 100.0
RETRIES: dict[str, Any] = {"on_error": OnError.RETRY, "max_retries": 2}


def attempts_of(runtime: Runtime, number: int) -> list[tuple[str, int, int]]:
    jobs = runtime.reader.jobs(JobFilter(run_id=number, kind="job"))
    return [(job["state"], job["attempt"], job["max_attempts"]) for job in jobs]


def test_a_child_that_succeeds_within_the_raised_budget_is_completed(tmp_path: Path) -> None:
    """The worker has three attempts of its own; the fifth succeeds."""
    with Runtime(RuntimeSettings(store=tmp_path / "jobs.db"), workers=ALL) as runtime:
        run = runtime.fan_out("flaky", [Number(5)] * 20, **RETRIES)
        assert run.wait(WAIT).state is JobState.COMPLETED
        assert attempts_of(runtime, run.number) == [("completed", 5, 5)] * 20


@pytest.mark.parametrize(("kind", "attempts"), [("raise", 4), ("exit", 4), ("permanent", 1)])
def test_poison_among_good_ones_fails_after_exactly_its_budget(
    tmp_path: Path, kind: str, attempts: int
) -> None:
    """The worker has two attempts of its own, the step adds two; a permanent error is the last whatever is left."""
    with Runtime(RuntimeSettings(store=tmp_path / "jobs.db"), workers=ALL) as runtime:
        poisoned = [Where("good" if number % 20 else kind) for number in range(200)]
        run = runtime.fan_out("poison", poisoned, **RETRIES)
        ended = run.wait(WAIT)
        assert (ended.counts.completed, ended.counts.failed) == (190, 10)
        assert ended.state is JobState.COMPLETED_WITH_FAILURES
        found = attempts_of(runtime, run.number)
        assert [each for each in found if each[0] == "failed"] == [("failed", attempts, 4)] * 10
        assert {each for each in found if each[0] == "completed"} == {("completed", 1, 4)}


def test_a_step_fails_the_run_only_when_the_raised_budget_is_spent(tmp_path: Path) -> None:
    clock = ManualClock()
    store = StoreDriver(tmp_path / "jobs.db", clock)
    try:
        run_id = store.run_with(
            spec(max_attempts=1), of=definition(step("a", **RETRIES), step("b", depends=("a",)))
        )
        job_id = store.value("SELECT id FROM job WHERE kind = 'job'")
        for attempt in (1, 2, 3):
            assert store.state(run_id) == "running"
            (job,) = store.lease()
            assert (job.id, job.attempt, job.max_attempts) == (job_id, attempt, 3)
            store.settle(store.attempt(job, failed(retry_in_ms=1000)))
            clock.advance(1)
            store.tend()
        assert store.states(run_id) == ["failed", "cancelled"]
        assert store.state(run_id) == "failed"
        assert store.status_events(job_id).count("scheduled") == 2
    finally:
        store.close()


def test_jobs_that_jobs_spawn_have_the_raised_budget_too(tmp_path: Path) -> None:
    store = StoreDriver(tmp_path / "jobs.db")
    try:
        store.run_with(spec(max_attempts=1), of=definition(step(**RETRIES)))
        (job,) = store.lease()
        store.settle(store.attempt(job, children=specs(2, max_attempts=4)))
        assert [each.max_attempts for each in store.lease()] == [6, 6]
    finally:
        store.close()
