"""What an attempt leaves besides its state: errors, log lines and children, whatever it ended in."""

import pytest

from actors.job import (
    Attempt,
    Cancelled,
    Completed,
    Interrupted,
    LogLevel,
    LogLine,
    Outcome,
    Snoozed,
)
from tests.store.driver import StoreDriver, failed, spec, specs


def line(text: str) -> LogLine:
    return LogLine(5, LogLevel.INFO, text)


def test_a_success_alone_shows_no_error_of_the_attempts_before(store: StoreDriver) -> None:
    store.run_with(spec())
    store.settle(store.attempt(store.lease()[0], failed("first try")))
    (job,) = store.lease()
    store.complete(job)
    assert store.column("error", job.id) is None
    assert "first try" in store.column("errors", job.id)


@pytest.mark.parametrize("named", ["another", "none"])
def test_attempts_are_recorded_below_their_jobs_own_step_whichever_one_they_name(
    store: StoreDriver, named: str
) -> None:
    first = store.run_with(*specs(2))
    second = store.run_with(*specs(2))
    step_id = store.steps(second)["only"] if named == "another" else 77
    before = store.value("SELECT count(*) FROM event_batch")
    store.settle(*(Attempt(job.lease, step_id, Completed()) for job in store.lease() if job.root_id == first))
    assert [store.state(run_id) for run_id in (first, second)] == ["completed", "running"]
    assert store.value("SELECT count(*) FROM event_batch") == before + 2  # with the lease


def test_an_attempt_that_is_the_jobs_end_leaves_its_log_lines_whatever_the_end(store: StoreDriver) -> None:
    store.run_with(*specs(3))
    jobs = store.lease()
    outcomes: tuple[Outcome, ...] = Cancelled("why"), failed(permanent=True), Completed()
    for job, outcome in zip(jobs, outcomes, strict=True):
        store.settle(store.attempt(job, outcome, logs=(line("seen"),)))
        assert store.logs(job.id) == ["seen"]


def test_a_failed_attempt_leaves_the_children_it_made_whether_it_is_the_last_or_not(
    store: StoreDriver,
) -> None:
    run_id = store.run_with(spec(max_attempts=2))
    for expected in (2, 3):
        (job,) = (each for each in store.lease() if each.payload == '{"n":0}')
        store.settle(store.attempt(job, failed(), children=(spec(1),)))
        assert store.parent(store.steps(run_id)["only"])["total"] == expected
    (first, *_) = store.rows("SELECT id FROM job WHERE kind = 'job' ORDER BY id")
    assert store.rows("SELECT spawned_by FROM job WHERE spawned_by IS NOT NULL") == [first] * 2


def test_a_job_that_was_cancelled_by_itself_leaves_no_children_when_it_fails(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(2))
    job, other = store.lease()
    store.cancel(job.id)
    store.settle(store.attempt(job, failed(), children=(spec(),), logs=(line("last words"),)))
    store.complete(other)
    assert store.states(store.steps(run_id)["only"]) == ["cancelled", "completed"]
    assert store.logs(job.id)[-1] == "last words"


def test_outcomes_of_every_kind_are_recorded_by_one_transaction(store: StoreDriver) -> None:
    """None of them makes the store do the batch over, one by one."""
    store.run_with(*specs(8, max_attempts=2))
    before = store.value("SELECT count(*) FROM event_batch")
    outcomes: tuple[Outcome | None, ...] = (
        Completed(),
        Completed(),
        failed(),
        Completed(),
        Snoozed(0),
        Cancelled("why"),
        Interrupted(),
        None,
    )
    store.settle(*(store.attempt(job, outcome) for job, outcome in zip(store.lease(), outcomes, strict=True)))
    assert store.value("SELECT count(*) FROM event_batch") == before + 2  # with the lease
