"""Judges what the chores have left: nothing that was due, nothing of the dead or frozen, nothing to sweep."""

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.judge import Judge
    from tests.simulation.machine import Machine

DEAD_SECONDS = 5.0
"""After which a runtime that tends has found out that another is dead."""


def judge_tended(
    judge: "Judge", machine: "Machine", connection: sqlite3.Connection, broken: list[str]
) -> None:
    """The rows after a transaction that did the chores, at the time at which it did them."""
    rows, clock = judge.rows, judge.world.clock
    now, boottime = clock.wall_ms(), clock.boottime_ms()
    for job in rows.jobs.values():
        if job.not_before is not None and job.state == "scheduled" and job.not_before <= now:
            broken.append(f"{job} was due, and was not woken")
        if job.lease_expires is not None and job.lease_expires < boottime and job.owner != machine.owner:
            broken.append(f"{job}: its lease is over, and was not taken")
    broken += [f"{lane} was due, and waits" for lane in rows.lanes.values() if 0 < lane.not_before <= now]
    heartbeats: dict[int, int] = dict(connection.execute("SELECT id, heartbeat FROM owner"))
    for parent in rows.parents.values():
        if parent.deadline is not None and parent.deadline <= now:
            broken.append(f"{parent} has used its time up, and was not closed")
        holder = parent.naming_owner
        if holder is None or holder == machine.owner:
            continue
        if heartbeats.get(holder, 0) + machine.lease_ms < boottime:
            broken.append(f"{parent} is named by a runtime that is frozen")
    dead = [each for each, machine in judge.world.owners.items() if not machine.alive and each in heartbeats]
    now_s = clock.monotonic()
    machine.dead = {
        each: machine.dead.get(each, now_s) for each in dead
    }  # who died while it looked is found later
    if any(now_s - since > DEAD_SECONDS for since in machine.dead.values()):
        broken.append(f"runtimes {dead} are dead, and on record")


def judge_swept(judge: "Judge", machine: "Machine", broken: list[str]) -> None:
    """Nothing waits below the closing parents of which this transaction swept a slice: no step here has more."""
    for parent_id in machine.swept:
        parent = judge.rows.parents.get(parent_id)
        for job in judge.before.jobs.values():
            if job.parent_id == parent_id and job.state in {"scheduled", "pending"}:
                paused = job.state == "pending" and (job.lane_id or 0) < 0
                judge.world.met("swept_paused" if paused else f"swept_{job.state}")
        if parent is not None and parent.closing is not None and parent.pending + parent.scheduled:
            broken.append(f"{parent} was swept, and has children that wait")
