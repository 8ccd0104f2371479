"""Judges a store from its rows and events, read by plain sqlite3: the product's own reader and counts are not asked."""

import sqlite3
from pathlib import Path
from typing import Any, Self

import msgspec

from tests.store.oracle import Oracle

ENDS = ("completed", "failed", "cancelled", "completed_with_failures")
STATES = ("scheduled", "pending", "running", "completed", "failed", "cancelled")


class Judge:
    """A connection of its own to a store that others write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.connection = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=100
        )
        self._transitions: dict[int, list[tuple[int, int, int, str]]] | None = (
            None  # by job, of a store at rest
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def rows(self, text: str, *parameters: object) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return self.connection.execute(text, parameters).fetchall()

    def value(self, text: str, *parameters: object) -> Any:
        """The first value of the first row."""
        return self.connection.execute(text, parameters).fetchone()[0]

    def children(self, parent_id: int) -> list[int]:
        """The ids of a run's steps, or a step's jobs."""
        return [row[0] for row in self.rows("SELECT id FROM job WHERE parent_id = ? ORDER BY id", parent_id)]

    def child(self, step_id: int, name: str) -> tuple[int, str] | None:
        """A step's child of that name: its id and state."""
        found = self.rows("SELECT id, state FROM job WHERE parent_id = ? AND name = ?", step_id, name)
        return found[0] if found else None

    def end_of(self, step_id: int) -> str:
        """A step's state and how many of its children completed, failed and were cancelled: by the children's rows."""
        states = [row[0] for row in self.rows("SELECT state FROM job WHERE parent_id = ?", step_id)]
        state = self.value("SELECT state FROM job WHERE id = ?", step_id)
        return " ".join([str(state), *(str(states.count(each)) for each in ENDS[:3])])

    def transitions_of(self, jobs: set[int]) -> list[tuple[int, int, int, str]]:
        """Those of these jobs, on a store at rest."""
        if self._transitions is None:
            self._transitions = {}
            for each in self.transitions():
                self._transitions.setdefault(each[2], []).append(each)
        return sorted(each for job_id in jobs for each in self._transitions.get(job_id, ()))

    def transitions(self) -> list[tuple[int, int, int, str]]:
        """Every recorded change of a state, in order: its number, its commit's, the job, the state."""
        found = []
        for first, blob in self.rows("SELECT first_seq, batch FROM event_batch ORDER BY first_seq"):
            seq = first - 1
            for event_type, _, job_ids, data in msgspec.msgpack.decode(blob):
                for job_id in job_ids:
                    seq += 1
                    if event_type == "job_status_change":
                        found.append((seq, first, job_id, data["state"]))
        return found


def faults_at_rest(path: Path) -> list[str]:
    """What is wrong with a store on which everything is to have ended; [] = nothing."""
    oracle = Oracle(path)
    try:
        oracle.check()
    finally:
        oracle.close()
    with Judge(path) as judge:
        return [*_open_work(judge), *_wrong_counts(judge), *_wrong_ends(judge)]


def _open_work(judge: Judge) -> list[str]:
    faults = [
        f"{kind} {job_id} is still {state}"
        for job_id, kind, state in judge.rows(
            "SELECT id, kind, state FROM job WHERE state IN ('scheduled', 'pending', 'running')"
        )
    ]
    held = judge.rows("SELECT id FROM job WHERE owner IS NOT NULL OR lease_expires IS NOT NULL")
    return faults + [f"job {job_id} has ended and is leased" for (job_id,) in held]


def _wrong_counts(judge: Judge) -> list[str]:
    faults = []
    for row in judge.rows(f"SELECT id, total, {', '.join(STATES)} FROM parent WHERE kind = 'step'"):
        found = dict(judge.rows("SELECT state, count(*) FROM job WHERE parent_id = ? GROUP BY state", row[0]))
        counted = (sum(found.values()), *(found.get(state, 0) for state in STATES))
        if counted != row[1:]:
            faults.append(f"step {row[0]} counts {row[1:]}, its rows are {counted}")
    return faults


def _wrong_ends(judge: Judge) -> list[str]:
    """One end for each job and parent, the parent's after those of all its children, and none is left."""
    last: dict[int, int] = {}
    ended: dict[int, list[tuple[int, str]]] = {}
    for seq, _, job_id, state in judge.transitions():
        last[job_id] = seq
        if state in ENDS:
            ended.setdefault(job_id, []).append((seq, state))
    faults = []
    rows = judge.rows("SELECT id, parent_id, kind, state, epoch FROM job")
    for job_id, parent_id, kind, state, epoch in rows:
        ends = ended.get(job_id, [])
        if len(ends) != epoch + 1 or ends[-1][1] != state:
            faults.append(f"{kind} {job_id} is {state}, its end events are {ends}")
        elif ends[-1][0] != last[job_id]:
            faults.append(f"{kind} {job_id} left its end {ends[-1]}")
        elif parent_id is not None and ended.get(parent_id, [(0, "")])[-1][0] <= ends[-1][0]:
            faults.append(f"{kind} {job_id} ended at {ends[-1]}, after its parent: {ended.get(parent_id)}")
    return faults
