"""Real processes under SIGKILL. The oracle is SQL over the rows, and a file that the bodies write."""

import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime import Runtime
from runtime.settings import RuntimeSettings
from tests.embedding.processes import kill_group, sql, start_victim, until
from tests.embedding.workers import ALL, Where

ROUNDS = int(os.environ.get("QUAERO_KILL_ROUNDS", "10"))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store's path."""
    return tmp_path / "jobs.db"


@pytest.fixture
def chance() -> Iterator[random.Random]:
    """Random times of death; the seed is printed when the test fails."""
    seed = random.randrange(1 << 32)
    print("seed", seed)
    yield random.Random(seed)


def submit(store: Path, witness: Path, jobs: int) -> int:
    """A run of jobs that each leave a line in the witness, written but not worked on."""
    with Runtime(RuntimeSettings(store=store), workers=[]) as runtime:
        runtime.assembly.workers._workers["write"] = next(each for each in ALL if each.worker_type == "write")
        run = runtime.fan_out("write", [Where(str(witness))] * jobs)
        return run.number


def test_a_run_killed_again_and_again_ends_once_with_the_right_counts(
    store: Path, tmp_path: Path, chance: random.Random
) -> None:
    """Attempts lost with their runtime are not consumed, and the record is exactly once."""
    jobs, witness = 300 * ROUNDS, tmp_path / "witness"
    run = submit(store, witness, jobs)
    in_flight = 0
    for _ in range(ROUNDS):
        victim = start_victim(store)
        done = len(sql(store, "SELECT 1 FROM job WHERE state = 'completed'"))
        until(
            lambda done=done, victim=victim: victim.poll() is not None
            or sql(store, "SELECT count(*) FROM job WHERE kind = 'job' AND state = 'completed'")[0][0] > done,
            what="progress",
        )
        until(lambda: True, seconds=chance.random() * 0.05 + 0.01)
        if victim.poll() is None:
            in_flight += bool(sql(store, "SELECT 1 FROM job WHERE state IN ('running', 'pending') LIMIT 1"))
            kill_group(victim)
    assert in_flight >= ROUNDS // 2

    assert start_victim(store).wait(60) == 0
    states = sql(store, "SELECT state, count(*) FROM job WHERE kind = 'job' GROUP BY state")
    assert states == [("completed", jobs)]
    assert sql(store, "SELECT state FROM job WHERE id = ?", run) == [("completed",)]
    assert sql(store, "SELECT completed, total, running, pending FROM parent WHERE kind = 'step'") == [(jobs, jobs, 0, 0)]
    assert sql(store, "SELECT count(*) FROM document_save") == [(jobs,)]
    assert sql(store, "SELECT max(attempt), min(attempt) FROM job WHERE kind = 'job'") == [(1, 1)]
    assert len({line.split()[0] for line in witness.read_text().splitlines()}) == jobs
    with Runtime(RuntimeSettings(store=store), workers=ALL) as runtime:
        ends = [
            event
            for event in runtime.events(0, run_id=run, timeout_seconds=0.0)
            if event.job_id == run and event.data.get("state") == "completed"
        ]
    assert len(ends) == 1


def test_the_survivor_takes_over_within_a_second_and_no_attempt_is_consumed(store: Path, tmp_path: Path) -> None:
    """Whoever can take the dead runtime's lock gives its leases back at once."""
    for _ in range(ROUNDS // 5 or 1):
        pass
    witness = tmp_path / "witness"
    with Runtime(RuntimeSettings(store=store), workers=ALL) as survivor:
        victim = start_victim(store)
        until(lambda: len(sql(store, "SELECT 1 FROM owner")) == 2 or victim.poll() is not None, what="a second owner")
        kill_group(victim)
        seconds = until(lambda: len(sql(store, "SELECT 1 FROM owner")) == 1, what="the burial")
        run = survivor.fan_out("write", [Where(str(witness))] * 10)
        run.wait(30)
    assert seconds < 1.0


def test_a_runtime_frozen_beyond_its_lease_loses_its_jobs_and_each_is_counted_once(
    store: Path, tmp_path: Path
) -> None:
    """SIGSTOP for more than the lease, then SIGCONT: the stale outcomes are refused."""
    witness = tmp_path / "witness"
    jobs = 2000
    run = submit(store, witness, jobs)
    victim = start_victim(store, lease_seconds=0.5)
    until(lambda: bool(sql(store, "SELECT 1 FROM job WHERE state = 'completed' AND kind = 'job' LIMIT 1")), what="work")
    os.kill(victim.pid, signal.SIGSTOP)
    with Runtime(RuntimeSettings(store=store, lease_seconds=0.5), workers=ALL) as other:
        other.run(run).wait(60) if not sql(store, "SELECT 1 FROM job WHERE state = 'running'") else None
        os.kill(victim.pid, signal.SIGCONT)
        assert other.run(run).wait(60).counts.completed == jobs
    assert victim.wait(60) == 0
    assert sql(store, "SELECT completed FROM parent WHERE kind = 'step'") == [(jobs,)]
