"""A step's children are being named when the store's actor dies: the step is not forgotten."""

import threading
from functools import partial
from pathlib import Path

import msgspec
from thespian.actors import ActorExitRequest

from actors.job import JobDefinition, JobState, Page, Step, StepStart
from actors.manager import JobManager
from runtime import Runtime
from runtime.engine import tell
from runtime.settings import RuntimeSettings
from tests.embedding.processes import until
from tests.embedding.test_supervision import cells, gone
from tests.embedding.workers import ALL, Number

WAIT = 20.0
BEGUN = threading.Event()
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
        BEGUN.set()
        if not OPEN.wait(WAIT):
            raise TimeoutError("the gate stays shut")
        return Page((self.child("double", Number(1)),))


def test_a_naming_under_way_is_committed_at_the_new_store_when_the_store_dies(tmp_path: Path) -> None:
    settings = RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=1.0)
    with Runtime(settings, workers=ALL, managers=[GatedManager]) as runtime:
        run = runtime.submit(JobDefinition("naming", "naming", (Step("one", "gated_naming"),)))
        assert BEGUN.wait(WAIT)
        (victim,) = cells(runtime, "StoreActor")
        tell(runtime.assembly.system, victim.address, ActorExitRequest())
        until(partial(gone, runtime, victim), what="its death")
        until(lambda: bool(cells(runtime, "StoreActor")), what="its successor")
        OPEN.set()
        ended = run.wait(WAIT)

    assert (ended.state, ended.counts.completed, ended.counts.total) == (JobState.COMPLETED, 1, 1)
