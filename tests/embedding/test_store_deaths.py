"""The store's actor dies at the worst moments: what was asked of it is recorded all the same, and it can be closed."""

import threading
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from thespian.actors import ActorExitRequest

from actors.job import JobState
from actors.seams import ManualClock
from actors.supervision import RestartIntensity
from runtime import Runtime
from runtime.engine import tell
from runtime.settings import RuntimeSettings
from tests.embedding.processes import sql, until
from tests.embedding.test_supervision import cells, gone
from tests.embedding.workers import ALL, GATES, Number, Where

WAIT = 100.0


def settings(tmp_path: Path, **options: Any) -> RuntimeSettings:
    return RuntimeSettings(**{"store": tmp_path / "jobs.db", "grace_seconds": 1.0, **options})


def kill(runtime: Runtime, name: str) -> None:
    """Kill the actor of that class, and wait until it is gone."""
    (victim,) = cells(runtime, name)
    tell(runtime.assembly.system, victim.address, ActorExitRequest())
    until(partial(gone, runtime, victim), what=f"the death of the {name}")


def test_what_a_service_asks_while_the_store_is_dead_is_done_by_the_next_one(tmp_path: Path) -> None:
    with Runtime(settings(tmp_path), workers=ALL) as runtime:
        for number in range(3):
            kill(runtime, "StoreActor")
            run = runtime.fan_out("double", [Number(number)])
            assert run.wait(WAIT).state is JobState.COMPLETED


def test_leases_given_back_while_the_store_is_dead_are_given_back_by_the_next_one(
    tmp_path: Path, gate: str
) -> None:
    """The orchestrator dies first, and the store before it can have heard of that."""
    with Runtime(settings(tmp_path), workers=ALL) as runtime:
        run = runtime.fan_out("gated", [Where(gate)] * 40)
        until(lambda: run.progress().running == len(cells(runtime, "WorkerActor")) == 16, what="work")
        (store,), (step,) = cells(runtime, "StoreActor"), cells(runtime, "StepOrchestrator")
        system = runtime.assembly.system
        tell(system, store.address, ActorExitRequest())
        tell(system, step.address, ActorExitRequest())
        until(lambda: gone(runtime, store) and gone(runtime, step), what="both deaths")
        GATES[gate].set()
        ended = run.wait(WAIT)

    assert (ended.state, ended.counts.completed) == (JobState.COMPLETED, 40)


@pytest.mark.parametrize("running", [0, 4])
def test_the_stores_death_during_a_drain_lets_close_return_and_loses_nothing(
    tmp_path: Path, gate: str, running: int
) -> None:
    runtime = Runtime(settings(tmp_path, grace_seconds=30.0), workers=ALL).start()
    run = runtime.fan_out("gated", [Where(gate)] * running)
    until(lambda: len(cells(runtime, "WorkerActor")) == running, what="work")
    system = runtime.assembly.system
    (store,) = cells(runtime, "StoreActor")
    tell(system, store.address, ActorExitRequest())
    closing = threading.Thread(target=runtime.close)
    closing.start()
    GATES[gate].set()
    closing.join(WAIT)

    assert not closing.is_alive()
    assert sql(tmp_path / "jobs.db", "SELECT count(*) FROM owner") == [(0,)]
    counted = sql(tmp_path / "jobs.db", "SELECT state, completed FROM parent WHERE id = ?", run.number)
    assert counted in [[("completed", 0)], [("running", 0)], [("pending", 0)]]
    assert sql(tmp_path / "jobs.db", "SELECT count(*) FROM job WHERE state = 'running' AND kind = 'job'") == [
        (0,)
    ]


@pytest.mark.parametrize("name", ["StoreActor", "JobProcessor", "Scheduler", "ManagerActor", "EventService"])
def test_an_actor_that_dies_while_the_runtime_drains_is_replaced_and_the_drain_ends(
    tmp_path: Path, gate: str, name: str
) -> None:
    runtime = Runtime(settings(tmp_path, grace_seconds=30.0), workers=ALL).start()
    runtime.fan_out("gated", [Where(gate)] * 4)
    until(lambda: len(cells(runtime, "WorkerActor")) == 4, what="work")
    system = runtime.assembly.system
    victim = cells(runtime, name)[0]
    closing = threading.Thread(target=runtime.close)
    closing.start()
    until(lambda: not runtime.assembly.running, what="the drain")
    tell(system, victim.address, ActorExitRequest())
    until(lambda: victim not in victim.engine.cells, what="its death")
    GATES[gate].set()
    closing.join(WAIT)

    assert not closing.is_alive()
    assert sql(tmp_path / "jobs.db", "SELECT count(*) FROM owner") == [(0,)]
    assert sql(tmp_path / "jobs.db", "SELECT count(*) FROM job WHERE state = 'running' AND kind = 'job'") == [
        (0,)
    ]


def test_a_store_that_dies_too_often_during_a_drain_does_not_keep_close_from_returning(
    tmp_path: Path, gate: str
) -> None:
    """The rows are safe; the file is closed and the leases are given back without the actor."""
    wanted = settings(tmp_path, grace_seconds=30.0, restart_intensity=RestartIntensity(0, 60.0))
    runtime = Runtime(wanted, workers=ALL).start()
    runtime.fan_out("gated", [Where(gate)])
    until(lambda: len(cells(runtime, "WorkerActor")) == 1, what="work")
    system = runtime.assembly.system
    (store,) = cells(runtime, "StoreActor")
    closing = threading.Thread(target=runtime.close)
    closing.start()
    until(lambda: not runtime.assembly.running, what="the drain")
    tell(system, store.address, ActorExitRequest())
    closing.join(WAIT)

    assert not closing.is_alive()
    assert "more than 0 restarts" in runtime.assembly.failure
    assert sql(tmp_path / "jobs.db", "SELECT count(*) FROM owner") == [(0,)]
    assert sql(tmp_path / "jobs.db", "SELECT count(*) FROM job WHERE state = 'running' AND kind = 'job'") == [
        (0,)
    ]


def test_a_new_scheduler_is_told_what_is_due(tmp_path: Path) -> None:
    """Without that a backoff would last until the next round of tending."""
    clock = ManualClock()
    with Runtime(settings(tmp_path), workers=ALL, clock=clock) as runtime:
        run = runtime.fan_out("flaky", [Number(2)])
        until(lambda: run.progress().scheduled == 1, what="the backoff")
        kill(runtime, "Scheduler")
        until(lambda: any(each.actor._due_ms for each in cells(runtime, "Scheduler")), what="the word")
        clock.advance(1.0)
        assert run.wait(WAIT).state is JobState.COMPLETED
