"""Children that are made even if the attempt that spawned them fails: once, counted, and below what goes on only."""

import asyncio
from typing import Any

import msgspec
import pytest

from actors.job import Counts, ErrorTolerance, JobState
from actors.worker import Cancel, JobContext, Snooze, worker
from runtime.testing import MakeRuntime, SimulatedRuntime, perform


class Branch(msgspec.Struct, frozen=True):
    """What a job spawns, and how it ends."""

    end: str = "ok"
    until: int = 99  # the attempt that succeeds


@worker("branching", max_attempts=3, backoff_seconds=1.0, jitter=0.0, timeout_seconds=30.0)
async def branching(payload: Branch, context: JobContext) -> Any:
    """Spawn three children, of which two are kept, and end as the payload says."""
    if payload.end == "ok":
        return None
    context.spawn_child_job("branching", Branch(), even_if_failed=True)
    context.spawn_child_job("branching", Branch(), name="lost")
    context.spawn_child_job("branching", Branch(), unique_key="mine", even_if_failed=True)
    if context.job.attempt >= payload.until:
        return None
    match payload.end:
        case "exit":
            raise SystemExit(3)
        case "hang":
            await asyncio.sleep(3600)
        case "snooze":
            return Snooze(60.0)
        case "cancel":
            return Cancel("not today")
    raise ValueError("as planned")


@pytest.fixture
def runtime(quaero: MakeRuntime) -> SimulatedRuntime:
    return quaero(workers=[branching])


def done(runtime: SimulatedRuntime, payload: Branch, **step: Any) -> Counts:
    run = runtime.fan_out(branching, [payload], **step)
    run.wait()
    runtime.assert_consistent()
    return run.result().counts


@pytest.mark.parametrize("end", ["raise", "exit", "hang"])
def test_a_job_that_fails_after_all_its_attempts_leaves_them_once(
    runtime: SimulatedRuntime, end: str
) -> None:
    assert done(runtime, Branch(end)) == Counts(total=3, completed=2, failed=1)
    (failed,) = runtime.jobs(state="failed")
    assert failed.attempt == 3
    assert [child.name for child in runtime.children(failed)] == ["branching", "branching"]


def test_an_attempt_that_succeeds_later_adds_what_is_missing(runtime: SimulatedRuntime) -> None:
    assert done(runtime, Branch("raise", until=2)) == Counts(total=4, completed=4)


def test_they_run_while_their_spawner_waits_for_its_next_attempt(runtime: SimulatedRuntime) -> None:
    run = runtime.fan_out(branching, [Branch("raise")])
    runtime.advance(0.5)
    assert run.progress() == Counts(total=3, completed=2, scheduled=1)
    spawned = [event for event in runtime.events(0) if event.type == "job_spawn"]
    assert len(spawned) == 2


@pytest.mark.parametrize(("end", "state"), [("snooze", JobState.SCHEDULED), ("cancel", JobState.CANCELLED)])
def test_what_is_no_failure_keeps_none(runtime: SimulatedRuntime, end: str, state: JobState) -> None:
    runtime.fan_out(branching, [Branch(end)])
    runtime.advance(1.0)
    assert [job.state for job in runtime.jobs()] == [state]


def test_a_cancelled_job_keeps_none(runtime: SimulatedRuntime) -> None:
    run = runtime.fan_out(branching, [Branch("hang")])
    runtime.advance(1.0)
    runtime.cancel(runtime.jobs()[0].id)
    assert run.wait().counts == Counts(total=1, cancelled=1)


def test_below_a_step_that_closes_by_that_failure_they_are_swept(runtime: SimulatedRuntime) -> None:
    tolerance = ErrorTolerance(max_child_failures=1)
    counts = done(runtime, Branch("raise", 99), error_tolerance=tolerance, concurrency=1)
    assert counts.failed == 1
    assert counts.total == 3


def test_a_retry_by_an_operator_makes_no_second_ones(runtime: SimulatedRuntime) -> None:
    run = runtime.fan_out(branching, [Branch("raise")])
    run.wait()
    assert run.retry() == 1
    assert run.wait().counts == Counts(total=3, completed=2, failed=1)


def test_a_body_performed_alone_tells_them_apart() -> None:
    failed = perform(branching, Branch("raise"))
    assert [child.spec.unique_key for child in failed.children] == [f"{failed.job.id}/0", "mine"]
    assert len(perform(branching, Branch("raise", until=1)).children) == 3
