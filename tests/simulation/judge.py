"""Judges the rows after every commit, from the rows alone, read by SQL of its own, and from the events, replayed.

What holds between any two commits: a terminal state is reached once in each epoch and never left within it; counts are
the rows; a parent is finished if and only if nothing below it is open; every change has its event; tokens only grow;
attempts stay within their budget and are counted before they start; nothing is leased or put back in a closing tree,
nothing leased that is paused or waits; a lease is taken from a living runtime only when its time is over; what an
accepted attempt spawned is there; rows go only with what was deleted.
"""

import math
import sqlite3
from typing import TYPE_CHECKING

from tests.simulation.holding import judge_held
from tests.simulation.keys import judge_keys
from tests.simulation.leasing import judge_leases
from tests.simulation.predictions import judge_answers
from tests.simulation.rows import OPEN, Job, Parent, Rows
from tests.simulation.starts import judge_starts, judge_useless
from tests.simulation.tasks import DELAY_MS, in_order
from tests.simulation.tending import judge_swept, judge_tended
from tests.simulation.timeline import Timeline

if TYPE_CHECKING:
    from tests.simulation.machine import Machine
    from tests.simulation.world import World

LOW_WATER = 1000
TIDY_SECONDS = 20.0
"""After the faults a time limit that has passed has been noticed by then."""


class Violation(AssertionError):  # noqa: N818 (it is what the judge finds, not what went wrong with it)
    """A promise was broken."""


class Judge:
    """The judge of one world."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.before = self.rows = Rows()
        self.timeline = Timeline(world)
        self.every: dict[int, Job] = {}  # each job as it was last seen, also what was deleted since
        self.keyed: dict[str, list[int]] = {}  # the runs that a submit key has stood for

    @property
    def transitions(self) -> set[tuple[str, str, str]]:
        """Which were seen: kind, from, to."""
        return self.timeline.transitions

    def committed(self, machine: "Machine", connection: sqlite3.Connection) -> list[str]:
        """What does not hold of what is durable now; it is no error raised, which the runtime would contain."""
        broken: list[str] = []
        self.before, self.rows = self.rows, Rows.read(connection)
        before, rows = self.before, self.rows
        self.timeline.follow(connection, rows, broken)
        self.every |= rows.jobs
        self._judge_jobs(before, rows, machine, broken)
        self._judge_parents(rows, broken)
        judge_keys(self, broken)
        broken += [
            f"{each} is to fire every minute"
            for each in rows.schedules.values()
            if each.next_at % 60_000 or (each.error is None and each.next_at - each.set_at > 60_000)
        ]
        judge_leases(self, machine, broken)
        judge_starts(self, broken)
        if rows.needs:
            judge_useless(self, broken)
        judge_held(self, machine, broken)
        self._judge_answers(machine, connection, broken)
        return broken

    def unchanged(self, machine: "Machine", connection: sqlite3.Connection) -> list[str]:
        """What does not hold of the answers of a transaction that changed nothing."""
        broken: list[str] = []
        self.before = self.rows
        self._judge_answers(machine, connection, broken)
        return broken

    def _judge_answers(self, machine: "Machine", connection: sqlite3.Connection, broken: list[str]) -> None:
        judge_answers(self, machine.answered, broken)
        judge_swept(self, machine, broken)
        if machine.tended:
            judge_tended(self, machine, connection, broken)

    # -- jobs ---------------------------------------------------------------------------------------------------

    def _judge_jobs(self, before: Rows, rows: Rows, machine: "Machine", broken: list[str]) -> None:
        hidden = self.timeline.hidden
        broken += [
            f"{before.jobs[each]} is gone"
            for each in before.jobs.keys() - rows.jobs.keys()
            if not hidden(each)
        ]
        if rows.token < before.token:
            broken.append(f"the sequence of tokens fell from {before.token} to {rows.token}")
        states, epochs = self.timeline.states, self.timeline.epochs
        for job in rows.jobs.values():
            was = before.jobs.get(job.id)
            if was == job:
                if states.get(job.id) != job.state:
                    broken.append(f"{job} has an event of {states.get(job.id)}, and did not change")
                continue
            state = job.state
            if states.get(job.id) != state:
                broken.append(f"{job} has no event of its state; the events say {states.get(job.id)}")
            if epochs.get(job.id, 0) != job.epoch:
                broken.append(f"{job}: the events say epoch {epochs.get(job.id, 0)}")
            if (state in OPEN) == (job.finished_at is not None):
                broken.append(f"{job} has an end time exactly if it has not ended")
            if job.kind == "job":
                self._judge_job(job, rows, broken)
            if was is not None:
                self._judge_change(was, job, machine, broken)
            elif job.kind == "job":
                self._judge_new(job, before, broken)

    def _judge_job(self, job: Job, rows: Rows, broken: list[str]) -> None:
        state, leased, max_lost = job.state, job.owner is not None, self.world.max_lost
        if (state == "running") != leased or leased != (job.lease_expires is not None):
            broken.append(f"{job}: exactly the running ones are leased")
        if not (state == "running") <= job.attempt <= job.max_attempts:
            broken.append(f"{job}: the attempt is not within its budget, or not counted before it starts")
        if (state == "scheduled") != (job.not_before is not None) and state in OPEN:
            broken.append(f"{job}: exactly the scheduled ones have a time")
        if job.token > rows.token:
            broken.append(f"{job} has a token above {rows.token}")
        if state == "failed" and job.cancel_reason is not None:
            broken.append(f"{job} was to be cancelled, and has failed")
        if state in OPEN and job.lost > max_lost:
            broken.append(f"{job} was lost too often to go on")
        if (job.result is not None) > (state == "completed"):
            broken.append(f"{job} has a result")
        step = rows.jobs.get(job.parent_id or 0)
        if step is None or step.kind != "step" or step.root_id != job.root_id:
            broken.append(f"{job} is not below a step of its run")

    def _judge_change(self, was: Job, job: Job, machine: "Machine", broken: list[str]) -> None:
        if job.token < was.token:
            broken.append(f"{job}: the token fell from {was.token}")
        if job.epoch != was.epoch:
            if self.rows.jobs[job.root_id].epoch == self.before.jobs[job.root_id].epoch:
                broken.append(f"{job} was opened again, and its run was not")
            if job.attempt > (job.state == "running") or job.lost:
                broken.append(f"{job} was opened again, and its attempts are not counted anew")
        elif was.state not in OPEN and job.state != was.state:
            broken.append(f"{job}: the terminal state {was.state} was left")
        woken = was.state == "scheduled" and job.state in {"pending", "running"} and job.epoch == was.epoch
        if woken and (was.not_before or 0) > self.world.clock.wall_ms():
            broken.append(f"{job} was to wait until {was.not_before}")
        given_back = was.state == "running" and job.state == "pending" and job.token != was.token
        if given_back and job.attempt != was.attempt - 1:
            broken.append(f"{job} was given back, its attempt {was.attempt} counts")
        if job.lost > was.lost and job.token <= was.token:
            broken.append(f"{job} was lost, and the attempt under token {was.token} would not be refused")
        if was.owner == machine.owner and job.lost > was.lost:
            broken.append(f"{job} was given back by who held it, and counts as lost")
        if job.state == "failed" != was.state and job.lost > machine.max_lost:
            self.world.met("lost_too_often")
        if (
            was.owner is not None
            and was.owner != machine.owner
            and (job.owner, job.token) != (was.owner, was.token)
        ):
            self._judge_taken(was, job, machine, broken)
        if job.kind == "job" and job.state == "completed" and was.state != "completed":
            self._judge_outcome(job, broken)

    def _judge_taken(self, was: Job, job: Job, machine: "Machine", broken: list[str]) -> None:
        """A lease of another runtime: over, or its owner is dead; it counts as lost."""
        holder = self.world.owners.get(was.owner or 0)
        over = (was.lease_expires or 0) < self.world.clock.boottime_ms()
        if holder is not None and holder.alive and not over:
            broken.append(
                f"{job}: {machine} took it from {holder}, whose lease holds until {was.lease_expires}"
            )
        if job.lost <= was.lost and job.epoch == was.epoch:
            broken.append(f"{job}: {machine} took it from {holder}, and it does not count as lost")

    def _judge_outcome(self, job: Job, broken: list[str]) -> None:
        """Only the attempt under the row's token counts, and all that it spawned is there with it."""
        declared = self.world.declared.get((job.id, job.token))
        if job.result != f'{{"token":{job.token}}}' or declared is None:
            broken.append(f"{job}: the outcome is not that of the attempt under token {job.token}")
            return
        parent = self.rows.parents[job.parent_id or 0]
        if parent.closing is not None or parent.max_children:
            return
        children = [each for each in self.rows.jobs.values() if each.parent_id == job.parent_id]
        # A key may be that of a job that an operator deleted in the same commit.
        keys = {each.unique_key for each in self.every.values() if each.parent_id == job.parent_id}
        spawned = sum(each.spawned_by == job.id and each.unique_key is None for each in children)
        wanted = [key for _, key in in_order(declared, job.id)]
        if spawned != wanted.count(None) or not set(wanted) - {None} <= keys:
            broken.append(f"{job}: of {declared} only {spawned} and {sorted(filter(None, keys))} are there")

    def _judge_new(self, job: Job, before: Rows, broken: list[str]) -> None:
        step = before.parents.get(job.parent_id or 0)
        if step is not None and step.closing is not None:
            broken.append(f"{job} was made below a closing step")
        if job.not_before is not None and job.not_before != self.world.clock.wall_ms() + DELAY_MS:
            broken.append(f"{job} is to wait for {DELAY_MS} ms")
        if job.spawned_by is None:
            return
        spawner, was = self.rows.jobs.get(job.spawned_by), before.jobs.get(job.spawned_by)
        if was is None or was.state != "running":
            broken.append(f"{job} was spawned by what did not run: {was}")
            return
        completed = spawner is not None and spawner.state == "completed"
        declared = in_order(self.world.declared.get((was.id, was.token), ()), was.id)
        if job.unique_key not in {key for task, key in declared if completed or task.kept}:
            broken.append(f"{job} was not spawned by the attempt of {was} that counts, now {spawner}")

    # -- parents ------------------------------------------------------------------------------------------------

    def _judge_parents(self, rows: Rows, broken: list[str]) -> None:
        counted: dict[int, dict[str, int]] = {}
        lanes: dict[int | None, int] = {}
        for job in rows.jobs.values():
            if job.kind != "run":
                below = counted.setdefault(job.parent_id or 0, {})
                below[job.state] = below.get(job.state, 0) + 1
            if job.state == "pending":
                lanes[job.lane_id] = lanes.get(job.lane_id, 0) + 1
            if job.owner is not None and job.owner not in rows.owners:
                broken.append(f"{job} is leased by an owner that is not on record")
            if job.kind != "job" and (job.id not in rows.parents or rows.parents[job.id].state != job.state):
                broken.append(f"{job} is as a parent {rows.parents.get(job.id)}")
        for parent in rows.parents.values():
            self._judge_parent(parent, counted.get(parent.id, {}), broken)
            if parent.naming_owner is not None and parent.naming_owner not in rows.owners:
                broken.append(f"{parent} is named by an owner that is not on record")
        for lane in rows.lanes.values():
            if lane.pending != lanes.get(lane.id, 0):
                broken.append(f"{lane} counts, there are {lanes.get(lane.id, 0)}")
            if lane.pending or lane.ready:
                parent = rows.parents[lane.parent_id]
                full = 0 < parent.concurrency <= parent.running
                held = parent.closing or parent.paused or parent.waiting or parent.state not in OPEN or full
                if bool(lane.ready) != (lane.pending > 0 and not lane.not_before and not held):
                    broken.append(f"{lane} is below {parent}")

    def _judge_parent(self, parent: Parent, below: dict[str, int], broken: list[str]) -> None:
        unended = sum(below.get(state, 0) for state in OPEN)
        is_open = parent.state in OPEN
        self._judge_deadline(parent, broken)
        if parent.kind == "run":
            if parent.open_steps != unended:
                broken.append(f"{parent} has {unended} open steps")
            if is_open != (unended > 0):
                broken.append(f"{parent} has ended exactly if its steps have not: {below}")
            return
        states = ("scheduled", "pending", "running", "completed", "failed", "cancelled")
        rows = tuple(below.get(state, 0) for state in states)
        if parent[5:11] != rows or parent.total != sum(rows):
            broken.append(f"{parent} counts {parent[5:11]} of {parent.total}, its rows are {rows}")
        over = not unended and (parent.named or parent.closing is not None)
        if is_open == over and not (not is_open and not unended):
            broken.append(f"{parent} is {parent.state}, with {unended} open children")
        jobs = self.rows.jobs
        waiting = sum(jobs[each].state in OPEN for each, _ in self.rows.needs.get(parent.id, ()))
        if parent.waiting != waiting:
            broken.append(f"{parent} waits for {waiting} steps and runs")
        if 0 < parent.concurrency < parent.running:
            broken.append(f"{parent} runs more than its concurrency")
        if 0 < parent.max_children < parent.total:
            broken.append(f"{parent} has more than its {parent.max_children} children")
        may_name = is_open and not parent.closing and not parent.waiting and not parent.named
        if (parent.naming == "idle") == may_name and not (may_name and parent.pending >= LOW_WATER):
            broken.append(f"{parent}: its naming is {parent.naming}")
        if (parent.naming == "leased") != (parent.naming_owner is not None):
            broken.append(f"{parent}: a naming is leased exactly if it has an owner")
        if is_open and (parent.paused & 2 != 0) != (self.rows.parents[parent.run_id].paused & 1 != 0):
            broken.append(f"{parent} is paused through its run exactly while that is not")

    def _judge_deadline(self, parent: Parent, broken: list[str]) -> None:
        if not parent.timeout_ms:
            return
        if parent.state == "running" and parent.closing is None and parent.deadline is None:
            broken.append(f"{parent} has a time limit, and no time when it is over")
        if parent.state != "running" and parent.deadline is not None:
            broken.append(f"{parent} does not run, and has a time when it is over")
        late = self.world.quiet_for > TIDY_SECONDS and parent.closing is None
        if late and (parent.deadline or math.inf) + TIDY_SECONDS * 1000 < self.world.clock.wall_ms():
            broken.append(f"{parent} goes on after its time limit")
