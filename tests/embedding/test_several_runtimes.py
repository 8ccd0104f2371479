"""Several runtimes on one store, in one process and in several: all of them work, and each job is done once."""

import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from actors.job import JobState
from runtime import Runtime
from runtime.settings import RuntimeSettings
from runtime.store.shared import SAFE_SHARED_SQLITE, sharing_risk
from tests.cli.command import quaero
from tests.embedding.processes import sql, start_victim, until
from tests.embedding.workers import ALL, Where

WAIT = 100.0
JOBS = 2000
MORE_THAN_ONE_CAN = 100
"""Jobs of ``wait_for_file``, of which a runtime has 64 at once."""
OWNERS = "SELECT count(DISTINCT owner) FROM job WHERE state = 'running' AND kind = 'job'"


def attempts(path: Path) -> list[list[str]]:
    """What the bodies wrote: job, attempt and process of each."""
    return [line.split() for line in path.read_text(encoding="utf-8").splitlines()]


def judge(store: Path, lines: list[list[str]]) -> None:
    """Each job has been done once, and that is what the rows say."""
    assert set(Counter(job for job, _, _ in lines).values()) == {1}
    assert len(lines) == JOBS
    states = "SELECT DISTINCT state, attempt, lost FROM job WHERE type = 'write' AND kind = 'job'"
    assert sql(store, states) == [("completed", 1, 0)]
    assert sql(store, "SELECT max(completed), max(total) FROM parent") == [(JOBS, JOBS)]
    assert sql(store, "SELECT count(*) FROM owner") == [(0,)]


def test_two_runtimes_in_one_process_share_the_work(tmp_path: Path) -> None:
    settings = RuntimeSettings(store=tmp_path / "jobs.db")
    notes, gate = tmp_path / "notes", tmp_path / "gate"
    with Runtime(settings, workers=ALL) as first, Runtime(settings, workers=ALL) as second:
        held = first.fan_out("wait_for_file", [Where(str(gate))] * MORE_THAN_ONE_CAN)
        until(lambda: sql(settings.store, OWNERS) == [(2,)], what="work of both")
        gate.touch()
        held.wait(WAIT)
        run = first.fan_out("write", [Where(str(notes))] * JOBS)
        assert second.run(run.id).wait(WAIT).state is JobState.COMPLETED
        assert run.wait(WAIT).counts.completed == JOBS
    judge(settings.store, attempts(notes))


@pytest.mark.skipif(sqlite3.sqlite_version_info >= SAFE_SHARED_SQLITE, reason="this SQLite is safe")
def test_a_second_process_is_warned_of_once_where_sqlite_has_a_race_between_writers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, gate = tmp_path / "jobs.db", tmp_path / "gate"
    risk = sharing_risk(store)
    assert "is written by another" in risk

    def warned() -> int:
        return [record.message for record in caplog.records].count(risk)

    with Runtime(RuntimeSettings(store=store), workers=ALL) as here:
        held = here.fan_out("wait_for_file", [Where(str(gate))])
        assert quaero("jobs", "--store", store, cwd=tmp_path).err == ""
        assert warned() == 0
        others = [start_victim(store), start_victim(store)]
        until(lambda: sql(store, "SELECT count(*) FROM owner") == [(3,)], what="the other processes")
        until(lambda: warned() > 0, what="the warning")
        assert quaero("pause", held.id, "--store", store, cwd=tmp_path).err.count(risk) == 1
        quaero("resume", held.id, "--store", store, cwd=tmp_path)
        gate.touch()
        held.wait(WAIT)
        assert [other.wait(WAIT) for other in others] == [0, 0]
    assert warned() == 1


def test_a_safe_sqlite_is_no_risk(tmp_path: Path) -> None:
    assert sharing_risk(tmp_path, SAFE_SHARED_SQLITE) == sharing_risk(tmp_path, (3, 52, 0)) == ""
    assert "SQLite 3.40.1 has a rare race" in sharing_risk(tmp_path, (3, 40, 1))


def test_two_processes_share_the_work(tmp_path: Path) -> None:
    settings = RuntimeSettings(store=tmp_path / "jobs.db")
    notes, gate, end = tmp_path / "notes", tmp_path / "gate", tmp_path / "end"
    with Runtime(settings, workers=ALL) as here:
        last = here.fan_out("wait_for_file", [Where(str(end))])  # keeps the other from being idle
        held = here.fan_out("wait_for_file", [Where(str(gate))] * MORE_THAN_ONE_CAN)
        other = start_victim(settings.store)
        until(lambda: sql(settings.store, OWNERS) == [(2,)], what="work of both")
        gate.touch()
        held.wait(WAIT)
        run = here.fan_out("write", [Where(str(notes))] * JOBS)
        assert run.wait(WAIT).counts.completed == JOBS
        end.touch()
        last.wait(WAIT)
        assert other.wait(WAIT) == 0
    judge(settings.store, attempts(notes))


def test_commands_work_beside_a_runtime(tmp_path: Path) -> None:
    settings = RuntimeSettings(store=tmp_path / "quaero.db", grace_seconds=1.0)
    gate = tmp_path / "gate"
    with Runtime(settings, workers=ALL) as runtime:
        run = runtime.fan_out("wait_for_file", [Where(str(gate))] * 100)
        until(lambda: run.progress().running > 0, what="running bodies")
        shown = quaero("show", run.id, "--json", cwd=tmp_path)
        assert (shown.code, shown.value["state"]) == (0, "running"), shown.err
        done = quaero("cancel", run.id, "--json", cwd=tmp_path)
        assert (done.code, done.value["changed"]) == (0, True), done.err
        assert run.wait(WAIT).state is JobState.CANCELLED
    assert sql(settings.store, "SELECT count(*) FROM job WHERE state = 'running'") == [(0,)]
