"""Deletion and retention in whole runtimes: beside other work, under SIGKILL, by the clock. The oracle is raw SQL."""

import asyncio
import os
import random
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from actors.job import JobState
from actors.messages import DeleteJob
from actors.seams import ManualClock, SystemClock
from runtime import Runtime
from runtime.embedding import RefusedError
from runtime.run import Run
from runtime.settings import RuntimeSettings
from runtime.store.file import StoreFile
from runtime.store.reading.jobs import JobFilter
from runtime.store.reading.reader import StoreReader
from runtime.store.reading.records import EventsPrunedError
from runtime.store.retention import Retention
from tests.embedding.killing import Work, kill_at_work, work_undisturbed
from tests.embedding.processes import until
from tests.embedding.workers import ALL, GATES, Number, Where

WAIT = 100.0
ROUNDS = int(os.environ.get("QUAERO_KILL_ROUNDS", "10"))
MISCOUNTED = """
SELECT id, completed, (SELECT count(*) FROM job WHERE parent_id = parent.id AND state = 'completed') AS there
FROM parent WHERE kind = 'step' AND completed <> there OR total <> completed
"""


def rows(store: Path, query: str) -> list[tuple[Any, ...]]:
    """The rows themselves, also of what is deleted."""
    connection = sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def left(store: Path) -> int:
    """Rows of jobs that are not erased yet."""
    return int(rows(store, "SELECT count(*) FROM job")[0][0])


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store's path."""
    return tmp_path / "jobs.db"


@pytest.fixture
def runtime(store: Path) -> Iterator[Runtime]:
    """A running runtime."""
    with Runtime(RuntimeSettings(store=store, grace_seconds=1.0), workers=ALL) as running:
        yield running


def ended(runtime: Runtime, jobs: int) -> Run:
    run = runtime.fan_out("double", map(Number, range(jobs)), name="doubles")
    assert run.wait(WAIT).state is JobState.COMPLETED
    return run


def test_a_deleted_run_is_gone_at_once_and_its_rows_soon(runtime: Runtime, store: Path) -> None:
    run, other = ended(runtime, 2500), ended(runtime, 10)
    assert run.delete() == 2500
    with pytest.raises(LookupError, match=f"there is no run {run.id}"):
        _ = run.state
    assert {job["root_id"] for job in runtime.reader.jobs(JobFilter())} == {other.id}
    until(lambda: left(store) == 12, what="the erasure")
    assert other.result().counts.total == 10
    with pytest.raises(RefusedError, match="there is no such job"):
        run.delete()


def test_a_running_run_is_refused_and_goes_on(runtime: Runtime, request: pytest.FixtureRequest) -> None:
    gate = GATES[request.node.name] = Event()
    try:
        run = runtime.fan_out("gated", [Where(request.node.name)])
        with pytest.raises(RefusedError, match=r"run \w+ is (pending|running).*; cancel it first"):
            runtime.delete(run.id)
        gate.set()
        assert run.wait(WAIT).state is JobState.COMPLETED
    finally:
        GATES.pop(request.node.name).set()


def test_deleting_from_asyncio(runtime: Runtime, store: Path) -> None:
    run = ended(runtime, 5)
    step = runtime.reader.run(run.number)
    assert step is not None
    assert asyncio.run(runtime.delete_async(step["steps"][0]["job_id"])) == 5
    assert run.result().counts.total == 0
    assert asyncio.run(run.delete_async()) == 0
    until(lambda: left(store) == 0, what="the erasure")


def test_another_runtime_works_on_while_a_run_is_erased(runtime: Runtime, store: Path) -> None:
    run = ended(runtime, 3000)
    with Runtime(RuntimeSettings(store=store, grace_seconds=1.0), workers=ALL) as other:
        run.delete()
        assert ended(other, 300).result().counts.completed == 300
        assert other.reader.run_state(run.number) is None
    until(lambda: left(store) == 302, what="the erasure")
    assert rows(store, MISCOUNTED) == []


def test_retention_deletes_and_prunes_by_the_clock(store: Path) -> None:
    clock = ManualClock()
    kept = Retention(completed_days=1, events_days=1)
    settings = RuntimeSettings(store=store, grace_seconds=1.0, retention=kept)
    with Runtime(settings, workers=ALL, clock=clock) as runtime:
        run = ended(runtime, 3)
        clock.advance(minutes=23 * 60)
        assert run.state is JobState.COMPLETED

        def gone() -> bool:
            # A slice needs a moment, and a round that had begun before the day was over an hour to the next. However
            # many looks that takes, they come to less than the day after which the deletion's own event goes.
            clock.advance(1.0)
            return left(store) == 0

        clock.advance(minutes=120)
        until(gone, what="the end of the retention")
        with pytest.raises(EventsPrunedError, match="are kept no longer") as told:
            next(runtime.events(after=1))
        kept_events = list(runtime.events(told.value.oldest - 1, timeout_seconds=0.1))
        assert kept_events[0].seq == told.value.oldest
        assert (kept_events[-1].type, kept_events[-1].run_id) == ("job_deleted", run.number)


def test_killed_again_and_again_while_erasing_counts_equal_rows_and_in_the_end_all_is_erased(
    store: Path, tmp_path: Path
) -> None:
    with Runtime(RuntimeSettings(store=store), workers=ALL) as runtime:
        run = ended(runtime, 20_000)
    file = StoreFile(store, SystemClock())
    file.commit([DeleteJob(run.number)], None, sweep=[])
    file.close()
    undisturbed = tmp_path / "undisturbed" / "jobs.db"
    undisturbed.parent.mkdir()
    shutil.copy(store, undisturbed)
    work, before = work_undisturbed(undisturbed), left(store)
    chance = random.Random()  # noqa: S311 (when to kill is no secret)
    for _ in range(ROUNDS):
        part = Work(work.instructions * left(store) // (2 * before), work.seconds / 2)
        kill_at_work(store, part, lambda: left(store), chance)
        assert left(store) > 0, "it was killed in the middle"
        assert rows(store, MISCOUNTED) == []
        assert rows(store, "PRAGMA foreign_key_check") == []
        reader = StoreReader(store)
        assert reader.jobs(JobFilter()) == []
        reader.close()
    with Runtime(RuntimeSettings(store=store)):
        until(lambda: left(store) == 0, seconds=WAIT, what="the erasure")
    tables = ("parent", "lane", "log_entry", "staged_page", "submit_key", "dependency", "deletion")
    assert [rows(store, f"SELECT count(*) FROM {table}") for table in tables] == [[(0,)]] * len(tables)
