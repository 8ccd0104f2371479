"""A runtime whose clock stands still never looks: whatever it notices, it was rung for."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

import pytest

from actors.job import JobState
from actors.seams import ManualClock, SystemClock
from runtime import Runtime
from runtime.cli.commands.cancel import cancelled
from runtime.settings import RuntimeSettings
from runtime.store.doorbell import SilentDoorbell
from runtime.store.file import StoreFile
from tests.embedding.processes import until
from tests.embedding.workers import ALL, GATES, Number, Where, double, wait_for_file
from tests.store.driver import definition, step

WAIT = 100.0


@pytest.fixture(autouse=True)
def _place(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A short path for the sockets: that of a test may be too long."""
    with TemporaryDirectory(dir="/tmp") as short:
        monkeypatch.setenv("XDG_RUNTIME_DIR", short)
        yield


@pytest.fixture
def settings(tmp_path: Path) -> RuntimeSettings:
    return RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=1.0)


def still_clock() -> ManualClock:
    """A clock of this boot, as the commands beside it have, that stands still."""
    real = SystemClock()
    return ManualClock(wall_ms=real.wall_ms(), boottime_ms=real.boottime_ms(), boot_id=real.boot_id())


def test_work_that_another_leaves_over_is_begun(settings: RuntimeSettings) -> None:
    with Runtime(settings, workers=ALL, clock=still_clock()) as still:
        still.fan_out("double", [Number(1)]).wait(WAIT)  # whatever a start brings with it is over
        run = submit_beside(settings, still)
        assert end_of(still, run).wait(WAIT)
        assert still.run(run).state is JobState.COMPLETED


def test_without_a_bell_it_is_begun_when_the_runtime_looks(settings: RuntimeSettings) -> None:
    clock = still_clock()
    with Runtime(settings, workers=ALL, clock=clock, doorbell=SilentDoorbell()) as deaf:
        deaf.fan_out("double", [Number(1)]).wait(WAIT)
        run = submit_beside(settings, deaf)
        ended = end_of(deaf, run)
        assert not ended.wait(0.1)
        clock.advance(0.25)
        assert ended.wait(WAIT)


def test_a_cancel_by_the_command_reaches_a_running_body(
    settings: RuntimeSettings, request: pytest.FixtureRequest
) -> None:
    gate = request.node.name
    GATES[gate] = Event()
    with Runtime(settings, workers=ALL, clock=still_clock()) as still:
        run = still.fan_out("gated", [Where(gate)] * 3)
        until(lambda: run.progress().running == 3, what="three bodies")
        cancelled(settings, run.number, "enough")
        until(lambda: run.state is JobState.CANCELLED, what="the end")
    del GATES[gate]


def test_the_end_of_a_run_is_heard_by_those_who_did_nothing_for_it(
    settings: RuntimeSettings, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    with (
        Runtime(settings, workers=[double], clock=still_clock()) as waiting,
        Runtime(settings, workers=[wait_for_file]) as working,
    ):
        run = working.fan_out(wait_for_file, [Where(str(gate))])
        until(lambda: run.progress().running == 1, what="the body")
        ended = end_of(waiting, run.number)
        gate.touch()
        assert ended.wait(WAIT)


def end_of(runtime: Runtime, run: int) -> Event:
    """Set when the runtime hears that the run has ended, or has heard it already."""
    ended = Event()
    runtime.assembly.hub.on_end(run, ended.set)
    if runtime.run(run).state.terminal:
        ended.set()
    return ended


def submit_beside(settings: RuntimeSettings, runtime: Runtime) -> int:
    """Submit as a command does: without actors, and gone at once."""
    file = StoreFile(settings.store, SystemClock())
    made = step(action="fan_out", config={"job_type": "double", "pages": 0})
    (request,) = [runtime._submission(definition(made), None, None)]
    file.commit([request], None, sweep=[])
    file.close()
    return request.run_id
