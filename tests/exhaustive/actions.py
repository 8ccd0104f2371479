"""What may happen next in a state: each action is one transaction of one runtime, or a fault."""

from collections.abc import Iterator

import msgspec

from actors.ids import id_text
from actors.job import ChildSpec
from tests.exhaustive.scope import TYPE
from tests.exhaustive.world import Job, Memory, Rows, State, World

SPAWNED = {
    "spawn and fail": (ChildSpec(TYPE, "{}", unique_key="kept", even_if_failed=True),),
    "spawn": (ChildSpec(TYPE, "{}", unique_key="spawned"),),
    "spawn twice": (ChildSpec(TYPE, "{}", unique_key="spawned"), ChildSpec(TYPE, "{}", unique_key="other")),
}
OPEN = ("scheduled", "pending", "running")


class Action(msgspec.Struct, frozen=True):
    """One thing that happens."""

    name: str
    runtime: int
    target: int = 0  # a job, or a parent
    token: int = 0
    how: str = ""
    lost: bool = False  # it is durable, and nobody is told
    fault: bool = False  # it uses the one fault up

    def __str__(self) -> str:
        words = [f"{'AB'[self.runtime]}: {self.name}"]
        if self.target:
            words.append(id_text(self.target)[-6:])
        if self.token:
            words.append(f"under {self.token}")
        if self.how:
            words.append(f"({self.how})")
        return " ".join(words) + (", and its answer is lost" if self.lost else "")


def actions(world: World, state: State, rows: Rows) -> Iterator[Action]:
    """Everything that may happen next."""
    faults = world.scope.faults if state.faults else ()
    for number, memory in enumerate(state.memories):
        if not memory.alive:
            continue
        if memory.again is not None:
            yield memory.again
        else:
            for action in _transactions(world, state, rows, number, memory):
                yield action
                if "unknown" in faults:
                    yield msgspec.structs.replace(action, lost=True, fault=True)
            yield from _stopping(faults, number, memory, state)
        if "kill" in faults and len(rows.owners) > 1:
            yield Action("is killed", number, fault=True)
    if state.submitted:
        yield from _operating(world, state, rows)
    if "damage" in faults:
        for job in rows.jobs.values():
            if job.kind == "job" and job.state in OPEN:
                yield Action("loses its checksum", 0, job.id, fault=True)
                if job.state != "pending":  # else its lane would count one too many
                    yield Action("loses its lane", 0, job.id, fault=True)


def _transactions(world: World, state: State, rows: Rows, number: int, memory: Memory) -> Iterator[Action]:
    if not state.submitted:
        yield Action("submits", number)
        return
    if any(parent.naming == "ready" and not parent.paused for parent in rows.parents.values()):
        yield Action("leases a naming", number)
    for start in memory.starts:
        yield Action("names", number, start.step_id, start.token)
        for how in world.scope.naming:
            yield Action("fails to name", number, start.step_id, start.token, how)
    ready = sum(lane[2] for lane in rows.lanes if lane[3])
    if ready:
        yield Action("leases", number, how="one")
    if ready > 1:
        yield Action("leases", number, how="all")
    for job in memory.held:
        for how in world.scope.outcomes:
            if how not in SPAWNED or len(rows.jobs) - len(rows.parents) < world.scope.most_jobs:
                yield Action("settles", number, job.id, job.token, how)
    if len(memory.held) > 1:
        yield Action("settles all", number)
    yield from _tending(world, state, rows, number)


def _tending(world: World, state: State, rows: Rows, number: int) -> Iterator[Action]:
    own = world.owners[number]
    timed = any(job.state == "scheduled" for job in rows.jobs.values())
    if timed or any(parent.deadline is not None for parent in rows.parents.values()):
        yield Action("wakes what is due", number)
    if any(_dead(world, state, owner) for owner in rows.owners):
        yield Action("buries", number)
    over = {job.owner for job in rows.jobs.values() if is_over(job, state)}
    if over - {own}:
        yield Action("expires leases", number)
    if own in over:
        yield Action("extends its leases", number)
    for parent in rows.parents.values():
        if parent.closing is not None and parent.state in OPEN and parent.pending + parent.scheduled:
            yield Action("sweeps", number, parent.id)
    if state.late is not None and any(job.id == state.late.lease.job_id for job in rows.jobs.values()):
        yield Action("settles once more", number, state.late.lease.job_id, state.late.lease.token)


def _stopping(faults: tuple[str, ...], number: int, memory: Memory, state: State) -> Iterator[Action]:
    others = sum(other.alive for other in state.memories) > 1
    if "freeze" in faults and memory.held:
        yield Action("stands still beyond its leases", number, fault=True)
    if "drain" in faults and others:
        yield Action("stops", number, fault=True)
    if "duplicate" in faults:
        for job in memory.held:
            yield Action("settles", number, job.id, job.token, "complete", fault=True)


def _operating(world: World, state: State, rows: Rows) -> Iterator[Action]:
    number = next(each for each, memory in enumerate(state.memories) if memory.alive)
    if state.memories[number].again is not None:
        return
    for job in rows.jobs.values():
        if _is_paused(job, rows):
            yield Action("resumes", number, job.id)
    for operator in set(world.scope.operators) - state.operators:
        verb, kind = operator.split()
        for job in rows.jobs.values():
            if job.kind == kind and (job.state in OPEN) != (verb == "retry"):
                yield Action(f"{verb}s" if verb != "retry" else "retries", number, job.id, how=operator)


def _is_paused(job: Job, rows: Rows) -> bool:
    if job.state not in OPEN:
        return False
    return bool(rows.parents[job.id].paused & 1) if job.kind != "job" else (job.lane_id or 0) < 0


def _dead(world: World, state: State, owner: int) -> bool:
    return not state.memories[world.owners.index(owner)].alive


def is_over(job: Job, state: State) -> bool:
    """Whether the job's lease has run out."""
    return job.lease_expires is not None and job.lease_expires < state.boot
