"""Orchestrators of parents without work here leave memory, and nothing is lost when work comes again."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from actors.job import JobState
from actors.seams import ManualClock
from actors.worker import JobContext, Snooze, worker
from runtime import Runtime
from runtime.settings import RuntimeSettings
from tests.embedding.processes import until
from tests.embedding.test_supervision import cells
from tests.embedding.workers import ALL, Number

WAIT = 100.0
RUNS = 300
LONG_SECONDS = 100 * 24 * 3600.0
"""So long that no job comes due while the clock moves on by ten seconds a look, however many looks it takes."""
LONG = Number(int(LONG_SECONDS * 1000))
ORCHESTRATORS = ("RunOrchestrator", "StepOrchestrator", "WorkerActor")


@worker("later", slots=32)
def later(payload: Number, context: JobContext) -> object:
    """Snooze once, for so many milliseconds; then be done."""
    known = context.resource("snoozed")
    if context.job.id not in known:
        known.add(context.job.id)
        return Snooze(payload.number / 1000)
    return payload.number


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def runtime(tmp_path: Path, clock: ManualClock) -> Iterator[Runtime]:
    """One that only moves with the clock."""
    settings = RuntimeSettings(store=tmp_path / "jobs.db", lease_seconds=30.0)
    with Runtime(settings, workers=[*ALL, later], clock=clock, resources={"snoozed": set()}) as made:
        yield made


def scheduled(runtime: Runtime) -> int:
    """Jobs that wait for a time."""
    with runtime.reader.snapshot() as connection:
        return int(connection.execute("SELECT count(*) FROM job WHERE state = 'scheduled'").fetchone()[0])


def asleep(runtime: Runtime, clock: ManualClock) -> bool:
    """Whether no orchestrator is in memory, another third of a lease time later."""
    clock.advance(10.0)
    return not any(cells(runtime, name) for name in ORCHESTRATORS)


def test_runs_that_wait_cost_no_actor_and_go_on_when_their_time_comes(
    runtime: Runtime, clock: ManualClock
) -> None:
    runs = [runtime.fan_out(later, [LONG]) for _ in range(RUNS)]
    until(lambda: scheduled(runtime) == RUNS, what="every first attempt")
    until(partial(asleep, runtime, clock), what="the orchestrators' leave")
    assert not any(run.state.terminal for run in runs)
    (store,) = cells(runtime, "StoreActor")
    until(lambda: "watched=0" in repr(store.actor._pictures), what="the store's forgetting them")
    clock.advance(LONG_SECONDS)
    assert {run.wait(WAIT).state for run in runs} == {JobState.COMPLETED}
    assert not runtime.assembly.failure


def test_a_run_that_waits_is_cancelled_without_any_orchestrator(runtime: Runtime, clock: ManualClock) -> None:
    run, other = (runtime.fan_out(later, [LONG]) for _ in range(2))
    until(lambda: scheduled(runtime) == 2, what="both first attempts")
    until(partial(asleep, runtime, clock), what="the orchestrators' leave")
    run.cancel()
    assert run.wait(WAIT).state is JobState.CANCELLED
    assert not other.state.terminal
    assert not cells(runtime, "RunOrchestrator")


def test_one_that_runs_stays(runtime: Runtime, clock: ManualClock, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    run = runtime.fan_out("wait_for_file", [{"path": str(gate)}])
    until(lambda: run.progress().running == len(cells(runtime, "WorkerActor")) == 1, what="the body")
    body = cells(runtime, "WorkerActor")
    for _ in range(5):
        clock.advance(10.0)
        runtime.fan_out("double", [Number(1)]).wait(WAIT)
    # A run's end is told before its actors are gone.
    until(lambda: cells(runtime, "WorkerActor") == body, what="the leave of the others")
    assert run.progress().running == 1
    gate.touch()
    assert run.wait(WAIT).state is JobState.COMPLETED


def test_work_that_comes_while_an_orchestrator_leaves_is_not_lost(tmp_path: Path) -> None:
    """Leases so short that orchestrators leave all the time, and jobs that come back at just such times."""
    settings = RuntimeSettings(store=tmp_path / "jobs.db", lease_seconds=0.018)
    with Runtime(settings, workers=[later], resources={"snoozed": set()}) as runtime:
        runs = [
            runtime.fan_out(later, [Number(6 * (index % 12)) for index in range(30)], concurrency=2)
            for _ in range(6)
        ]
        ended = [run.wait(WAIT) for run in runs]
        until(lambda: not any(cells(runtime, name) for name in ORCHESTRATORS), what="the orchestrators' end")
        assert not runtime.assembly.failure
    assert {(each.state, each.counts.completed) for each in ended} == {(JobState.COMPLETED, 30)}


def test_a_new_run_begins_soon_among_many_that_live(runtime: Runtime) -> None:
    waiting = [runtime.fan_out(later, [LONG]) for _ in range(RUNS)]
    until(lambda: scheduled(runtime) == RUNS, what="every first attempt")
    assert runtime.fan_out("double", [Number(1)]).wait(WAIT).state is JobState.COMPLETED
    assert not any(run.state.terminal for run in waiting)


@worker("brief", slots=2)
def brief(payload: Number, _context: JobContext) -> int:
    """Done at once."""
    return payload.number


def test_a_new_run_of_one_child_does_not_wait_for_the_runs_before_it(tmp_path: Path) -> None:
    with Runtime(RuntimeSettings(store=tmp_path / "jobs.db"), workers=[brief]) as runtime:
        runtime.pause_type("brief")  # so that none ends before all are there
        for _ in range(100):
            runtime.fan_out(brief, map(Number, range(60)))
        last = runtime.fan_out(brief, [Number(1)])
        runtime.resume_type("brief")
        assert last.wait(WAIT).state is JobState.COMPLETED
        with runtime.reader.snapshot() as connection:
            ((left,),) = connection.execute(
                "SELECT count(*) FROM parent WHERE kind = 'run' AND state = 'running'"
            )
        assert left > 50
