"""A runtime that is started, closed, forked or asked at a wrong time: one clear error at once, and nothing is lost."""

import asyncio
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from actors.ids import UnknownIdError
from actors.job import JobState
from runtime import Runtime
from runtime.refusal import RuntimeStateError
from runtime.run import RECHECK_SECONDS
from runtime.settings import RuntimeSettings
from runtime.store.database import StoreError
from tests.embedding.careless import WAIT, careless
from tests.embedding.processes import ROOT, sql, until
from tests.embedding.workers import ALL, GATES, Number, Where
from tests.machine import soonest


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Runtime]:
    """A running runtime on a store of its own."""
    settings = RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=1.0)
    with Runtime(settings, workers=[*ALL, careless]) as running:
        yield running


@pytest.mark.parametrize(
    ("store", "message"),
    [
        (":memory:", "a store is a file"),
        ("x" * 300, "File name too long"),
        (".", "is a directory; name a file"),
        ("missing/jobs.db", "there is no directory missing; make it"),
        ("a\0b", "null byte"),
    ],
)
def test_a_store_that_can_not_be_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    threads = set(threading.enumerate())
    with pytest.raises(StoreError, match=message):
        Runtime(store=store).start()

    assert set(threading.enumerate()) <= threads
    assert list(tmp_path.iterdir()) == []


def test_a_closed_runtime_can_be_started_again(tmp_path: Path) -> None:
    runtime = Runtime(store=tmp_path / "jobs.db", workers=ALL)
    for _ in range(2):
        with runtime:
            assert runtime.fan_out("double_async", [Number(1)]).wait(WAIT).state is JobState.COMPLETED

    assert sql(tmp_path / "jobs.db", "SELECT count(*) FROM job WHERE state = 'completed'") == [(6,)]


def test_starting_and_closing_twice_is_the_same_as_once(tmp_path: Path) -> None:
    with Runtime(store=tmp_path / "jobs.db", workers=ALL).start() as runtime:
        reader = runtime.reader
        assert runtime.start().reader is reader
    assert (runtime.close(), runtime.close()) == (0, 0)


def test_a_start_waits_for_the_close_of_another_thread(tmp_path: Path, gate: str) -> None:
    settings = RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=WAIT)
    runtime = Runtime(settings, workers=ALL).start()
    run = runtime.fan_out("gated", [Where(gate)])
    until(lambda: run.progress().running == 1, what="the body")
    closing = threading.Thread(target=runtime.close)
    closing.start()
    until(lambda: not runtime.assembly.running, what="the close")
    starting = threading.Thread(target=runtime.start)
    starting.start()

    starting.join(0.2)
    assert starting.is_alive()
    GATES[gate].set()
    closing.join(WAIT)
    starting.join(WAIT)

    assert run.state is JobState.COMPLETED
    assert runtime.fan_out("double_async", [Number(1)]).wait(WAIT).state is JobState.COMPLETED
    runtime.close()


@pytest.mark.parametrize("number", [None, 1.5, 2**63, -(2**64)])
def test_what_can_be_no_id_is_refused(runtime: Runtime, number: Any) -> None:
    with pytest.raises(UnknownIdError, match="is not a job id"):
        runtime.run(number)


@pytest.mark.parametrize(
    "use",
    [
        lambda runtime: runtime.submit("missing.toml"),
        lambda runtime: runtime.fan_out("double", []),
        lambda runtime: runtime.cancel(1),
        lambda runtime: runtime.run(1).wait(1),
        lambda runtime: list(runtime.events()),
        lambda runtime: asyncio.run(runtime.fan_out_async("double", [])),
    ],
)
def test_a_runtime_that_does_not_run_says_how_to_start_it(
    tmp_path: Path, use: Callable[[Runtime], object]
) -> None:
    runtime = Runtime(store=tmp_path / "jobs.db", workers=ALL)
    with pytest.raises(RuntimeStateError, match=r"not running: use `with Runtime\(...\)` or call start"):
        use(runtime)
    with runtime:
        pass
    with pytest.raises(RuntimeStateError, match=r"not running"):
        use(runtime)


def test_a_run_that_is_not_there_has_no_progress(runtime: Runtime) -> None:
    with pytest.raises(LookupError, match="there is no run 000000000000c in"):
        runtime.run(12).progress()


def test_a_subscriber_whose_loop_was_closed_disturbs_nobody(runtime: Runtime) -> None:
    loop = asyncio.new_event_loop()

    async def first() -> object:
        return await anext(subscription)

    subscription = runtime.events_async(after=0)
    runtime.fan_out("double", [Number(1)]).wait(WAIT)
    loop.run_until_complete(first())
    loop.close()

    def seconds_to_run_one() -> float:
        started = monotonic()
        assert runtime.fan_out("double", [Number(1)]).wait(WAIT).state is JobState.COMPLETED
        return monotonic() - started

    assert soonest(seconds_to_run_one, RECHECK_SECONDS / 2) < RECHECK_SECONDS / 2


def test_following_events_ends_when_the_runtime_is_closed(tmp_path: Path) -> None:
    runtime = Runtime(store=tmp_path / "jobs.db", workers=ALL).start()
    seen: list[str] = []
    events = runtime.events(after=0)
    follower = threading.Thread(target=lambda: seen.extend(event.type for event in events))
    follower.start()
    runtime.fan_out("double", [Number(1)]).wait(WAIT)
    runtime.close()
    follower.join(WAIT)

    assert not follower.is_alive()
    assert "job_status_change" in seen


FORK = """
import os, sys, threading
from pathlib import Path
from runtime import Runtime
from tests.embedding.workers import ALL, Number

store = Path(sys.argv[1])
runtime = Runtime(store=store, workers=ALL).start()
runtime.fan_out("double", [Number(1)]).wait(100)
told = os.pipe()

def at_rest():
    mine = threading.get_ident()
    others = [frame for thread, frame in sys._current_frames().items() if thread != mine]
    return all(frame.f_code.co_name in {"_work", "_sleep", "_hear", "wait"} for frame in others)

# A child in which nobody lets go of what another thread held at the fork, a mutex of SQLite or an import, would hang.
# So all of them wait for something to do, and none is given the interpreter between the look at them and the fork.
usual = sys.getswitchinterval()
sys.setswitchinterval(1000)
threading.Event().wait(0.01)
while not at_rest():
    threading.Event().wait(0.01)
child = os.fork()
sys.setswitchinterval(usual)
if child == 0:
    for use in (
        lambda: runtime.fan_out("double", [Number(2)]),
        lambda: runtime.reader.last_event(),
        lambda: Runtime(store=store, workers=ALL).start(),
    ):
        try:
            use()
        except Exception as error:
            os.write(told[1], f"{type(error).__name__}: {error}\\n".encode())
    runtime.close()
    with Runtime(store=store.with_name("other.db"), workers=ALL) as other:
        os.write(told[1], str(other.fan_out("double", [Number(3)]).wait(100).state).encode())
    os._exit(0)
os.close(told[1])
os.wait()
runtime.fan_out("double", [Number(4)]).wait(100)
runtime.close()
print(os.read(told[0], 10_000).decode())
"""


def test_a_forked_child_is_refused_the_store_that_its_parent_has_open(tmp_path: Path) -> None:
    """It would lose what it commits: SQLite's locks are not inherited, its table of them is."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORK, str(tmp_path / "jobs.db")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    submit, read, start, other = done.stdout.strip().splitlines()
    assert submit.startswith("RuntimeStateError: the runtime runs in process")
    assert read.startswith("RuntimeStateError: the runtime runs in process")
    assert start.startswith("StoreError:")
    assert "start processes by spawn" in start
    assert other == "completed"
    assert sql(tmp_path / "jobs.db", "SELECT count(*) FROM job WHERE kind = 'job'") == [(2,)]
