"""What may happen next in a state: each action is one transaction of one runtime, or a fault."""

from collections.abc import Container, Iterator

import msgspec

from actors.ids import id_text
from actors.job import ChildSpec
from tests.exhaustive.scope import TYPE
from tests.exhaustive.world import LEASE_MS, Memory, Rows, State, World
from tests.simulation.rows import OPEN, Job

SPAWNED = {
    "spawn and fail": (ChildSpec(TYPE, "{}", unique_key="kept", even_if_failed=True),),
    "spawn": (ChildSpec(TYPE, "{}", unique_key="spawned"),),
    "spawn twice": (ChildSpec(TYPE, "{}", unique_key="spawned"), ChildSpec(TYPE, "{}", unique_key="other")),
}


FATES = {
    "unknown": "and its answer is lost",
    "undone": "which is undone, and its answer is lost",
    "full": "which can not be committed",
    "statement": "whose statement {at} fails, once",
    "refused": "which can never be recorded",
}
"""What may become of a transaction."""
UNDONE = frozenset({"undone", "full"})
"""After these nothing has changed."""


MOST_STARTS = 2
"""Namings that one runtime has in hand: one that it lost, and another; without a bound there would be no end."""


class Action(msgspec.Struct, frozen=True):
    """One thing that happens."""

    name: str
    runtime: int
    target: int = 0  # a job, or a parent
    token: int = 0
    how: str = ""
    fate: str = ""  # of its transaction, one of FATES
    at: int = 0  # the statement that fails
    fault: bool = False  # it uses the one fault up

    def __str__(self) -> str:
        words = [f"{'AB'[self.runtime]}: {self.name}"]
        if self.target:
            words.append(id_text(self.target)[-6:])
        if self.token:
            words.append(f"under {self.token}")
        if self.how:
            words.append(f"({self.how})")
        if self.fate:
            words[-1] += ","
            words.append(FATES[self.fate].format(at=self.at))
        return " ".join(words)


def actions(world: World, state: State, rows: Rows, idle: Container[int] = ()) -> Iterator[Action]:
    """Everything that may happen next, but for what those do that are ``idle``."""
    faults = world.scope.faults if state.faults else ()
    for number, memory in enumerate(state.memories):
        if not memory.alive or number in idle:
            continue
        if memory.again is not None:
            yield memory.again
        else:
            for action in _transactions(world, state, rows, number, memory):
                yield action
                yield from _failing(world, faults, action, world.connection.statements)
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


def _failing(world: World, faults: tuple[str, ...], action: Action, statements: int) -> Iterator[Action]:
    """The action just done, with each fate that its transaction, of so many statements, may have."""
    for fate in faults:
        if fate == "statement":
            for at in range(1, statements + 1) if world.scope.every_statement else (statements,):
                yield msgspec.structs.replace(action, fate=fate, at=at, fault=True)
        elif fate in FATES and (fate != "refused" or action.name in {"settles", "names"}):
            yield msgspec.structs.replace(action, fate=fate, fault=True)


def _transactions(world: World, state: State, rows: Rows, number: int, memory: Memory) -> Iterator[Action]:
    if not state.submitted:
        yield Action("submits", number)
        return
    ready_to_name = any(parent.naming == "ready" and not parent.paused for parent in rows.parents.values())
    if ready_to_name and len(memory.starts) < MOST_STARTS:
        yield Action("leases a naming", number)
    for start in memory.starts:
        yield Action("names", number, start.step_id, start.token)
        for how in world.scope.naming:
            yield Action("fails to name", number, start.step_id, start.token, how)
    ready = sum(lane.pending for lane in rows.lanes.values() if lane.ready)
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
    silent = silent_namers(rows, state)
    if (over | silent) - {own}:
        yield Action("expires leases", number)
    if own in over | silent:
        yield Action("extends its leases", number)
    for parent in rows.parents.values():
        if parent.closing is not None and parent.state in OPEN and parent.pending + parent.scheduled:
            yield Action("sweeps", number, parent.id)
    if state.late is not None and any(job.id == state.late.lease.job_id for job in rows.jobs.values()):
        yield Action("settles once more", number, state.late.lease.job_id, state.late.lease.token)


def _stopping(faults: tuple[str, ...], number: int, memory: Memory, state: State) -> Iterator[Action]:
    others = sum(other.alive for other in state.memories) > 1
    if "freeze" in faults and (memory.held or memory.starts):
        yield Action("stands still beyond its leases", number, fault=True)
    if "drain" in faults and others:
        yield Action("stops", number, fault=True)
    if "duplicate" in faults:
        for job in memory.held:
            yield Action("settles", number, job.id, job.token, "complete", fault=True)


def _operating(world: World, state: State, rows: Rows) -> Iterator[Action]:
    able = (each for each, memory in enumerate(state.memories) if memory.alive and memory.again is None)
    number = next(able, None)  # which one is asked makes no difference
    if number is None:
        return
    for job in rows.jobs.values():
        if _is_paused(job, rows):
            yield Action("resumes", number, job.id)
    for operator in (each for each in world.scope.operators if each not in state.operators):
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


def silent_namers(rows: Rows, state: State) -> set[int]:
    """The runtimes that lease a naming, and have not shown for longer than a lease that they live."""
    namers = {parent.naming_owner for parent in rows.parents.values()}
    return {
        owner for owner, shown in rows.owners.items() if owner in namers and shown + LEASE_MS < state.boot
    }
