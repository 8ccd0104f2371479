"""A process that commits in a loop is killed with SIGKILL at any moment: what it was told is there, whole and once."""

import random
import subprocess
import sys
from pathlib import Path

from actors.job import Completed
from tests.store.driver import StoreDriver

COMMITTER = """
import sys
from pathlib import Path
from actors.ids import IdSource
from actors.job import Attempt, ChildSpec, Completed, DocumentSpec, JobDefinition, LogLevel, LogLine, Page, Step
from actors.messages import NameChildren, Settle, Submit
from actors.seams import SystemClock
from runtime.store.commit import Demand
from runtime.store.file import StoreFile

file = StoreFile(Path(sys.argv[1]), SystemClock())
ids = file.ids
demand = Demand({"work": 16}, {"work"}, 4, True, ("act",))
requests, number = [], 0
while True:
    number += 1
    run_id = ids.next()
    requests.append(Submit(JobDefinition("d", "D", (Step("only", "act"),)), run_id, (ids.next(),), f"key-{run_id}"))
    (done,) = file.commit(requests, demand, sweep=[])
    for request in requests:
        if isinstance(request, Submit):
            print("run", request.run_id, flush=True)
        if isinstance(request, Settle):
            for attempt in request.attempts:
                print("job", attempt.lease.job_id, len(attempt.children), flush=True)
    requests = [NameChildren(start, Page((ChildSpec("work", "{}"),) * 3)) for start in done.starts]
    attempts = []
    for job in done.jobs:
        children = (ChildSpec("work", "{}"), ChildSpec("work", "{}")) if job.depth < 2 and job.id % 3 == 0 else ()
        documents = (DocumentSpec("web", str(job.id % 20), None, "T", "b" * 2000),)
        lines = (LogLine(1, LogLevel.INFO, "x"),)
        attempts.append(Attempt(job.lease, job.step_id, Completed("1"), children, documents, lines))
    if attempts:
        requests.append(Settle(number, tuple(attempts)))
"""

ROUNDS = 6


def test_a_committing_process_killed_again_and_again_loses_and_doubles_nothing(tmp_path: Path) -> None:
    path, draw = tmp_path / "jobs.db", random.Random(7)  # noqa: S311 (moments to kill at)
    runs: set[int] = set()
    settled: dict[int, int] = {}
    for _ in range(ROUNDS):
        process = subprocess.Popen(
            [sys.executable, "-c", COMMITTER, str(path)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith("run "), "the process has begun to commit"
        lines = [first, *(process.stdout.readline() for _ in range(draw.randrange(2000)))]
        assert process.poll() is None, "work was in flight"
        process.kill()
        lines += process.stdout.read().splitlines()
        process.stdout.close()
        process.wait()
        for line in lines:
            words = line.split()
            if words[:1] == ["run"] and len(words) == 2:
                runs.add(int(words[1]))
            elif words[:1] == ["job"] and len(words) == 3:
                settled[int(words[1])] = int(words[2])
    assert len(runs) > ROUNDS
    assert settled
    judge(path, runs, settled)


def judge(path: Path, runs: set[int], settled: dict[int, int]) -> None:
    store = StoreDriver(path)
    try:
        store.oracle.check()
        assert store.value("PRAGMA integrity_check") == "ok"
        there = {row[0] for row in store.rows("SELECT id FROM job WHERE kind = 'run'")}
        assert runs <= there
        completed = {
            row[0] for row in store.rows("SELECT id FROM job WHERE state = 'completed' AND kind = 'job'")
        }
        assert settled.keys() <= completed
        spawned = dict(
            store.rows("SELECT spawned_by, count(*) FROM job WHERE spawned_by IS NOT NULL GROUP BY 1")
        )
        assert {job: spawned.get(job, 0) for job in settled} == settled
        saves = dict(store.rows("SELECT job_id, count(*) FROM document_save GROUP BY job_id"))
        lines = dict(store.rows("SELECT job_id, count(*) FROM log_entry WHERE text = 'x' GROUP BY job_id"))
        assert saves == lines == dict.fromkeys(completed, 1)
        finish(store)
        assert store.value("SELECT count(*) FROM job WHERE state <> 'completed'") == 0
        assert store.value("SELECT max(attempt) FROM job WHERE kind = 'job'") == 1
    finally:
        store.close()


def finish(store: StoreDriver) -> None:
    """Take over from the dead and do what is left."""
    store.judged = False
    store.tend()
    while True:
        done = store.commit(lease={"work": 1000}, starts=100)
        for start in done.starts:
            store.name(start)
        if done.jobs:
            store.settle(*(store.attempt(job, Completed()) for job in done.jobs))
        if not done.jobs and not done.starts:
            break
    store.oracle.check()
