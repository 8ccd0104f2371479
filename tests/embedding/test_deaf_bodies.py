"""Bodies that ignore cancel and timeout: their threads are replaced, and too many of a type stop that type alone."""

import asyncio
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec
import pytest
from thespian.actors import ActorExitRequest

from actors.job import JobState
from actors.worker import JobContext, worker
from runtime import Runtime
from runtime.engine import engine_statistics, tell
from runtime.settings import RuntimeSettings
from runtime.store.offers import Offer
from tests.embedding.processes import sql, until
from tests.embedding.test_supervision import cells, gone
from tests.embedding.workers import GATES, Number, Where, double

WAIT = 100.0
LIMIT = 3
SHORT: dict[str, Any] = {
    "max_attempts": 1,
    "timeout_seconds": 1.0,
    "stop_grace_seconds": 0.05,
    "max_abandoned": LIMIT,
}


@worker("deaf", slots=8, **SHORT)
def deaf(payload: Where, context: JobContext) -> str:
    """Wait for the gate, whatever is said meanwhile."""
    context.info("told nothing")
    if payload.path:
        GATES[payload.path].wait(WAIT)
    return "heard nothing"


@worker("deaf_async", dispatcher="loop", slots=8, **SHORT)
async def deaf_async(payload: Where, context: JobContext) -> str:
    """The same on the loop: every cancellation is swallowed."""
    context.info("told nothing")
    while payload.path and not GATES[payload.path].is_set():
        try:
            await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            continue
    return "heard nothing"


@pytest.fixture
def gate(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a gate that stays shut until the test opens it."""
    GATES[request.node.name] = threading.Event()
    yield request.node.name
    GATES[request.node.name].set()


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    settings = RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=0.2)
    with Runtime(settings, workers=[deaf, deaf_async, double]) as running:
        yield running


def held_back(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if "no more jobs of type" in each.getMessage()]


def offers(store: Path) -> list[Offer]:
    """What the runtimes on the store take on, by their rows."""
    rows = sql(store, "SELECT offers FROM owner WHERE offers IS NOT NULL")
    return [msgspec.json.decode(str(text), type=Offer) for (text,) in rows]


def until_held_back(runtime: Runtime, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """Until it is told, and the store leases no job of the type: one may come before the other."""
    until(lambda: bool(held_back(caplog)), what="the word of the hold")
    until(lambda: kind in offers(runtime.settings.store)[0].held_back, what="the hold")


@pytest.mark.parametrize("kind", ["deaf", "deaf_async"])
def test_below_the_limit_deaf_bodies_cost_their_type_nothing(
    runtime: Runtime, gate: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    lost = runtime.fan_out(kind, [Where(gate)] * (LIMIT - 1)).wait(WAIT)
    more = runtime.fan_out(kind, [Where("")] * 5).wait(WAIT)

    assert (lost.state, lost.counts.failed) == (JobState.FAILED, LIMIT - 1)
    assert lost.errors[1:] == ("the attempt took longer than 1 s (2 jobs)",)
    assert (more.state, held_back(caplog)) == (JobState.COMPLETED, [])


@pytest.mark.parametrize("kind", ["deaf", "deaf_async"])
def test_at_the_limit_the_type_is_not_taken_any_more_until_a_body_comes_back(
    runtime: Runtime, gate: str, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert runtime.fan_out(kind, [Where(gate)] * LIMIT).wait(WAIT).state is JobState.FAILED
    until_held_back(runtime, kind, caplog)
    waiting = runtime.fan_out(kind, [Where("")])
    other = runtime.fan_out("double", [Number(1)]).wait(WAIT)

    assert (other.state, waiting.progress().pending) == (JobState.COMPLETED, 1)
    assert held_back(caplog) == [
        f"no more jobs of type {kind!r} are taken: 3 bodies of it go on although they were told to end, 3 may"
    ]

    GATES[gate].set()
    assert waiting.wait(WAIT).state is JobState.COMPLETED


def test_a_new_processor_knows_what_is_held_back(
    runtime: Runtime, gate: str, caplog: pytest.LogCaptureFixture
) -> None:
    runtime.fan_out("deaf", [Where(gate)] * LIMIT).wait(WAIT)
    until_held_back(runtime, "deaf", caplog)
    (victim,) = cells(runtime, "JobProcessor")
    tell(runtime.assembly.system, victim.address, ActorExitRequest())
    until(partial(gone, runtime, victim), what="its death")
    waiting = runtime.fan_out("deaf", [Where("")])
    assert runtime.fan_out("double", [Number(1)]).wait(WAIT).state is JobState.COMPLETED
    assert waiting.progress().pending == 1
    GATES[gate].set()
    assert waiting.wait(WAIT).state is JobState.COMPLETED


def test_the_deaf_bodies_of_a_dead_orchestrator_count_too(
    runtime: Runtime, gate: str, caplog: pytest.LogCaptureFixture
) -> None:
    run = runtime.fan_out("deaf", [Where(gate)] * 2)
    for _ in range(2):
        until(lambda: len(cells(runtime, "WorkerActor")) == 2, what="bodies")
        (victim,) = cells(runtime, "StepOrchestrator")
        tell(runtime.assembly.system, victim.address, ActorExitRequest())
        until(partial(gone, runtime, victim), what="its death")
    until(lambda: bool(held_back(caplog)), what="the hold")
    GATES[gate].set()
    assert run.wait(WAIT).state.terminal


def test_threads_that_were_given_up_are_replaced(tmp_path: Path, gate: str) -> None:
    """With two threads in the pool and two bodies that keep them, others still run."""
    settings = RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=0.2, io_threads=2)
    with Runtime(settings, workers=[deaf, double]) as runtime:
        runtime.fan_out("deaf", [Where(gate)] * 2).wait(WAIT)
        assert engine_statistics(runtime.assembly.system).abandoned_threads == 2
        assert runtime.fan_out("double", [Number(1)] * 20).wait(WAIT).counts.completed == 20
        GATES[gate].set()
        until(lambda: engine_statistics(runtime.assembly.system).abandoned_threads == 0, what="their return")


@pytest.mark.parametrize("kind", ["deaf", "deaf_async"])
def test_a_runtime_with_deaf_bodies_closes_within_the_graces(tmp_path: Path, gate: str, kind: str) -> None:
    """That of the runtime, in which bodies may end, that of the bodies once they were told, and a second to leave."""
    settings = RuntimeSettings(
        store=tmp_path / "jobs.db",
        grace_seconds=0.2,
        worker_options={kind: {"timeout_seconds": 0.0, "stop_grace_seconds": 0.2}},
    )
    runtime = Runtime(settings, workers=[deaf, deaf_async]).start()
    run = runtime.fan_out(kind, [Where(gate)] * 4)
    until(lambda: run.progress().running == len(cells(runtime, "WorkerActor")) == 4, what="four bodies")
    begun = monotonic()
    runtime.close()

    assert monotonic() - begun < WAIT / 4  # the bodies go on four times as long
    assert sql(settings.store, "SELECT DISTINCT state, attempt FROM job WHERE kind = 'job'") == [
        ("pending", 0)
    ]
    assert sql(settings.store, "SELECT count(*) FROM owner") == [(0,)]
