"""What becomes of an attempt that was lost with its runtime: whose it was, how its job ends, what is said of it."""

from collections.abc import Iterator

import msgspec
import pytest

from actors.job import ErrorTolerance
from actors.messages import CancelJob, GiveBack
from actors.seams import ManualClock
from runtime.store.failure import StoreUnavailableError
from tests.store.driver import StoreDriver, definition, failed, only, spec, specs, step
from tests.store.test_doubt import lose_the_next_answer


@pytest.fixture
def other(store: StoreDriver, clock: ManualClock) -> Iterator[StoreDriver]:
    """A second runtime on the same store, which the test lets die or freeze."""
    driver = StoreDriver(store.path, clock, judged=False)
    yield driver
    driver.oracle.close()


def lose(store: StoreDriver, job_id: int, times: int) -> None:
    """The job has been lost that often, and the runtime that has it dies."""
    store.file.connection.execute(
        "INSERT OR IGNORE INTO owner (id, boot_id, heartbeat, started_at, pid, host) VALUES (99, 'x', 0, 0, 0, '')"
    )
    store.file.connection.execute("UPDATE job SET lost = ?, owner = 99 WHERE id = ?", (times - 1, job_id))
    store.tend()


def test_another_runtimes_leases_are_not_given_back_with_ones_own(
    store: StoreDriver, other: StoreDriver
) -> None:
    run_id = store.run_with(*specs(2))
    (mine,) = store.lease(1)
    (theirs,) = other.lease(1)
    store.submit(definition(step("a")))
    naming = other.start()
    for below in (only(store, run_id), run_id, None):
        store.commit(GiveBack(below, "its orchestrator died"))
        assert [store.state(job.id) for job in (mine, theirs)] == ["pending", "running"]
        (mine,) = store.lease(1)
    assert store.name(naming, spec()).accepted
    assert store.settle(store.attempt(mine), store.attempt(theirs)).refused == ()
    other.close()


def test_a_frozen_runtimes_naming_is_its_own_until_its_time_is_over(
    store: StoreDriver, other: StoreDriver, clock: ManualClock
) -> None:
    store.submit()
    other.start()
    clock.advance(30)
    assert store.tend(starts=1)[0].starts == []
    clock.advance(0.001)
    assert len(store.tend(starts=1)[0].starts) == 1
    other.close()


def test_namings_of_another_boot_are_over_whatever_their_heartbeat(
    store: StoreDriver, other: StoreDriver
) -> None:
    store.submit()
    other.start()
    store.file.connection.execute(
        "UPDATE owner SET boot_id = 'before', heartbeat = ? WHERE id = ?", (1 << 40, other.file.owner)
    )
    assert len(store.tend(starts=1)[0].starts) == 1
    other.close()


def test_a_lost_attempt_of_a_job_that_is_to_end_ends_it_with_the_reason_and_is_refused(
    store: StoreDriver, other: StoreDriver
) -> None:
    """By itself or with its run; an error of an attempt before stays what is said of it."""
    store.run_with(*specs(2))
    run_id = store.run_with(*specs(2, max_attempts=3))
    store.settle(*(store.attempt(job, failed("first try")) for job in store.lease() if job.root_id == run_id))
    store.commit(GiveBack(None, "its actor died"))
    alone, kept, *below = other.lease()
    other.commit(CancelJob(alone.id, "not this one"), CancelJob(run_id, "enough"))
    other.die()
    store.tend()
    assert [store.state(job.id) for job in (alone, kept, *below)] == [
        "cancelled",
        "pending",
        "cancelled",
        "cancelled",
    ]
    assert store.column("error", alone.id) == "cancelled: not this one"
    assert [store.column("error", job.id) for job in below] == ["first try"] * 2
    assert store.column("lost", alone.id) == 1
    assert store.settle(store.attempt(alone), store.attempt(below[0])).refused == (alone.id, below[0].id)


def test_a_job_that_was_given_up_keeps_its_errors_and_refuses_its_attempt(store: StoreDriver) -> None:
    store.run_with(*specs(2))
    store.settle(*(store.attempt(job, failed("first try")) for job in store.lease()))
    job, other = store.lease()
    lose(store, job.id, 21)
    errors = msgspec.json.decode(store.column("errors", job.id))
    assert [each["type"] for each in errors] == ["ValueError", "LostTooOftenError"]
    assert (errors[1]["attempt"], errors[1]["at_ms"]) == (2, store.clock.wall_ms())
    assert store.settle(store.attempt(job)).refused == (job.id,)
    assert store.state(job.id) == "failed"
    store.complete(other)


def test_a_job_that_was_given_up_uses_the_tolerance_up(store: StoreDriver) -> None:
    run_id = store.run_with(
        *specs(2), of=definition(step(error_tolerance=ErrorTolerance(max_child_failures=1)))
    )
    (job,) = store.lease(1)
    lose(store, job.id, 21)
    assert store.parent(only(store, run_id))["closing"] == "tolerance"
    assert store.oracle.happened("failed", "parent_closing") == [job.id, only(store, run_id)]


def test_a_cancelled_job_that_is_lost_counts_as_ended_to_the_tolerance(store: StoreDriver) -> None:
    tolerance = ErrorTolerance(max_failure_ratio=0.5, min_finished=2)
    run_id = store.run_with(*specs(3), of=definition(step(error_tolerance=tolerance)))
    bad, unwanted = store.lease(2)
    store.fail(bad)
    store.cancel(unwanted.id)
    lose(store, unwanted.id, 1)
    assert store.parent(only(store, run_id))["closing"] == "tolerance"
    assert store.oracle.happened("cancelled", "parent_closing") == [unwanted.id, only(store, run_id)]


@pytest.mark.parametrize("end", ["given up", "damaged", "cancelled"])
def test_jobs_that_come_back_are_told_of_before_their_step_closes(store: StoreDriver, end: str) -> None:
    """Another job of the dead runtime ends with it, which is more than the step bears."""
    tolerance = ErrorTolerance(max_failure_ratio=0.3, min_finished=2)
    store.run_with(*specs(4), of=definition(step(error_tolerance=tolerance)))
    good, back, *others = store.lease()
    bad, lost = others if end == "cancelled" else (good, others[0])
    store.settle(store.attempt(bad, failed(permanent=True) if end == "cancelled" else None))
    if end == "cancelled":
        store.cancel(lost.id)
    elif end == "damaged":
        store.damage(lost.id, "lane_id", 999)
    store.file.connection.execute("UPDATE job SET owner = 99 WHERE id = ?", (back.id,))
    lose(store, lost.id, 21 if end == "given up" else 1)
    kinds = [(kind, job_id, data.get("state")) for _, kind, _, job_id, data in store.oracle.events]
    closing = next(place for place, (kind, *_) in enumerate(kinds) if kind == "parent_closing")
    assert kinds[:closing].count(("job_status_change", back.id, "pending")) == 2
    assert kinds[closing:].count(("job_status_change", back.id, "pending")) == 0


def test_jobs_that_come_back_are_told_of_together_with_the_reason(
    store: StoreDriver, other: StoreDriver
) -> None:
    """Of a runtime with thousands of jobs there is one group of events for each step, not one for each job."""
    store.run_with(*specs(3))
    store.run_with(*specs(2))
    jobs = other.lease()
    other.die()
    store.tend()
    blob = store.value("SELECT batch FROM event_batch ORDER BY first_seq DESC LIMIT 1")
    groups = [(ids, data) for _, _, ids, data in msgspec.msgpack.decode(blob)]
    told = {"state": "pending", "reason": "its runtime died"}
    for step_id in {job.step_id for job in jobs}:
        ids = [job.id for job in jobs if job.step_id == step_id]
        assert (ids, {**told, "parent_id": step_id}) in groups


def test_the_event_of_a_job_that_was_given_up_says_why(store: StoreDriver) -> None:
    store.run_with(spec())
    (job,) = store.lease()
    lose(store, job.id, 21)
    (error,) = (data["error"] for *_, at, data in store.oracle.events if at == job.id and "error" in data)
    assert (
        error == store.column("error", job.id) == "given up: the attempt was lost 21 times with its runtime"
    )


def test_the_death_of_a_runtime_that_ran_nothing_takes_over_no_jobs(
    store: StoreDriver, other: StoreDriver
) -> None:
    other.die()
    _, found = store.tend()
    assert found == [f"runtime {other.file.owner} died; 0 jobs it was running were taken over"]


def test_a_commit_in_doubt_gives_back_nothing_that_another_runtime_leased_since(
    store: StoreDriver, other: StoreDriver
) -> None:
    store.run_with(*specs(2))
    store.submit()
    lose_the_next_answer(store)
    with pytest.raises(StoreUnavailableError):
        store.lease(1)
    (theirs,) = other.lease(1)
    naming = other.start()
    assert [job.id == theirs.id for job in store.lease()] == [False]
    assert store.settle(store.attempt(theirs)).refused == ()
    assert store.name(naming, spec()).accepted
    other.close()
