"""A step's children are being named when the store's actor dies: the step is not forgotten."""

import queue
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from time import monotonic

import msgspec
import pytest
from thespian.actors import ActorExitRequest

from actors.job import JobDefinition, JobState, Page, Step, StepStart
from actors.manager import JobManager
from runtime import Runtime
from runtime.engine import tell
from runtime.settings import RuntimeSettings
from tests.embedding.processes import sql, until
from tests.embedding.test_supervision import cells, gone
from tests.embedding.workers import ALL, Number

WAIT = 100.0
BEGUN: "queue.Queue[int]" = queue.Queue()
OPEN = threading.Event()


class NoConfig(msgspec.Struct, frozen=True):
    """Nothing to say."""


class GatedManager(JobManager):
    """Names one child once its gate is open."""

    manager_type = "gated_naming"
    config_type = NoConfig
    child_types = ("double",)

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        """Wait, and name."""
        BEGUN.put(step.attempt)
        if not OPEN.wait(WAIT):
            raise TimeoutError("the gate stays shut")
        return Page((self.child("double", Number(1)),))


@pytest.fixture(autouse=True)
def _shut() -> Iterator[None]:
    """The gate is shut at the beginning, nobody has begun, and nobody is left waiting at the end."""
    OPEN.clear()
    while not BEGUN.empty():
        BEGUN.get_nowait()
    yield
    OPEN.set()


def test_a_naming_under_way_is_committed_at_the_new_store_when_the_store_dies(tmp_path: Path) -> None:
    settings = RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=1.0)
    with Runtime(settings, workers=ALL, managers=[GatedManager]) as runtime:
        run = runtime.submit(JobDefinition("naming", "naming", (Step("one", "gated_naming"),)))
        assert BEGUN.get(timeout=WAIT) == 1
        (victim,) = cells(runtime, "StoreActor")
        tell(runtime.assembly.system, victim.address, ActorExitRequest())
        until(partial(gone, runtime, victim), what="its death")
        until(lambda: bool(cells(runtime, "StoreActor")), what="its successor")
        OPEN.set()
        ended = run.wait(WAIT)

    assert (ended.state, ended.counts.completed, ended.counts.total) == (JobState.COMPLETED, 1, 1)


@pytest.mark.parametrize("also", ["", "StoreActor", "ManagerActor"])
def test_the_death_of_a_naming_actor_is_a_failed_attempt_and_the_page_is_named_by_the_next(
    tmp_path: Path, also: str
) -> None:
    """Also when whoever has to hear of it dies in the same moment; with its manager it may be given back instead."""
    settings = RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=1.0)
    with Runtime(settings, workers=ALL, managers=[GatedManager]) as runtime:
        run = runtime.submit(JobDefinition("naming", "naming", (Step("one", "gated_naming"),)))
        assert BEGUN.get(timeout=WAIT) == 1
        (naming,) = cells(runtime, "NamingActor")
        victims = [naming, *([naming.parent] if also == "ManagerActor" else cells(runtime, also))]
        for victim in reversed(victims):
            tell(runtime.assembly.system, victim.address, ActorExitRequest())
        until(lambda: all(gone(runtime, victim) for victim in victims), what="the deaths")
        assert BEGUN.get(timeout=WAIT) in ({1, 2} if also == "ManagerActor" else {2})
        OPEN.set()
        ended = run.wait(WAIT)

    assert (ended.state, ended.counts.completed, ended.counts.total) == (JobState.COMPLETED, 1, 1)


def test_a_manager_that_does_not_let_go_delays_the_end_of_the_runtime_by_no_more_than_the_grace(
    tmp_path: Path,
) -> None:
    settings = RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=0.2)
    runtime = Runtime(settings, workers=ALL, managers=[GatedManager]).start()
    runtime.submit(JobDefinition("naming", "naming", (Step("one", "gated_naming"),)))
    assert BEGUN.get(timeout=WAIT) == 1
    begun = monotonic()
    runtime.close()

    assert monotonic() - begun < WAIT / 4  # the manager would wait four times as long
    assert sql(settings.store, "SELECT naming, naming_attempt FROM parent WHERE kind = 'step'") == [
        ("ready", 0)
    ]
    assert sql(settings.store, "SELECT count(*) FROM owner") == [(0,)]
