"""Replays the events: from them alone it knows each job's state, its epochs, and what was deleted.

Events are written with the changes they tell of, so that after every commit the replayed states and the rows are the
same. An epoch begins with ``job_reopened``; everything said of ends holds for each job and epoch.
"""

import sqlite3
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec

from actors.job import JobKind, JobState
from actors.states import is_legal
from tests.simulation.rows import DAY_MS, OPEN, UNDONE, Job, Rows

if TYPE_CHECKING:
    from tests.simulation.world import World

_EVENTS = "SELECT first_seq, last_seq, time_ms, batch FROM event_batch WHERE first_seq > ? ORDER BY first_seq"
_decode_events = msgspec.msgpack.Decoder().decode


class Timeline:
    """All events of a world, and what follows from them."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.events: list[tuple[int, str, int, int, dict[str, Any]]] = []  # seq, type, run, job, data
        self.states: dict[int, str] = {}
        self.history: dict[int, list[str]] = {}  # of the last epoch
        self.epochs: dict[int, int] = {}
        self._ended_as: dict[int, str] = {}  # before the epoch that has just begun
        self.kinds: dict[int, str] = {}
        self.above: dict[int, tuple[int, int]] = {}  # a job's run and parent
        self.ended_at: dict[int, int] = {}  # by which event, the last time
        self.deleted: dict[int, int] = {}  # by which event
        self.expired: set[int] = set()  # of those, because of their age
        self.transitions: set[tuple[str, str, str]] = set()  # kind, from, to
        self.closing: set[int] = set()
        self.fired: list[tuple[str, int, int]] = []  # schedule, the time that was due, run
        self.skipped: dict[
            str, int
        ] = {}  # schedules that did not fire since their run before went on: last seq
        self._seq = 0
        self._times: list[tuple[int, int]] = []  # last event and time of each batch that is not pruned
        self._floor = 0
        self._rowless: list[int] = []  # of which this commit tells: they must have been deleted in it
        self._following: Mapping[str, Callable[[Rows, int, int, dict[str, Any], list[str]], None]] = {
            "job_status_change": self._change,
            "job_reopened": self._reopen,
            "job_deleted": self._delete,
            "parent_closing": self._close,
            "schedule_fired": self._fire,
            "schedule_skipped": self._skip,
        }

    def follow(self, connection: sqlite3.Connection, rows: Rows, broken: list[str]) -> None:
        """Replay the new events; ``rows`` are those of the commit that wrote them."""
        for first, last, time_ms, blob in connection.execute(_EVENTS, (self._seq,)):
            seq = first - 1
            if seq != self._seq:
                broken.append(f"events between {self._seq} and {first} are missing")
            for event_type, run_id, job_ids, data in _decode_events(blob):
                react = self._following.get(event_type)
                for job_id in job_ids:
                    seq += 1
                    self.events.append((seq, event_type, run_id, job_id, data))
                    if react is not None:
                        react(rows, run_id, job_id, data, broken)
                if react is None:
                    self.world.met(event_type)
            if seq != last:
                broken.append(f"batch {first} ends with {seq}, its row says {last}")
            self._seq = last
            self._times.append((last, time_ms))
        while self._rowless:
            job_id = self._rowless.pop()
            if not self.hidden(job_id):
                broken.append(f"an event tells of job {job_id}, which has no row")
        if rows.event_seq != self._seq:
            broken.append("the sequence and the last event differ")
        if rows.event_floor != self._floor:
            self._prune(connection, rows.event_floor, broken)

    def hidden(self, job_id: int) -> bool:
        """Whether the job was deleted, or what it belongs to."""
        return bool(self.deleted) and not self.deleted.keys().isdisjoint(
            (job_id, *self.above.get(job_id, ()))
        )

    def ends_below(self, parent_id: int) -> list[str]:
        """The last states of the children that there were when the parent ended last, by the events alone."""
        over = self.ended_at.get(parent_id, 0)
        return [
            self.states[job_id]
            for job_id, (_, above) in self.above.items()
            if above == parent_id and job_id != parent_id and self.deleted.get(job_id, over) >= over
        ]

    # -- what an event says -------------------------------------------------------------------------------------

    def _change(self, rows: Rows, run_id: int, job_id: int, data: dict[str, Any], broken: list[str]) -> None:
        state, before = data["state"], self.states.get(job_id)
        self.states[job_id] = state
        self.above[job_id] = run_id, data.get("parent_id", run_id)
        if state not in OPEN:
            self.ended_at[job_id] = len(self.events)
        self.history.setdefault(job_id, []).append(state)
        row = rows.jobs.get(job_id) or self.world.judge.every.get(job_id)
        if row is None:
            broken.append(f"an event tells of job {job_id}, which never had a row")
            return
        self.kinds[job_id] = row.kind
        if job_id not in rows.jobs:
            self._rowless.append(job_id)
        if before is None and job_id in self.epochs:
            self.transitions.add((row.kind, self._ended_as.pop(job_id), state))
            if state != "pending":
                broken.append(f"{row} was opened again as {state}")
            return
        self.transitions.add((row.kind, before or "", state))
        if not is_legal(JobKind(row.kind), None if before is None else JobState(before), JobState(state)):
            broken.append(f"{row} went from {before or 'nothing'} to {state}")
        if row.kind == "job" and row.parent_id in self.closing:
            if state == "running":
                broken.append(f"{row} was leased below a closing step")
            elif before == "running" and state in OPEN:
                broken.append(f"{row} was put back below a closing step")

    def _reopen(self, rows: Rows, run_id: int, job_id: int, data: dict[str, Any], broken: list[str]) -> None:
        """A new epoch begins: the one before has ended, once, and nothing is known of the new one yet."""
        history, before = self.history.pop(job_id, []), self.states.pop(job_id, "")
        self._ended_as[job_id] = before
        ends = [state for state in history if state not in OPEN]
        self.epochs[job_id] = self.epochs.get(job_id, 0) + 1
        self.world.met("reopened" if self.epochs[job_id] == 1 else "reopened_again")
        if ends != [before] or data["epoch"] != self.epochs[job_id]:
            broken.append(f"job {job_id} was opened again as epoch {data['epoch']} after {history}")
        if self.kinds.get(job_id) == "job" and before not in UNDONE:
            broken.append(f"job {job_id} was {before}, and was opened again")
        if job_id == run_id and self.hidden(job_id):
            broken.append(f"run {job_id} was deleted, and was opened again")
        self.closing.discard(job_id)

    def _delete(self, rows: Rows, run_id: int, job_id: int, data: dict[str, Any], broken: list[str]) -> None:
        if self.states.get(job_id, "") in OPEN or self.states.get(run_id, "") in OPEN:
            broken.append(f"{data['kind']} {job_id} was deleted, and is open, or its run {run_id} is")
        if self.hidden(job_id):
            broken.append(f"{data['kind']} {job_id} was deleted before")
        self.deleted[job_id] = len(self.events)
        if data.get("reason") == "retention":
            self.world.met("run_expired")
            self.expired.add(job_id)
            run = self.world.judge.before.jobs[job_id]
            days = getattr(
                self.world.retention, "completed_days" if run.state == "completed" else "failed_days"
            )
            if not days or (run.finished_at or 0) + days * DAY_MS > self.world.clock.wall_ms():
                broken.append(f"{run} was deleted by retention, it is kept for {days} days")

    def _close(self, rows: Rows, run_id: int, job_id: int, data: dict[str, Any], broken: list[str]) -> None:
        if job_id in self.closing:
            broken.append(f"parent {job_id} closes, and was closing already")
        self.closing.add(job_id)
        self.world.met(f"closing_{data['closing']}")
        needs = [
            need for step, some in rows.needs.items() if rows.parents[step].run_id == job_id for need in some
        ]
        if job_id == run_id and data["reason"].startswith("not run"):
            self.world.met("post_job_not_run")
            if not any(role == "post" and self.states[each] in UNDONE for each, role in needs):
                broken.append(f"run {job_id} was given up ({data['reason']}), what it follows has not failed")

    def _fire(self, rows: Rows, run_id: int, job_id: int, data: dict[str, Any], broken: list[str]) -> None:
        """It was due then, each time fires once, and its run before has ended."""
        name, due_at = data["schedule"], data["due_at"]
        known = self.world.judge.before.schedules.get(name)
        if known is None or known.paused or known.next_at != due_at or due_at > self.world.clock.wall_ms():
            broken.append(f"schedule {name} fired for {due_at}, and was {known}")
        elif known.last_run_id is not None and self.states.get(known.last_run_id, "") in OPEN:
            broken.append(f"schedule {name} fired while its run {known.last_run_id} goes on")
        if any(each[:2] == (name, due_at) for each in self.fired):
            broken.append(f"schedule {name} fired twice for {due_at}")
        self.world.met("schedule_fired_late" if data["next_at"] - due_at > 60_000 else "schedule_fired")
        self.fired.append((name, due_at, run_id))

    def _skip(self, rows: Rows, run_id: int, job_id: int, data: dict[str, Any], broken: list[str]) -> None:
        self.world.met("schedule_skipped")
        self.skipped[data["schedule"]] = len(self.events)
        if self.states.get(run_id, "") not in OPEN:
            broken.append(f"schedule {data['schedule']} did not fire, and its run {run_id} has ended")

    def _prune(self, connection: sqlite3.Connection, floor: int, broken: list[str]) -> None:
        self.world.met("events_pruned")
        days = self.world.retention.events_days
        young = self.world.clock.wall_ms() - days * DAY_MS
        gone = [each for each in self._times if each[0] <= floor]
        self._times = [each for each in self._times if each[0] > floor]
        if floor < self._floor or not gone or gone[-1][0] != floor or not days:
            broken.append(f"events are pruned up to {floor}, before up to {self._floor}")
        if any(time_ms > young for _, time_ms in gone):
            broken.append(f"events up to {floor} are pruned, they are kept for {days} days")
        first = connection.execute("SELECT min(first_seq) FROM event_batch").fetchone()[0]
        if first != floor + 1:
            broken.append(f"events are pruned up to {floor}, the first one is {first}")
        self._floor = floor

    @property
    def prunable(self) -> bool:
        """Whether events are left that are to go by their age."""
        days = self.world.retention.events_days
        young = self.world.clock.wall_ms() - days * DAY_MS
        return bool(days) and any(time_ms <= young for _, time_ms in self._times[:-1])


def ends_once(timeline: Timeline, job: Job) -> bool:
    """Whether its last epoch has exactly one end, and nothing after it."""
    history = timeline.history[job.id]
    return history[-1] not in OPEN and sum(state not in OPEN for state in history) == 1
