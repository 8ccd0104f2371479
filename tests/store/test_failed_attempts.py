"""Attempts that fail are repeated after their backoff, as often as they may be, and their errors are kept."""

import msgspec

from actors.job import OnError
from actors.seams import ManualClock
from runtime.store.verbs.settle import KEPT_ERRORS
from tests.store.driver import StoreDriver, definition, failed, spec, specs, step
from tests.store.test_settle import line


def test_a_failure_is_repeated_after_its_backoff_until_the_attempts_are_used_up(
    store: StoreDriver, clock: ManualClock
) -> None:
    run_id = store.run_with(spec(max_attempts=3))
    ((job_id,),) = store.rows("SELECT id FROM job WHERE kind = 'job'")
    for attempt in (1, 2, 3):
        (job,) = store.lease()
        assert job.attempt == attempt
        store.settle(
            store.attempt(job, failed(f"broken {attempt}", retry_in_ms=1000), logs=(line(f"try {attempt}"),))
        )
        if attempt < 3:
            assert store.state(job.id) == "scheduled"
            assert store.column("not_before", job.id) == clock.wall_ms() + 1000
            clock.advance(1)
            store.tend()
    assert store.state(run_id) == "failed"
    assert store.column("error", job_id) == "broken 3"
    assert [each["message"] for each in msgspec.json.decode(store.column("errors", job_id))] == [
        "broken 1",
        "broken 2",
        "broken 3",
    ]
    assert store.logs(job_id) == ["try 1", "try 2", "try 3"]
    assert store.status_events(job_id) == [
        "pending",
        *["running", "scheduled", "pending"] * 2,
        "running",
        "failed",
    ]


def test_a_backoff_of_nothing_makes_the_job_pending_at_once(store: StoreDriver) -> None:
    store.run_with(spec())
    (job,) = store.lease()
    store.settle(store.attempt(job, failed()))
    assert store.lease()[0].attempt == 2


def test_a_permanent_failure_is_not_repeated(store: StoreDriver) -> None:
    store.run_with(spec(max_attempts=9))
    (job,) = store.lease()
    store.fail(job)
    assert store.state(job.id) == "failed"


def test_a_job_that_succeeds_after_all_shows_no_error_but_keeps_its_history(store: StoreDriver) -> None:
    store.run_with(*specs(2))
    for job in store.lease():
        store.settle(store.attempt(job, failed("first try")))
    first, second = store.lease()
    store.complete(first, second)
    for job in (first, second):
        assert store.column("error", job.id) is None
        assert "first try" in store.column("errors", job.id)


def test_the_error_history_keeps_the_latest(store: StoreDriver) -> None:
    store.run_with(spec(max_attempts=KEPT_ERRORS + 5))
    ((job_id,),) = store.rows("SELECT id FROM job WHERE kind = 'job'")
    for number in range(KEPT_ERRORS + 5):
        (job,) = store.lease()
        store.settle(store.attempt(job, failed(str(number))))
    kept = [each["message"] for each in msgspec.json.decode(store.column("errors", job_id))]
    assert kept == [str(number) for number in range(5, KEPT_ERRORS + 5)]


def test_on_error_retry_adds_attempts_to_every_child(store: StoreDriver) -> None:
    run_id = store.run_with(spec(max_attempts=1), of=definition(step(on_error=OnError.RETRY, max_retries=2)))
    for attempt in (1, 2, 3):
        (job,) = store.lease()
        assert (job.attempt, job.max_attempts) == (attempt, 3)
        store.settle(store.attempt(job, failed()))
    assert store.state(run_id) == "failed"
