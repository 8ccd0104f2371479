"""The rows of the store as the judge sees them: all of them, read anew after every commit."""

import sqlite3
from typing import NamedTuple

OPEN = frozenset({"scheduled", "pending", "running"})
DAY_MS = 86_400_000
UNDONE = frozenset({"failed", "cancelled"})


class Job(NamedTuple):
    """A row of ``job``."""

    id: int
    root_id: int
    parent_id: int | None
    kind: str
    type: str
    name: str | None
    state: str
    attempt: int
    max_attempts: int
    lost: int
    priority: int
    depth: int
    epoch: int
    lane_id: int | None
    spawned_by: int | None
    unique_key: str | None
    owner: int | None
    token: int
    lease_expires: int | None
    not_before: int | None
    finished_at: int | None
    result: str | None
    cancel_reason: str | None


class Parent(NamedTuple):
    """A row of ``parent``."""

    id: int
    run_id: int
    kind: str
    state: str
    total: int
    scheduled: int
    pending: int
    running: int
    completed: int
    failed: int
    cancelled: int
    open_steps: int
    waiting: int
    named: int
    cursor: str | None
    naming: str
    naming_owner: int | None
    naming_attempt: int
    naming_at: int
    token: int
    closing: str | None
    reason: str | None
    paused: int
    warned: int
    served: int
    concurrency: int
    max_children: int
    by_level: int
    timeout_ms: int
    deadline: int | None
    on_error: str


class Lane(NamedTuple):
    """A row of ``lane``."""

    id: int
    parent_id: int
    type: str
    rate_key: str
    rate_ms: int
    pending: int
    not_before: int
    ready: int
    served: int


class Schedule(NamedTuple):
    """A row of ``schedule``."""

    id: str
    next_at: int
    set_at: int
    paused: int
    error: str | None
    last_run_id: int | None


def _select(row: type[NamedTuple], table: str) -> str:
    return f"SELECT {', '.join(row._fields)} FROM {table}"


_JOBS, _PARENTS = _select(Job, "job"), _select(Parent, "parent")
_LANES, _SCHEDULES = _select(Lane, "lane"), _select(Schedule, "schedule")


def read_work(
    connection: sqlite3.Connection,
) -> tuple[dict[int, Job], dict[int, Parent], dict[int, Lane]]:
    """The jobs, parents and lanes, by their numbers; `tests/exhaustive` looks at no more."""
    execute = connection.execute
    return (
        {row[0]: Job._make(row) for row in execute(_JOBS)},
        {row[0]: Parent._make(row) for row in execute(_PARENTS)},
        {row[0]: Lane._make(row) for row in execute(_LANES)},
    )


class Rows:
    """All rows as of one commit."""

    def __init__(self) -> None:
        self.jobs: dict[int, Job] = {}
        self.parents: dict[int, Parent] = {}
        self.lanes: dict[int, Lane] = {}
        self.needs: dict[int, list[tuple[int, str]]] = {}  # by step: what it waits for, and why
        self.owners: set[int] = set()
        self.deletions: set[int] = set()
        self.keys: dict[str, tuple[int, int | None]] = {}  # the run and, of one that is gone, when it ended
        self.requests: dict[str, str | None] = {}  # by key: the fingerprint of the request that it came with
        self.staged: set[int] = set()  # the runs that there are staged pages for
        self.paused_types: set[str] = set()
        self.schedules: dict[str, Schedule] = {}
        self.rates: dict[str, int] = {}  # until when nobody forgets when the key was started last
        self.token = self.event_seq = self.event_floor = 0

    @classmethod
    def read(cls, connection: sqlite3.Connection) -> "Rows":
        """What is durable now."""
        rows, execute = cls(), connection.execute
        execute("BEGIN")
        rows.token, rows.event_seq, paused, rows.event_floor = execute(
            "SELECT token, event_seq, paused_types, event_floor FROM sequence"
        ).fetchone()
        rows.jobs, rows.parents, rows.lanes = read_work(connection)
        for step_id, needs_id, role in execute("SELECT step_id, needs_id, role FROM dependency"):
            rows.needs.setdefault(step_id, []).append((needs_id, role))
        for table, number in execute(
            "SELECT 'owner', id FROM owner UNION ALL SELECT 'deletion', id FROM deletion"
        ):
            (rows.owners if table == "owner" else rows.deletions).add(number)
        for key, run, at, request in execute("SELECT key, run_id, ended_at, fingerprint FROM submit_key"):
            rows.keys[key], rows.requests[key] = (run, at), request
        rows.staged = {row[0] for row in execute("SELECT run_id FROM staged_page")}
        rows.paused_types = {row[0] for row in execute("SELECT type FROM paused_type")}
        if len(rows.paused_types) != paused:
            raise AssertionError(f"{paused} paused types are counted, there are {rows.paused_types}")
        rows.schedules = {row[0]: Schedule._make(row) for row in execute(_SCHEDULES)}
        rows.rates = {
            key: at + max(longest, DAY_MS)
            for key, at, longest in execute("SELECT key, started_at, longest_ms FROM rate")
        }
        execute("COMMIT")
        return rows

    def step_of(self, job: Job) -> Parent | None:
        """The step a job is below."""
        return self.parents.get(job.parent_id or 0)
