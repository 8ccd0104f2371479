"""Judges the rows after every commit, from the rows alone, read by SQL of its own, and from the events, replayed.

What holds between any two commits: a terminal state is reached once and never left; counts are the rows; a parent is
finished if and only if nothing below it is open; every change has its event; tokens only grow; attempts stay within
their budget and are counted before they start; nothing is leased or put back in a closing tree; a lease is taken from
a living runtime only when its time is over; what an accepted attempt spawned is there.
"""

import random
import sqlite3
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from actors.job import JobKind, JobState
from actors.states import is_legal

if TYPE_CHECKING:
    from tests.simulation.machine import Machine
    from tests.simulation.world import World

OPEN = frozenset({"scheduled", "pending", "running"})
LOW_WATER = 1000
_decode_events = msgspec.msgpack.Decoder().decode


class Job(NamedTuple):
    """A row of ``job``."""

    id: int
    root_id: int
    parent_id: int | None
    kind: str
    type: str
    state: str
    attempt: int
    max_attempts: int
    lost: int
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
    naming: str
    naming_owner: int | None
    token: int
    closing: str | None
    paused: int
    concurrency: int
    max_children: int


_JOBS = f"SELECT {', '.join(Job._fields)} FROM job"
_PARENTS = f"SELECT {', '.join(Parent._fields)} FROM parent"
_LANES = "SELECT id, parent_id, pending, ready, not_before FROM lane"
_EVENTS = "SELECT first_seq, last_seq, batch FROM event_batch WHERE first_seq > ? ORDER BY first_seq"


class Violation(AssertionError):  # noqa: N818 (it is what the judge finds, not what went wrong with it)
    """A promise was broken."""


class Judge:
    """The judge of one world."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.jobs: dict[int, Job] = {}
        self.parents: dict[int, Parent] = {}
        self.states: dict[int, str] = {}  # by the events alone
        self.history: dict[int, list[str]] = {}
        self.events: list[tuple[int, str, int, int, dict[str, Any]]] = []
        self.transitions: set[tuple[str, str, str]] = set()  # kind, from, to
        self.cancelled: set[int] = set()  # acknowledged cancels of runs and steps
        self._seq = 0
        self._closing: set[int] = set()

    def committed(self, machine: "Machine", connection: sqlite3.Connection) -> list[str]:
        """What does not hold of what is durable now; it is no error raised, which the runtime would contain."""
        before, self.jobs = self.jobs, {row[0]: Job._make(row) for row in connection.execute(_JOBS)}
        closing = {parent.id for parent in self.parents.values() if parent.closing is not None}
        broken = [
            f"{job} was made below a closing step"
            for job in self.jobs.values()
            if job.parent_id in closing and job.id not in before
        ]
        self.parents = {row[0]: Parent._make(row) for row in connection.execute(_PARENTS)}
        self._follow_events(connection, broken)
        self._judge_jobs(before, machine, broken)
        self._judge_parents(connection, broken)
        return broken

    def _judge_jobs(self, before: dict[int, Job], machine: "Machine", broken: list[str]) -> None:
        if before.keys() - self.jobs.keys():
            broken.append(f"rows are gone: {sorted(before.keys() - self.jobs.keys())}")
        for job in self.jobs.values():
            state, leased = job.state, job.owner is not None
            if self.states.get(job.id) != state:
                broken.append(f"{job} has no event of its state; the events say {self.states.get(job.id)}")
            if (state in OPEN) == (job.finished_at is not None):
                broken.append(f"{job} has an end time exactly if it has not ended")
            if job.kind != "job":
                parent = self.parents.get(job.id)
                if parent is None or parent.state != state:
                    broken.append(f"{job} is as a parent {parent}")
                continue
            if (state == "running") != leased or leased != (job.lease_expires is not None):
                broken.append(f"{job}: exactly the running ones are leased")
            if not (state == "running") <= job.attempt <= job.max_attempts:
                broken.append(f"{job}: the attempt is not within its budget, or not counted before it starts")
            if (state == "scheduled") != (job.not_before is not None) and state in OPEN:
                broken.append(f"{job}: exactly the scheduled ones have a time")
            step = self.jobs.get(job.parent_id or 0)
            if step is None or step.kind != "step" or step.root_id != job.root_id:
                broken.append(f"{job} is not below a step of its run")
            was = before.get(job.id)
            if was is not None and was != job:
                self._judge_change(was, job, machine, broken)
            elif was is None and job.spawned_by is not None:
                self._judge_spawn(job, broken)

    def _judge_change(self, was: Job, job: Job, machine: "Machine", broken: list[str]) -> None:
        if job.token < was.token:
            broken.append(f"{job}: the token fell from {was.token}")
        if was.state not in OPEN and job.state != was.state:
            broken.append(f"{job}: the terminal state {was.state} was left")
        if (
            job.state == "running"
            and (job.token, job.owner) != (was.token, was.owner)
            and job.token <= was.token
        ):
            broken.append(f"{job}: leased again under the token {was.token}")
        if (
            was.owner is not None
            and was.owner != machine.owner
            and (job.owner, job.token) != (was.owner, was.token)
        ):
            holder = self.world.owners.get(was.owner)
            over = (was.lease_expires or 0) < self.world.clock.boottime_ms()
            if holder is not None and holder.alive and not over:
                broken.append(
                    f"{job}: {machine} took it from {holder}, whose lease holds until {was.lease_expires}"
                )
        if job.state == "completed" and was.state != "completed":
            self._judge_outcome(job, broken)

    def _judge_outcome(self, job: Job, broken: list[str]) -> None:
        """Only the attempt under the row's token counts, and all that it spawned is there with it."""
        declared = self.world.declared.get((job.id, job.token))
        if job.result != f'{{"token":{job.token}}}' or declared is None:
            broken.append(f"{job}: the outcome is not that of the attempt under token {job.token}")
            return
        parent = self.parents[job.parent_id or 0]
        if parent.closing is not None or parent.max_children:
            return
        children = [each for each in self.jobs.values() if each.parent_id == job.parent_id]
        keys = {each.unique_key for each in children}
        spawned = sum(each.spawned_by == job.id and each.unique_key is None for each in children)
        wanted = sum(not task.keyed for task in declared)
        if spawned != wanted or not {task.key for task in declared if task.keyed} <= keys:
            broken.append(f"{job}: of {declared} only {spawned} and {sorted(filter(None, keys))} are there")

    def _judge_spawn(self, job: Job, broken: list[str]) -> None:
        spawner = self.jobs.get(job.spawned_by or 0)
        if spawner is None or spawner.state != "completed":
            broken.append(f"{job} was spawned by an attempt that did not complete: {spawner}")
        elif not job.unique_key:
            return
        elif job.unique_key not in {t.key for t in self.world.declared.get((spawner.id, spawner.token), ())}:
            broken.append(f"{job} was not spawned by the attempt of {spawner} that counts")

    def _judge_parents(self, connection: sqlite3.Connection, broken: list[str]) -> None:
        owners = {row[0] for row in connection.execute("SELECT id FROM owner")}
        counted: dict[int, dict[str, int]] = {}
        lanes: dict[int | None, int] = {}
        for job in self.jobs.values():
            if job.kind != "run":
                below = counted.setdefault(job.parent_id or 0, {})
                below[job.state] = below.get(job.state, 0) + 1
            if job.state == "pending":
                lanes[job.lane_id] = lanes.get(job.lane_id, 0) + 1
            if job.owner is not None and job.owner not in owners:
                broken.append(f"{job} is leased by an owner that is not on record")
        needs: dict[int, int] = {}
        for step_id, needs_id in connection.execute("SELECT step_id, needs_id FROM dependency"):
            needs[step_id] = needs.get(step_id, 0) + (self.jobs[needs_id].state in OPEN)
        for parent in self.parents.values():
            self._judge_parent(parent, counted.get(parent.id, {}), needs, broken)
            if parent.naming_owner is not None and parent.naming_owner not in owners:
                broken.append(f"{parent} is named by an owner that is not on record")
        for lane_id, parent_id, pending, ready, not_before in connection.execute(_LANES):
            if pending != lanes.get(lane_id, 0):
                broken.append(
                    f"lane {lane_id} counts {pending} pending jobs, there are {lanes.get(lane_id, 0)}"
                )
            parent = self.parents[parent_id]
            full = 0 < parent.concurrency <= parent.running
            free = not parent.closing and not parent.paused and parent.state in OPEN and not full
            if bool(ready) != (pending > 0 and not not_before and free):
                broken.append(f"lane {lane_id} is ready = {ready}, with {pending} pending below {parent}")

    def _judge_parent(
        self, parent: Parent, below: dict[str, int], needs: dict[int, int], broken: list[str]
    ) -> None:
        unended = sum(below.get(state, 0) for state in OPEN)
        if parent.kind == "run":
            if parent.open_steps != unended:
                broken.append(f"{parent} has {unended} open steps")
            if (parent.state in OPEN) != (unended > 0):
                broken.append(f"{parent} has ended exactly if its steps have not: {below}")
            return
        rows = tuple(below.get(state, 0) for state in ("scheduled", "pending", "running"))
        rows += tuple(below.get(state, 0) for state in ("completed", "failed", "cancelled"))
        if parent[5:11] != rows or parent.total != sum(rows):
            broken.append(f"{parent} counts {parent[5:11]} of {parent.total}, its rows are {rows}")
        over = not unended and (parent.named or parent.closing is not None)
        if (parent.state in OPEN) == over and not (parent.state not in OPEN and not unended):
            broken.append(f"{parent} is {parent.state}, with {unended} open children")
        if parent.waiting != needs.get(parent.id, 0):
            broken.append(f"{parent} waits for {needs.get(parent.id, 0)} steps")
        if 0 < parent.concurrency < parent.running:
            broken.append(f"{parent} runs more than its concurrency")
        if 0 < parent.max_children < parent.total:
            broken.append(f"{parent} has more than its {parent.max_children} children")
        may_name = parent.state in OPEN and not parent.closing and not parent.waiting and not parent.named
        if (parent.naming == "idle") == may_name and not (may_name and parent.pending >= LOW_WATER):
            broken.append(f"{parent}: its naming is {parent.naming}")
        if (parent.naming == "leased") != (parent.naming_owner is not None):
            broken.append(f"{parent}: a naming is leased exactly if it has an owner")

    # -- events -------------------------------------------------------------------------------------------------

    def _follow_events(self, connection: sqlite3.Connection, broken: list[str]) -> None:
        for first, last, blob in connection.execute(_EVENTS, (self._seq,)):
            seq = first - 1
            if seq != self._seq:
                broken.append(f"events between {self._seq} and {first} are missing")
            for event_type, run_id, job_ids, data in _decode_events(blob):
                for job_id in job_ids:
                    seq += 1
                    self.events.append((seq, event_type, run_id, job_id, data))
                    if event_type == "job_status_change":
                        self._follow(job_id, data["state"], broken)
                    elif event_type == "parent_closing":
                        self._closing.add(job_id)
            if seq != last:
                broken.append(f"batch {first} ends with {seq}, its row says {last}")
            self._seq = last
        if connection.execute("SELECT event_seq FROM sequence").fetchone()[0] != self._seq:
            broken.append("the sequence and the last event differ")

    def _follow(self, job_id: int, state: str, broken: list[str]) -> None:
        before = self.states.get(job_id)
        self.states[job_id] = state
        self.history.setdefault(job_id, []).append(state)
        row = self.jobs.get(job_id)
        if row is None:
            broken.append(f"an event tells of job {job_id}, which has no row")
            return
        self.transitions.add((row.kind, before or "", state))
        if not is_legal(JobKind(row.kind), None if before is None else JobState(before), JobState(state)):
            broken.append(f"{row} went from {before or 'nothing'} to {state}")
        if row.kind == "job" and row.parent_id in self._closing:
            if state == "running":
                broken.append(f"{row} was leased below a closing step")
            elif before == "running" and state in OPEN:
                broken.append(f"{row} was put back below a closing step")

    # -- questions ----------------------------------------------------------------------------------------------

    def any_of(self, definition_id: str, chance: random.Random) -> tuple[int, str] | None:
        """Any row of the run of that definition; the run itself is as likely as all others together."""
        runs = [job for job in self.jobs.values() if job.kind == "run" and job.type == definition_id]
        if not runs:
            return None
        kind = chance.choice(("run", "step", "job"))
        rows = [job for job in self.jobs.values() if job.root_id == runs[0].id and job.kind == kind]
        if not rows:
            return runs[0].id, "run"
        return chance.choice(rows).id, kind

    def ends_below(self, parent_id: int) -> list[str]:
        """The states of the children, by the events alone."""
        return [self.states[job.id] for job in self.jobs.values() if job.parent_id == parent_id]

    def cancel_acknowledged(self, job_id: int, kind: str) -> list[str]:
        """What does not hold of it: it must be closing, or told to end, or have ended."""
        job = self.jobs[job_id]
        told = job.cancel_reason if kind == "job" else self.parents[job_id].closing
        if job.state in OPEN and told is None:
            return [f"{job}: the cancel was acknowledged and is not in the row"]
        return []
