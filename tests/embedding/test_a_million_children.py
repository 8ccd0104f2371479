"""A million children: a store that holds them open works at once, and a step has no more of them than it needs."""

import os
import signal
from multiprocessing import get_context
from pathlib import Path
from threading import Event
from time import monotonic

import msgspec
import pytest

from actors.job import JobDefinition, JobState, Page, Step, StepStart
from actors.manager import JobManager
from actors.messages import StagedPage, Submit
from actors.seams import SystemClock
from actors.worker import JobContext, worker
from runtime import Runtime
from runtime.settings import RuntimeSettings
from runtime.store.checksum import job_checksum
from runtime.store.commit import Demand
from runtime.store.file import StoreFile
from runtime.store.verbs.end import LOW_WATER
from tests.embedding.processes import until
from tests.embedding.workers import Number, Where, gated

RUNS = 100
CHILDREN = 10_000
LEASED = 500
PAGE = 700


@worker("counted", slots=16)
def counted(payload: Number, context: JobContext) -> int:
    """Say that one was done."""
    context.resource("done").set()
    return payload.number


def abandoned_store(path: Path) -> None:
    """A million children below a hundred runs, some of them leased; then the process is killed, with its log unread."""
    file = StoreFile(path, SystemClock(), synchronous="OFF")
    step = Step("only", "fan_out", config={"job_type": "counted", "pages": 1})
    for _ in range(RUNS):
        run_id, step_id = file.ids.next(), file.ids.next()
        ids = [each for _ in range(CHILDREN // 1000) for each in file.ids.block(1000)]
        rows = [
            (each, '{"number":1}', job_checksum(each, step_id, "counted", '{"number":1}'), None)
            for each in ids
        ]
        page = StagedPage(0, msgspec.json.encode(rows), len(rows))
        file.commit([Submit(JobDefinition("m", "M", (step,)), run_id, (step_id,), page=page)], None, sweep=[])
    file.commit([], Demand(free={"counted": LEASED}, ready={"counted"}), sweep=[])
    os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_store_with_a_million_open_children_works_again_within_two_seconds(tmp_path: Path) -> None:
    store = tmp_path / "jobs.db"
    victim = get_context("spawn").Process(target=abandoned_store, args=(store,))
    victim.start()
    victim.join()
    assert victim.exitcode == -signal.SIGKILL
    assert store.with_name("jobs.db-wal").stat().st_size > 0
    victim.close()
    done = Event()
    runtime = Runtime(RuntimeSettings(store=store), workers=[counted], resources={"done": done})
    started = monotonic()
    with runtime:
        opened = monotonic() - started
        assert done.wait(100)
        begun = monotonic() - started
        taken_over = "SELECT count(*) FROM job WHERE lost = 1"
        until(lambda: count(runtime, taken_over) == LEASED, what="the take-over")
        recovered = monotonic() - started
        assert count(runtime, "SELECT count(*) FROM job WHERE kind = 'job'") == RUNS * CHILDREN
    assert max(opened, begun, recovered) < 2.0, (opened, begun, recovered)


class Endless(msgspec.Struct, frozen=True):
    """The configuration of an endless step."""

    path: str


class EndlessManager(JobManager):
    """Names a million children, page by page, from a generator's point of view."""

    manager_type = "endless"
    config_type = Endless
    child_types = ("gated",)

    def create_children(self, step: StepStart, cursor: str | None) -> Page:
        """The next page."""
        first = int(cursor or 0)
        children = tuple(self.child("gated", Where(step.step.config["path"])) for _ in range(PAGE))
        return Page(children, next_cursor=str(first + PAGE) if first + PAGE < 1_000_000 else None)


def test_a_step_of_a_million_never_has_more_pending_than_the_low_water_and_a_page(
    tmp_path: Path, gate: str
) -> None:
    settings = RuntimeSettings(store=tmp_path / "jobs.db", grace_seconds=0.5)
    with Runtime(settings, workers=[gated], managers=[EndlessManager]) as runtime:
        run = runtime.submit(JobDefinition("e", "E", (Step("e", "endless", config={"path": gate}),)))
        pending = "SELECT pending FROM parent WHERE kind = 'step'"
        until(lambda: count(runtime, pending) >= LOW_WATER, what="enough children")
        until(lambda: run.progress().running == 16, what="full slots")
        named = []
        for _ in range(2):
            runtime.fan_out("gated", []).wait(100)  # whatever was to be named was named
            named.append(jobs_of(runtime, run.number))
        assert count(runtime, "SELECT count(*) FROM parent WHERE naming <> 'idle' AND kind = 'step'") == 0
        assert LOW_WATER <= count(runtime, pending) < LOW_WATER + PAGE
        assert named[0] == named[1]
        assert not run.state.terminal
        run.cancel()
        assert run.wait(100).state is JobState.CANCELLED


def test_a_slow_consumer_is_given_another_page_only_below_the_low_water(tmp_path: Path) -> None:
    """The rows are looked at after commits: pages named beyond need would be seen."""
    settings = RuntimeSettings(store=tmp_path / "jobs.db")
    seen: list[int] = []
    with Runtime(settings, workers=[counted], resources={"done": Event()}) as runtime:
        pending = "SELECT max(pending) FROM parent WHERE kind = 'step'"
        leave = runtime.assembly.hub.on_commit(lambda: seen.append(count(runtime, pending)))
        run = runtime.fan_out(counted, map(Number, range(12_000)))
        assert run.wait(100).counts.completed == 12_000
        leave()
    assert 0 < max(seen) <= LOW_WATER + 1000


def jobs_of(runtime: Runtime, run: int) -> int:
    return count(runtime, f"SELECT count(*) FROM job WHERE kind = 'job' AND root_id = {run}")


def count(runtime: Runtime, query: str) -> int:
    """A number, as the rows have it."""
    with runtime.reader.snapshot() as connection:
        found: int | None = connection.execute(query).fetchone()[0]
    return found or 0
