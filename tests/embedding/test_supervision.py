"""Each actor of the tree is killed in turn, with work under way: the work is finished, and counted once."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from thespian.actors import ActorExitRequest

from actors.job import JobDefinition, JobState, Step, StepStart
from actors.messages import Leased
from actors.supervision import RestartIntensity
from runtime import Runtime
from runtime.embedding import RuntimeStateError
from runtime.engine import tell
from runtime.engine.system import engine_of
from runtime.settings import RuntimeSettings
from runtime.store.reading.jobs import JobFilter
from tests.embedding.processes import sql, until
from tests.embedding.workers import ALL, GATES, Where

WAIT = 100.0
JOBS = 60


def gone(runtime: Runtime, victim: Any) -> bool:
    """Whether that actor has ended."""
    return victim not in engine_of(runtime.assembly.system).cells


def cells(runtime: Runtime, name: str) -> list[Any]:
    """The living actors of that class, as the engine knows them."""
    engine = engine_of(runtime.assembly.system)
    return [cell for cell in list(engine.cells) if cell.plan.name.split(".")[-1] == name]


@pytest.mark.parametrize(
    "name",
    [
        "StoreActor",
        "EventService",
        "JobProcessor",
        "Scheduler",
        "ManagerActor",
        "RunOrchestrator",
        "StepOrchestrator",
        "WorkerActor",
    ],
)
def test_the_death_of_any_actor_is_repaired_and_every_job_is_counted_once(
    tmp_path: Path, gate: str, name: str
) -> None:
    with Runtime(RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=1.0), workers=ALL) as runtime:
        run = runtime.fan_out("gated", [Where(gate)] * JOBS)
        until(
            lambda: run.progress().running == len(cells(runtime, "WorkerActor")) == 16,
            what="the first sixteen",
        )
        (victim, *_) = cells(runtime, name)
        tell(runtime.assembly.system, victim.address, ActorExitRequest())
        until(partial(gone, runtime, victim), what="its death")
        GATES[gate].set()
        ended = run.wait(WAIT)
        jobs = runtime.reader.jobs(JobFilter(run_id=run.number, kind="job"))

    assert (ended.state, ended.counts.completed, ended.counts.total) == (JobState.COMPLETED, JOBS, JOBS)
    repeated = sum(job["attempt"] > 1 for job in jobs)
    assert repeated == (1 if name == "WorkerActor" else 0)


def test_a_handler_that_raises_with_leases_in_its_hands_is_its_actors_death_and_loses_none(
    tmp_path: Path, gate: str
) -> None:
    with Runtime(RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=1.0), workers=ALL) as runtime:
        run = runtime.fan_out("gated", [Where(gate)] * JOBS)
        until(lambda: len(cells(runtime, "WorkerActor")) == 16, what="the first sixteen")
        (victim,) = cells(runtime, "JobProcessor")
        definition = JobDefinition("d", "d", (Step("s", "an action without a manager"),))
        start = StepStart(1, 2, 3, None, 1, definition.steps[0], definition)
        tell(runtime.assembly.system, victim.address, Leased((), (start,)))
        until(partial(gone, runtime, victim), what="its death")
        GATES[gate].set()
        ended = run.wait(WAIT)

    assert (ended.state, ended.counts.completed) == (JobState.COMPLETED, JOBS)


def test_the_processors_death_with_many_runs_alive_is_one_restart(tmp_path: Path, gate: str) -> None:
    """The orchestrators of all runs are stopped and made anew; that is not counted against anybody."""
    settings = RuntimeSettings(store=tmp_path / "jobs.db", restart_intensity=RestartIntensity(2, 60.0))
    with Runtime(settings, workers=ALL) as runtime:
        runs = [runtime.fan_out("gated", [Where(gate)]) for _ in range(10)]
        until(lambda: len(cells(runtime, "WorkerActor")) == 10, what="ten bodies")
        (victim,) = cells(runtime, "JobProcessor")
        tell(runtime.assembly.system, victim.address, ActorExitRequest())
        until(partial(gone, runtime, victim), what="its death")
        GATES[gate].set()
        states = {run.wait(WAIT).state for run in runs}

        assert (states, runtime.assembly.failure) == ({JobState.COMPLETED}, "")


def test_a_step_whose_orchestrator_keeps_dying_closes_as_failed_and_says_why(
    tmp_path: Path, gate: str
) -> None:
    settings = RuntimeSettings(
        store=tmp_path / "jobs.db", grace_seconds=1.0, restart_intensity=RestartIntensity(2, 60.0)
    )
    with Runtime(settings, workers=ALL) as runtime:
        run = runtime.fan_out("gated", [Where(gate)] * JOBS)
        for _ in range(3):
            until(lambda: run.progress().running == len(cells(runtime, "WorkerActor")) == 16, what="work")
            (victim,) = cells(runtime, "StepOrchestrator")
            tell(runtime.assembly.system, victim.address, ActorExitRequest())
            until(partial(gone, runtime, victim), what="its death")
        ended = run.wait(WAIT)

    assert ended.state is JobState.FAILED
    assert any("orchestrator died more than 2 times" in text for text in ended.errors)


@pytest.mark.parametrize("name", ["StoreActor", "EventService", "JobProcessor", "Scheduler", "ManagerActor"])
def test_beyond_the_restart_intensity_the_runtime_says_that_it_stops(
    tmp_path: Path, gate: str, name: str
) -> None:
    """And it can still be closed: what runs is given back."""
    settings = RuntimeSettings(
        store=tmp_path / "jobs.db", grace_seconds=0.0, restart_intensity=RestartIntensity(1, 60.0)
    )
    with Runtime(settings, workers=ALL) as runtime:
        runtime.fan_out("gated", [Where(gate)])
        until(lambda: len(cells(runtime, "WorkerActor")) == 1, what="work")
        for _ in range(2):
            until(lambda: bool(cells(runtime, name)), what="its restart")
            victim = cells(runtime, name)[0]
            tell(runtime.assembly.system, victim.address, ActorExitRequest())
            until(partial(gone, runtime, victim), what="its death")
        until(lambda: bool(runtime.assembly.failure), what="the runtime's word")

        assert "more than 1 restarts" in runtime.assembly.failure
        with pytest.raises(RuntimeStateError, match="given up"):
            runtime.raise_if_failed()
    assert sql(settings.store, "SELECT count(*) FROM owner") == [(0,)]
    assert sql(settings.store, "SELECT count(*) FROM job WHERE state = 'running' AND kind = 'job'") == [(0,)]
