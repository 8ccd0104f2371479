"""P9: a running body is told within a second of an acknowledged cancel, whoever cancels, and ends within its grace."""

import asyncio
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic

import pytest

from actors.job import JobState
from actors.worker import JobContext, worker
from runtime import Runtime
from runtime.run import Run
from runtime.settings import RuntimeSettings
from tests.embedding.processes import ROOT, until
from tests.embedding.workers import GATES, Where
from tests.machine import soonest

WAIT = 100.0
GRACE = 0.3
BEGUN: "queue.Queue[None]" = queue.Queue()
TOLD: "queue.Queue[float]" = queue.Queue()


@worker("listening")
def listening(payload: Where, context: JobContext) -> None:
    """Say when it was told."""
    context.info(payload.path)
    BEGUN.put(None)
    pause = threading.Event()
    while not context.cancelled:
        pause.wait(0.002)
    TOLD.put(monotonic())
    context.raise_if_cancelled()


@worker("listening_async")
async def listening_async(payload: Where, context: JobContext) -> None:
    """The same on the loop."""
    context.info(payload.path)
    BEGUN.put(None)
    try:
        await asyncio.sleep(WAIT)
    finally:
        TOLD.put(monotonic())


@worker("hard_of_hearing", stop_grace_seconds=GRACE)
def hard_of_hearing(payload: Where, context: JobContext) -> None:
    """Never end by itself."""
    context.info("told nothing")
    GATES[payload.path].wait(WAIT)


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    settings = RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=0.2)
    with Runtime(settings, workers=[listening, listening_async, hard_of_hearing]) as running:
        yield running


def here(run: Run) -> None:
    """Cancel from a service."""
    assert run.cancel()


def elsewhere(run: Run) -> None:
    """Cancel by the command, a process of its own."""
    store = run._runtime.settings.store
    command = [sys.executable, "-m", "runtime.cli", "cancel", run.id, "--store", str(store)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


@pytest.mark.parametrize("cancel", [here, elsewhere])
@pytest.mark.parametrize("kind", ["listening", "listening_async"])
def test_running_bodies_are_told_within_a_second_of_the_acknowledgement(
    runtime: Runtime, cancel: Callable[[Run], None], kind: str
) -> None:
    def seconds_to_tell() -> float:
        run = runtime.fan_out(kind, [Where("")] * 8)
        for _ in range(8):
            BEGUN.get(timeout=WAIT)
        cancel(run)
        acknowledged = monotonic()
        told = [TOLD.get(timeout=WAIT) for _ in range(8)]
        ended = run.wait(WAIT)
        assert (ended.state, ended.counts.cancelled) == (JobState.CANCELLED, 8)
        return max(told) - acknowledged

    assert soonest(seconds_to_tell, 1.0) < 1.0


@pytest.mark.parametrize("cancel", [here, elsewhere])
def test_bodies_that_do_not_listen_have_ended_within_their_grace(
    runtime: Runtime, cancel: Callable[[Run], None], request: pytest.FixtureRequest
) -> None:
    def seconds_to_end() -> float:
        gate = GATES[request.node.name] = threading.Event()
        run = runtime.fan_out("hard_of_hearing", [Where(request.node.name)] * 4)
        until(lambda: run.progress().running == 4, what="four bodies")
        cancel(run)
        acknowledged = monotonic()
        ended = run.wait(WAIT)
        seconds = monotonic() - acknowledged
        gate.set()
        assert (ended.state, ended.counts.cancelled) == (JobState.CANCELLED, 4)
        return seconds

    assert soonest(seconds_to_end, 1.0 + GRACE) < 1.0 + GRACE
