"""Cancels that race with completion: the first end is the only one, and after the answer nothing starts."""

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.worker import JobContext, worker
from runtime import Runtime
from runtime.run import Run
from runtime.settings import RuntimeSettings
from tests.embedding.processes import until
from tests.embedding.workers import ALL, GATES, Number, Where
from tests.terminal.judge import ENDS, Judge, faults_at_rest

WAIT_SECONDS = 100.0
JOBS, MOST_JOBS = 30, 2000
SOON_SECONDS = 0.0005
TREE = 10_000
ROUNDS = [50, pytest.param(1000, marks=[pytest.mark.soak, pytest.mark.timeout(900)])]


@worker("tree")
def tree(payload: Where, context: JobContext) -> None:
    """Spawn ten thousand: one half is done at once, the other waits at the gate."""
    for _ in range(TREE // 2):
        context.spawn_child_job("double", Number(0))
        context.spawn_child_job("gated_async", payload)


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """A running runtime on a store of its own."""
    with Runtime(RuntimeSettings(store=tmp_path / "jobs.db"), workers=[*ALL, tree]) as running:
        yield running


@pytest.fixture
def gate(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a gate that stays shut until the end."""
    GATES[request.node.name] = threading.Event()
    yield request.node.name
    GATES.pop(request.node.name).set()


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("level", ["run", "step", "job"])
def test_what_has_ended_stays_as_it_is_whoever_comes_first(runtime: Runtime, level: str, rounds: int) -> None:
    chance = random.Random()  # noqa: S311 (when to cancel is no secret)
    answers: dict[
        int, tuple[bool, int]
    ] = {}  # by what was cancelled: whether that changed anything; the last event
    longest, jobs = 0.004, JOBS
    with Judge(runtime.settings.store) as judge:
        for _ in range(rounds):
            run = runtime.fan_out("double", [Number(number, spawn=1) for number in range(jobs)])
            target = target_of(judge, run, level, chance)
            threading.Event().wait(chance.random() * longest)  # nothing is waited for: it comes at any moment
            changed = runtime.cancel(target)
            longest *= 1.5 if changed else 0.6  # so that it is as often too late as in time
            if longest < SOON_SECONDS:  # not even at once is in time: there has to be more to do
                longest, jobs = SOON_SECONDS, min(2 * jobs, MOST_JOBS)
            answers[target] = (changed, judge.value("SELECT event_seq FROM sequence"))
            run.wait(WAIT_SECONDS)
    runtime.close()

    assert faults_at_rest(runtime.settings.store) == []
    assert {changed for changed, _ in answers.values()} == {True, False}, (
        "some came before the end, some after"
    )
    with Judge(runtime.settings.store) as judge:
        faults = [fault for target, answer in answers.items() for fault in faults_of(judge, target, *answer)]
    assert faults == []


def target_of(judge: Judge, run: Run, level: str, chance: random.Random) -> int:
    """The run, its step, or one of its jobs."""
    if level == "run":
        return run.number
    (step,) = judge.children(run.number)
    if level == "step":
        return step
    children_once_named(judge, step)
    jobs = judge.rows("SELECT id, state FROM job WHERE parent_id = ?", step)
    return int(chance.choice([job_id for job_id, state in jobs if state not in ENDS] or [jobs[-1][0]]))


def children_once_named(judge: Judge, step: int) -> list[int]:
    """The step's jobs, as soon as it has some."""
    until(lambda: bool(judge.children(step)), what="the naming of the jobs")
    return judge.children(step)


def faults_of(judge: Judge, target: int, changed: bool, answered_at: int) -> Iterator[str]:
    """What is wrong with what was cancelled, by its rows and its events."""
    states = {}
    ((kind, state, finished),) = judge.rows("SELECT kind, state, finished_at FROM job WHERE id = ?", target)
    below = f"SELECT id FROM job WHERE {target} IN (id, parent_id, root_id)"
    ids = {row[0] for row in judge.rows(below)}
    for seq, _, job_id, reached in judge.transitions_of(ids):
        if reached == "running" and seq > answered_at and changed:
            yield f"job {job_id} below {kind} {target} started at {seq}, the cancel was answered at {answered_at}"
        if reached in ENDS:
            states[job_id] = (seq, reached)
    if not changed and states[target][0] > answered_at:
        yield f"{kind} {target} had not ended at {answered_at}, and the cancel changed nothing"
    if changed and kind != "job" and state != "cancelled":
        yield f"{kind} {target} was cancelled and is {state}"
    if finished is None:
        yield f"{kind} {target} has no end"


def test_after_an_acknowledged_cancel_of_ten_thousand_no_attempt_starts(runtime: Runtime, gate: str) -> None:
    run = runtime.fan_out(tree, [Where(gate)])
    with Judge(runtime.settings.store) as judge:
        done = "SELECT count(*) FROM job WHERE state = 'completed'"
        until(lambda: judge.value(done) > TREE // 20, what="some of them")
        assert run.cancel("enough")
        answered_at = judge.value("SELECT event_seq FROM sequence")
        run.wait(WAIT_SECONDS)
        runtime.close()
        late = [job for seq, _, job, state in judge.transitions() if state == "running" and seq > answered_at]
        states = dict(judge.rows("SELECT state, count(*) FROM job WHERE kind = 'job' GROUP BY state"))
    assert late == []
    assert set(states) == {"completed", "cancelled"}
    assert states["cancelled"] >= TREE // 2
    assert sum(states.values()) == TREE + 1
    assert faults_at_rest(runtime.settings.store) == []


@pytest.mark.parametrize("rounds", ROUNDS)
def test_a_job_that_only_a_word_can_end_hears_it_however_early_it_comes(
    runtime: Runtime, gate: str, rounds: int
) -> None:
    with Judge(runtime.settings.store) as judge:
        for _ in range(rounds):
            run = runtime.fan_out("gated", [Where(gate)])
            (step,) = judge.children(run.number)
            (job,) = children_once_named(judge, step)
            assert runtime.cancel(job)
            assert run.wait(WAIT_SECONDS).counts.cancelled == 1
    runtime.close()
    assert faults_at_rest(runtime.settings.store) == []
