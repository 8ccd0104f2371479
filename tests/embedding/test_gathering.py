"""Runtimes whose every commit waits for more, as those do that have thousands of jobs under way: nothing gets stuck."""

import threading
from pathlib import Path

import pytest

from actors.seams import ManualClock
from runtime import Runtime
from runtime.settings import RuntimeSettings
from runtime.store import gathering
from runtime.store.reports import Reports
from tests.embedding.processes import sql, until
from tests.embedding.workers import ALL, GATES, Number, Where

WAIT = 100.0


@pytest.fixture(autouse=True)
def rounds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Have every commit wait that carries anything; one element for each round."""
    monkeypatch.setattr(gathering, "ENOUGH", 1_000_000)
    monkeypatch.setattr(gathering, "MUCH", -1)
    waited: list[int] = []
    waits = gathering.Gathering.waits

    def counting(self: gathering.Gathering, weight: int, under_way: int) -> bool:
        waiting = waits(self, weight, under_way)
        waited.extend([weight] * waiting)
        return waiting

    monkeypatch.setattr(gathering.Gathering, "waits", counting)
    return waited


def test_a_run_ends_with_its_last_job_though_no_clock_moves(tmp_path: Path, rounds: list[int]) -> None:
    with Runtime(RuntimeSettings(store=tmp_path / "jobs.db"), workers=ALL, clock=ManualClock()) as runtime:
        run = runtime.fan_out("double", [Number(number) for number in range(200)])
        assert run.wait(WAIT).counts.completed == 200
    assert len(rounds) >= 3


def test_a_store_that_dies_while_it_waits_is_followed_by_one_that_commits(
    tmp_path: Path, gate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dies with the first outcomes, which nobody else knows of but their orchestrator."""
    deaths: list[int] = []
    ask = Reports.gathering

    def dying(self: Reports) -> None:
        if GATES[gate].is_set() and len(deaths) < 2:
            deaths.append(1)
            raise SystemExit(1)
        ask(self)

    monkeypatch.setattr(Reports, "gathering", dying)
    with Runtime(RuntimeSettings(store=tmp_path / "jobs.db"), workers=ALL) as runtime:
        run = runtime.fan_out("gated", [Where(gate)] * 40)
        until(lambda: run.progress().running == 16, what="work")
        GATES[gate].set()
        assert run.wait(WAIT).counts.completed == 40
    assert len(deaths) == 2
    assert sql(tmp_path / "jobs.db", "SELECT DISTINCT attempt FROM job WHERE kind = 'job'") == [(1,)]


def test_what_runs_when_the_runtime_closes_is_recorded(tmp_path: Path, gate: str) -> None:
    store = tmp_path / "jobs.db"
    runtime = Runtime(RuntimeSettings(store=store, grace_seconds=WAIT), workers=ALL).start()
    run = runtime.fan_out("gated", [Where(gate)] * 4)
    until(lambda: run.progress().running == 4, what="work")
    closing = threading.Thread(target=runtime.close)
    closing.start()
    until(lambda: not runtime.assembly.running, what="the drain")
    GATES[gate].set()
    closing.join(WAIT)
    assert not closing.is_alive()
    assert sql(store, "SELECT state FROM job WHERE kind <> 'job'") == [("completed",)] * 2
