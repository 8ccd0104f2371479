"""Bodies of dispatcher ``cpu`` run in processes: what they leave is recorded, and what kills them harms nobody else."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.job import JobState
from actors.settings import Secret
from actors.worker import JobContext, worker
from runtime import Runtime
from runtime.processes.crew import WorkerProcesses
from runtime.settings import RuntimeSettings
from tests.embedding.crashing import HUGE, Act, KeySettings, act, leave_everything, spin_for_a_while
from tests.embedding.processes import ROOT, kill_group, sql, until

WAIT = 100.0


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    settings = RuntimeSettings(
        store=tmp_path / "jobs.db",
        cpu_processes=2,
        worker_settings={"leave_everything": KeySettings(Secret("swordfish"))},
    )
    with Runtime(settings, workers=[act, leave_everything, spin_for_a_while]) as made:
        yield made


def crew(runtime: Runtime) -> WorkerProcesses:
    found: WorkerProcesses = runtime.assembly.resources()["processes"]
    return found


def lives(pid: int) -> bool:
    """Whether there is such a process, and not only its remains."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def column(runtime: Runtime, name: str, *, kind: str = "act") -> list[object]:
    return [
        row[0]
        for row in sql(
            runtime.settings.store,
            f"SELECT {name} FROM job WHERE kind = 'job' AND type = ? ORDER BY id",
            kind,
        )
    ]


def test_what_a_body_in_a_process_leaves_is_recorded_as_any(runtime: Runtime) -> None:
    for number in range(2):
        assert runtime.fan_out(leave_everything, [Act(f"round {number}")]).wait(WAIT).counts.completed == 2
    first, second = column(runtime, "result", kind="leave_everything")
    assert first == '["swordfish","leave_everything",[],"round 0"]'
    assert second == '["swordfish","leave_everything",["Whales"],"round 1"]'
    assert sql(runtime.settings.store, "SELECT DISTINCT text FROM log_entry") == [("a line of the log",)]
    assert sql(runtime.settings.store, "SELECT count(*) FROM document_save") == [(2,)]
    assert os.getpid() not in {int(str(pid)) for pid in column(runtime, "result")}


def test_what_is_printed_goes_to_our_errors_and_harms_no_answer(
    runtime: Runtime, capfd: pytest.CaptureFixture[str]
) -> None:
    assert runtime.fan_out(act, [Act("print")] * 5).wait(WAIT).state is JobState.COMPLETED
    out, err = capfd.readouterr()
    assert (out, err.count("printed by the body\n")) == ("", 5)


def test_a_result_of_many_megabytes_comes_whole(runtime: Runtime) -> None:
    runtime.fan_out(act, [Act("huge")]).wait(WAIT)
    assert column(runtime, "length(result)") == [HUGE + 2]


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (
            "segfault",
            "was killed by SIGSEGV while it ran the body; its last output: about to read at nowhere",
        ),
        ("kill", "was killed by SIGKILL"),
        ("vanish", "ended with exit status 4"),
        ("exit", "3"),
        ("raise", "poison"),
        ("garbage", "can not be written as JSON"),
    ],
)
def test_poison_fails_after_exactly_its_attempts_and_the_others_complete(
    runtime: Runtime, what: str, said: str
) -> None:
    ended = runtime.fan_out(act, [Act(), Act(what), Act(), Act(what), Act()]).wait(WAIT)
    assert (ended.counts.completed, ended.counts.failed) == (3, 2)
    assert [number for number in column(runtime, "attempt") if number == 2] == [2, 2]
    errors = [str(error) for error in column(runtime, "error") if error is not None]
    assert len(errors) == 2
    assert all(said in error for error in errors)


def test_a_body_that_hears_nothing_is_killed_when_its_time_is_over(runtime: Runtime) -> None:
    ended = runtime.fan_out(spin_for_a_while, [Act()]).wait(WAIT)
    assert ended.state is JobState.FAILED
    assert "took longer than 0.3 s" in str(column(runtime, "error", kind="spin_for_a_while")[0])
    until(lambda: not crew(runtime).pids, what="the end of its process")
    assert runtime.fan_out(act, [Act()]).wait(WAIT).state is JobState.COMPLETED


def cancelled_at_work(runtime: Runtime, what: str, note: Path) -> int:
    """Cancel a body once it is at work; the number of its process."""
    run = runtime.fan_out(act, [Act(what, str(note))])
    until(lambda: note.exists() and note.read_text("ascii") != "", what="the body")
    run.cancel()
    assert run.wait(WAIT).state is JobState.CANCELLED
    return int(note.read_text("ascii"))


def test_a_cancel_ends_the_process_of_a_body_that_does_not_hear_it(runtime: Runtime, tmp_path: Path) -> None:
    pid = cancelled_at_work(runtime, "spin", tmp_path / "note")
    until(lambda: not lives(pid), what="the end of its process")


def test_a_cancel_that_the_body_hears_costs_no_process(tmp_path: Path) -> None:
    """It has as long as this machine needs."""
    settings = RuntimeSettings(
        store=tmp_path / "jobs.db", cpu_processes=2, worker_options={"act": {"stop_grace_seconds": WAIT}}
    )
    with Runtime(settings, workers=[act]) as runtime:
        pid = cancelled_at_work(runtime, "wait", tmp_path / "note")
        assert lives(pid)  # it waits for the next job
        assert runtime.fan_out(act, [Act()]).wait(WAIT).state is JobState.COMPLETED
        assert column(runtime, "result")[-1] == str(pid)


def test_no_process_outlives_a_runtime_that_stops(tmp_path: Path) -> None:
    note = tmp_path / "note"
    settings = RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=0.2)
    with Runtime(settings, workers=[act]) as runtime:
        runtime.fan_out(act, [Act("spin", str(note)), Act()])
        until(lambda: note.exists() and len(crew(runtime).pids) > 0, what="the bodies")
        pids = crew(runtime).pids
    until(lambda: not any(map(lives, pids)), seconds=1.0, what="the end of the processes")
    assert sql(settings.store, "SELECT count(*) FROM job WHERE state = 'running' AND kind = 'job'") == [(0,)]


PROGRAM = """
import os, sys
from pathlib import Path
import msgspec
from actors.worker import JobContext, worker
from runtime import Runtime

class Where(msgspec.Struct, frozen=True):
    path: str

@worker("spin", dispatcher="cpu")
def spin(payload: Where, context: JobContext) -> None:
    Path(payload.path).write_text(f"{os.getpid()} {os.getppid()}\\n")
    while True:
        pass

if __name__ == "__main__":
    with Runtime(store=sys.argv[1], workers=[spin]) as runtime:
        runtime.fan_out(spin, [Where(sys.argv[2])]).wait()
"""


def test_a_process_dies_with_its_runtime_also_while_its_body_computes(tmp_path: Path) -> None:
    program, note = tmp_path / "program.py", tmp_path / "note"
    program.write_text(PROGRAM, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, str(program), str(tmp_path / "jobs.db"), str(note)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    try:
        until(lambda: note.exists() and note.read_text("ascii").endswith("\n"), what="the body")
        child, parent = map(int, note.read_text("ascii").split())
        assert (parent, lives(child)) == (process.pid, True)
        os.kill(process.pid, signal.SIGKILL)
        assert until(lambda: not lives(child), what="the end of the process") < 5.0
    finally:
        kill_group(process)


def test_a_worker_that_no_process_can_find_is_refused(tmp_path: Path) -> None:
    @worker("hidden", dispatcher="cpu")
    def hidden(_payload: Act, _context: JobContext) -> None:
        """Nobody finds it."""

    with pytest.raises(ValueError, match="'hidden' has dispatcher 'cpu' and no name in module"):
        Runtime(store=tmp_path / "jobs.db", workers=[hidden])
    with pytest.raises(TypeError, match="is an async def, dispatcher 'cpu' does not run such"):

        @worker("waits", dispatcher="cpu")
        async def waits(_payload: Act, _context: JobContext) -> None:
            """It could, on the loop."""
