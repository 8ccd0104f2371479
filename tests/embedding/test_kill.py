"""Real processes under SIGKILL. The oracle is SQL over the rows, and a file that the bodies write."""

import os
import random
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from runtime import Runtime
from runtime.settings import RuntimeSettings
from tests.embedding.killing import kill_at_work, work_undisturbed
from tests.embedding.processes import kill_group, sql, start_victim, until
from tests.embedding.workers import ALL, Where
from tests.machine import soonest

ROUNDS = int(os.environ.get("QUAERO_KILL_ROUNDS", "10"))
EACH = 800
"""Jobs of which a round does at most the work."""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A store's path."""
    return tmp_path / "jobs.db"


@pytest.fixture
def chance() -> random.Random:
    """Random times of death."""
    return random.Random()  # noqa: S311 (when to kill is no secret)


def submit(store: Path, worker: str, path: str, jobs: int) -> int:
    """A run of jobs that is written but not worked on: the one worker of the type never gets a slot."""
    options = {each.worker_type: {"slots": 0} for each in ALL}
    with Runtime(RuntimeSettings(store=store, worker_options=options), workers=ALL) as runtime:
        return runtime.fan_out(worker, [Where(path)] * jobs).number


def test_a_run_killed_again_and_again_ends_once_with_the_right_counts(
    store: Path, tmp_path: Path, chance: random.Random
) -> None:
    """Attempts lost with their runtime are not consumed, and the record is exactly once."""
    witness = tmp_path / "witness"
    (tmp_path / "small").mkdir()
    small = tmp_path / "small" / "jobs.db"
    submit(small, "write", str(tmp_path / "small" / "witness"), EACH)
    part = work_undisturbed(small)

    jobs = EACH * (ROUNDS + 1)
    run = submit(store, "write", str(witness), jobs)
    for _ in range(ROUNDS):
        kill_at_work(store, part, partial(completed, store), chance)
        assert completed(store) < jobs, "work was in flight"

    work_undisturbed(store)
    states = sql(store, "SELECT state, count(*) FROM job WHERE kind = 'job' GROUP BY state")
    assert states == [("completed", jobs)]
    assert sql(store, "SELECT state FROM job WHERE id = ?", run) == [("completed",)]
    assert sql(store, "SELECT completed, total, running, pending FROM parent WHERE kind = 'step'") == [
        (jobs, jobs, 0, 0)
    ]
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


def test_the_survivor_takes_over_within_a_second_and_no_attempt_is_consumed(tmp_path: Path) -> None:
    """Whoever can take the dead runtime's lock gives its leases back at once."""
    stores = (tmp_path / f"jobs-{number}.db" for number in count())
    assert soonest(lambda: seconds_to_take_over(next(stores)), 1.0) < 1.0


def seconds_to_take_over(store: Path) -> float:
    """From the death of a runtime to the lease of its last job by another."""
    gate = store.with_suffix(".gate")
    run = submit(store, "wait_for_file", str(gate), jobs=20)
    victim = start_victim(store)
    until(lambda: leased(store) == 20, what="the victim's lease of every job")
    with Runtime(RuntimeSettings(store=store), workers=ALL) as survivor:
        # Read before its death: the survivor may have forgotten it by the time of any look after that.
        ((dead,),) = sql(store, "SELECT DISTINCT owner FROM job WHERE state = 'running' AND kind = 'job'")
        kill_group(victim)
        seconds = until(
            lambda: (
                sql(store, "SELECT count(*) FROM job WHERE state = 'running' AND owner <> ?", dead)[0][0]
                == 20
            ),
            what="the take-over",
        )
        gate.touch()
        assert survivor.run(run).wait(100).counts.completed == 20
    assert sql(store, "SELECT DISTINCT attempt, lost FROM job WHERE kind = 'job'") == [(1, 1)]
    return seconds


def completed(store: Path) -> int:
    """Jobs that are done."""
    rows = sql(store, "SELECT count(*) FROM job WHERE kind = 'job' AND state = 'completed'")
    return int(str(rows[0][0]))


def leased(store: Path) -> int:
    """Jobs that somebody runs now."""
    rows = sql(store, "SELECT count(*) FROM job WHERE kind = 'job' AND state = 'running'")
    return int(str(rows[0][0])) if rows else 0
