"""Judges what a commit has leased: that it might be, that it was its turn, and that nobody has more than his slots."""

from typing import TYPE_CHECKING

from tests.simulation.rows import OPEN, Job, Lane, Parent, Rows

if TYPE_CHECKING:
    from tests.simulation.judge import Judge
    from tests.simulation.machine import Machine


def judge_leases(judge: "Judge", machine: "Machine", broken: list[str]) -> None:
    """The jobs and namings that this commit leased."""
    before, rows = judge.before, judge.rows
    leased = [job for job in rows.jobs.values() if job.owner is not None and _new(job, before)]
    for job in leased:
        step, lane = rows.parents[job.parent_id or 0], rows.lanes.get(job.lane_id or 0)
        if lane is None or lane.parent_id != step.id or lane.type != job.type:
            broken.append(f"{job} was leased, paused by itself or from a lane that is not its own: {lane}")
            continue
        _judge_lease(job, lane, judge, machine, broken)
        if lane.rate_ms:
            _judge_rate(lane, judge, broken)
    for parent in rows.parents.values():
        was = before.parents.get(parent.id)
        if parent.naming == "leased" and (was is None or was.token != parent.token):
            _judge_naming(parent, was, judge, machine, broken)
    if leased:
        _judge_slots(leased, machine, rows, broken)


def _new(job: Job, before: Rows) -> bool:
    was = before.jobs.get(job.id)
    return was is None or (was.owner, was.token) != (job.owner, job.token)


def _judge_lease(job: Job, lane: Lane, judge: "Judge", machine: "Machine", broken: list[str]) -> None:
    step = judge.rows.parents[lane.parent_id]
    was = judge.before.jobs.get(job.id)
    if job.owner != machine.owner:
        broken.append(f"{job} was leased by {machine}, for another")
    if was is not None and job.token <= was.token:
        broken.append(f"{job} was leased again under a token that was used before")
    if (job.lease_expires or 0) < judge.world.clock.boottime_ms() + machine.lease_ms:
        broken.append(f"{job} was leased for less than {machine.lease_ms} ms")
    if step.paused or job.type in judge.rows.paused_types:
        broken.append(f"{job} was leased, and its type, or {step}, is paused")
    if step.waiting or step.state != "running" or step.closing is not None:
        broken.append(f"{job} was leased below {step}")
    if step.on_error == "retry" and job.attempt == job.max_attempts:
        judge.world.met("attempt_beyond_its_own")
    place = (job.priority, job.depth, job.id)
    for other in judge.rows.jobs.values():
        if other.parent_id != job.parent_id:
            continue
        if (
            other.state == "pending"
            and other.lane_id == lane.id
            and (other.priority, other.depth, other.id) < place
        ):
            broken.append(f"{job} was leased before {other}")
        if (
            step.by_level
            and other.state == "running"
            and other.depth < job.depth
            and other.token <= job.token
        ):
            broken.append(f"{job} was leased while {other} runs, which is shallower")


def _judge_rate(lane: Lane, judge: "Judge", broken: list[str]) -> None:
    """Two jobs of one rate key do not start within its time, unless the clock was set back."""
    now, last = judge.world.clock.wall_ms(), judge.world.rate_starts.get(lane.rate_key)
    if last is not None and 0 <= now - last < lane.rate_ms:
        broken.append(f"a job of {lane} was leased {now - last} ms after the last one")
    judge.world.rate_starts[lane.rate_key] = now


def _judge_naming(
    parent: Parent, was: Parent | None, judge: "Judge", machine: "Machine", broken: list[str]
) -> None:
    if parent.naming_owner != machine.owner:
        broken.append(f"{parent} is to be named by another than {machine}")
    if parent.paused or parent.waiting or parent.closing is not None or parent.state != "running":
        broken.append(f"{parent} is to be named")
    if parent.naming_at > judge.world.clock.wall_ms():
        broken.append(f"{parent} is to be named before its time")
    if was is not None and was.token > parent.token:
        broken.append(f"{parent} is to be named under an older token than {was.token}")
    run = judge.rows.parents[parent.run_id]
    if run.state != "running" or run.state not in OPEN:
        broken.append(f"{parent} is to be named, and its run is {run.state}")


def _judge_slots(leased: list[Job], machine: "Machine", rows: Rows, broken: list[str]) -> None:
    for job_type in {job.type for job in leased}:
        running = sum(job.owner == machine.owner and job.type == job_type for job in rows.jobs.values())
        slots = machine.assembly.workers[job_type].options.slots
        if running > slots:
            broken.append(f"{machine} runs {running} jobs of type {job_type}, it has {slots} slots")
