"""Each row of the table, in one runtime: the parent ends, once, with the state and the counts that the table says."""

import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import monotonic

import pytest
from thespian.actors import ActorExitRequest

from actors.seams import ManualClock
from runtime.engine import tell
from runtime.engine.system import engine_of
from tests.terminal.cast import ATTEMPT_SECONDS, LATER_SECONDS
from tests.terminal.judge import faults_at_rest
from tests.terminal.stage import WAIT_SECONDS, Scene, Stage
from tests.terminal.table import PARENTS, PATHS, PATHS_OF_RUNTIMES
from tests.terminal.table import Path as Row

LIMIT_SECONDS = 60.0
BODIES = {
    "completed": "complete",
    "failed once": "fail once",
    "retries exhausted": "raise",
    "permanent error": "permanent",
    "garbage": "garbage",
    "exit": "exit",
    "cancelled by itself": "cancel",
}
"""Rows that the subject's body alone brings about."""


@pytest.fixture
def clock() -> ManualClock:
    """Stands still until a row moves it: no wait, and no end by a timer that nobody meant."""
    return ManualClock()


@pytest.fixture
def stage(tmp_path: Path, clock: ManualClock) -> Iterator[Stage]:
    """Closed at the end, with every body let go."""
    made = Stage(tmp_path, clock=clock)
    yield made
    made.close()


def body(act: str, stage: Stage, _clock: ManualClock) -> dict[str, str]:
    """The subject's body does it."""
    stage.begin(act)
    stage.open("subject")
    return stage.play_out()


def bad_payload(stage: Stage, _clock: ManualClock) -> dict[str, str]:
    """The subject fails by itself at once, so its parents are prepared before it is leased."""
    stage.begin("bad payload", position="scheduled")
    return stage.play_out(partial(_clock.advance, LATER_SECONDS))


def attempts_time_out(act: str, stage: Stage, clock: ManualClock) -> dict[str, str]:
    """Time passes until the subject's attempts are used up."""
    stage.begin(act)
    return stage.play_out(partial(clock.advance, ATTEMPT_SECONDS / 8))


def worker_dies(stage: Stage, _clock: ManualClock) -> dict[str, str]:
    """The actor that runs the subject is killed."""
    stage.begin("die")
    subjects = {scene.subject_id for scene in stage.scenes}
    system = stage.runtime.assembly.system
    for cell in list(engine_of(system).cells):
        job = getattr(cell.actor, "_job", None)
        if job is not None and job.id in subjects:
            tell(system, cell.address, ActorExitRequest())
    return stage.play_out()


def parent_times_out(step_seconds: float, stage: Stage, clock: ManualClock) -> dict[str, str]:
    """The step's or the run's time is used up."""
    stage.begin("obey", step_seconds=step_seconds, run_seconds=LIMIT_SECONDS - step_seconds)
    clock.advance(LIMIT_SECONDS)
    return stage.play_out(release=False)


def cancelled(level: str, act: str, stage: Stage, _clock: ManualClock) -> dict[str, str]:
    """An operator cancels the subject, its step or its run."""

    def target(scene: Scene) -> int:
        return {"job": scene.subject_id, "step": scene.step_id, "run": scene.run.number}[level]

    stage.begin(act, position="pending" if act == "wait" else "running")
    for scene in stage.scenes:
        stage.runtime.cancel(target(scene))
    return stage.play_out(release=level == "job")


def tolerance_trips(stage: Stage, _clock: ManualClock) -> dict[str, str]:
    """Another sibling fails while the subject waits."""
    stage.begin("breaker", position="pending")
    stage.open("subject")
    return stage.play_out()


def damaged(stage: Stage, clock: ManualClock) -> dict[str, str]:
    """The subject's row is changed behind the store's back before its time comes."""
    stage.begin("later", position="scheduled")
    connection = sqlite3.connect(stage.settings.store)
    with connection:
        for scene in stage.scenes:
            connection.execute("UPDATE job SET payload = '{}' WHERE id = ?", (scene.subject_id,))
    connection.close()
    return stage.play_out(partial(clock.advance, LATER_SECONDS))


def definition_deleted(stage: Stage, _clock: ManualClock) -> dict[str, str]:
    """Every run is of a file that is gone once it was submitted."""
    stage.begin("complete", from_file=True)
    stage.open("subject")
    return stage.play_out()


def snoozed(stage: Stage, clock: ManualClock) -> dict[str, str]:
    """The body asks for another day, which comes."""
    stage.begin("snooze")
    stage.open("subject")
    return stage.play_out(partial(clock.advance, LATER_SECONDS / 8))


def interrupted(stage: Stage, _clock: ManualClock) -> dict[str, str]:
    """The runtime stops with the subject under way; the next one goes on."""
    stage.begin("obey")
    stage.reopen()
    stage.open("subject")
    return stage.play_out()


def orchestrator_dies(stage: Stage, _clock: ManualClock) -> dict[str, str]:
    """Every step's orchestrator is killed; the leases are given back."""
    stage.begin("complete")
    system = stage.runtime.assembly.system
    for cell in list(engine_of(system).cells):
        if cell.plan.name.split(".")[-1] == "StepOrchestrator":
            tell(system, cell.address, ActorExitRequest())
    stage.open("subject")
    return stage.play_out()


PLAYS: dict[str, Callable[[Stage, ManualClock], dict[str, str]]] = {
    **{name: partial(body, act) for name, act in BODIES.items()},
    "bad payload": bad_payload,
    "attempt timeout": partial(attempts_time_out, "time obediently"),
    "worker hung": partial(attempts_time_out, "time deaf"),
    "worker died": worker_dies,
    "step timeout": partial(parent_times_out, LIMIT_SECONDS),
    "run timeout": partial(parent_times_out, 0.0),
    "job cancelled, waiting": partial(cancelled, "job", "wait"),
    "job cancelled, running": partial(cancelled, "job", "obey"),
    "step cancelled, waiting": partial(cancelled, "step", "wait"),
    "step cancelled, running": partial(cancelled, "step", "obey"),
    "run cancelled, waiting": partial(cancelled, "run", "wait"),
    "run cancelled, running": partial(cancelled, "run", "obey"),
    "stopped by tolerance": tolerance_trips,
    "damaged row": damaged,
    "definition deleted": definition_deleted,
    "snoozed": snoozed,
    "interrupted": interrupted,
    "orchestrator died": orchestrator_dies,
}


@pytest.mark.parametrize("row", PATHS, ids=lambda row: row.name)
def test_the_parent_ends_once_as_the_table_says(row: Row, stage: Stage, clock: ManualClock) -> None:
    ends = PLAYS[row.name](stage, clock)

    assert ends == dict(zip(PARENTS, row.ends, strict=True))
    stage.runtime.close()
    assert faults_at_rest(stage.settings.store) == []
    judge_the_runs(stage)
    judge_the_attempts(stage, row)


def judge_the_runs(stage: Stage) -> None:
    """A run of one step ends as that does, unless it was closed itself; both end with the commit of the last child."""
    commits = {job_id: commit for _, commit, job_id, _ in stage.judge.transitions()}
    for scene in stage.scenes:
        children = stage.judge.rows("SELECT id FROM job WHERE parent_id = ?", scene.step_id)
        last = max(commits[row[0]] for row in children)
        assert commits[scene.step_id] == commits[scene.run.number] == last
        ((closing, run),) = stage.judge.rows(
            "SELECT closing, state FROM parent WHERE id = ?", scene.run.number
        )
        step = stage.judge.value("SELECT state FROM parent WHERE id = ?", scene.step_id)
        assert run == {None: step, "cancel": "cancelled"}.get(closing, "failed")


def judge_the_attempts(stage: Stage, row: Row) -> None:
    """What the table says of the subject's attempts, where it is alone."""
    (scene,) = stage.in_column("alone")
    used = stage.judge.rows("SELECT attempt, lost FROM job WHERE id = ?", scene.subject_id)
    assert used == [(row.attempts, row.lost)]


def test_a_body_that_was_given_up_does_not_hold_the_runtimes_stop_up(
    stage: Stage, clock: ManualClock
) -> None:
    PLAYS["worker hung"](stage, clock)

    start = monotonic()
    stage.runtime.close()
    assert monotonic() - start < WAIT_SECONDS / 4


def test_every_row_of_the_table_is_played() -> None:
    assert PLAYS.keys() == {row.name for row in PATHS}
    assert len({row.name for row in (*PATHS, *PATHS_OF_RUNTIMES)}) == len(PATHS) + len(PATHS_OF_RUNTIMES)
