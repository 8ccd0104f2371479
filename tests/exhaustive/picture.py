"""When two states are the same: their rows and memories agree but for ids, tokens and times, which only grow.

Ids, tokens and turns stand for their order, times for whether they have come; the two runtimes are alike, so that of
a state and its mirror image one is looked at.
"""

from bisect import bisect_left
from itertools import permutations
from typing import Any

from tests.exhaustive.world import Job, Memory, Parent, Rows, State, World

Picture = tuple[Any, ...]


def picture_of(world: World, state: State, rows: Rows) -> Picture:
    """The state, as far as anything that follows depends on it."""
    numbers = range(len(world.owners))
    return min((_seen(world, state, rows, order) for order in permutations(numbers)), key=repr)


def _seen(world: World, state: State, rows: Rows, order: tuple[int, ...]) -> Picture:
    places = {job_id: place for place, job_id in enumerate(rows.jobs)}
    names: dict[int | None, int] = {world.owners[number]: name for name, number in enumerate(order)}
    tokens = sorted(
        {job.token for job in rows.jobs.values()}
        | {parent.token for parent in rows.parents.values()}
        | {job.token for memory in state.memories for job in memory.held}
        | {start.token for memory in state.memories for start in memory.starts}
        | ({state.late.lease.token} if state.late else set())
    )
    turns = sorted({parent.served for parent in rows.parents.values()})
    lane_turns = sorted({lane[4] for lane in rows.lanes})

    def job_seen(job: Job) -> Picture:
        return (
            places.get(job.parent_id or 0),
            job.state,
            job.attempt,
            job.max_attempts,
            job.lost,
            job.epoch,
            None if job.lane_id is None else job.lane_id < 0,
            places.get(job.spawned_by or 0),
            job.unique_key,
            names.get(job.owner),
            tokens.index(job.token),
            job.lease_expires is not None and job.lease_expires < state.boot,
            job.not_before is not None and job.not_before <= state.wall,
            job.cancel_reason is not None,
            job.result,
        )

    def parent_seen(parent: Parent) -> Picture:
        return (
            parent.state,
            parent.total,
            parent.waiting,
            parent.named,
            parent.cursor,
            parent.naming,
            names.get(parent.naming_owner),
            parent.naming_attempt,
            tokens.index(parent.token),
            turns.index(parent.served),
            parent.closing,
            (parent.reason or "")[:7],
            parent.paused,
            parent.deadline is None,
            parent.warned,
        )

    def memory_seen(memory: Memory) -> Picture:
        return (
            memory.alive,
            tuple(sorted((places[job.id], tokens.index(job.token), job.attempt) for job in memory.held)),
            tuple(
                sorted(
                    (places[each.step_id], tokens.index(each.token), each.cursor or "")
                    for each in memory.starts
                )
            ),
            repr(memory.again) if memory.again is not None else "",
            None if memory.doubt is None else bisect_left(tokens, memory.doubt + 1),
        )

    late = state.late
    return (
        tuple(job_seen(job) for job in rows.jobs.values()),
        tuple(parent_seen(parent) for parent in rows.parents.values()),
        tuple((places[lane[1]], lane[2], lane[3], lane_turns.index(lane[4])) for lane in rows.lanes),
        tuple(sorted(names[owner] for owner in rows.owners)),
        tuple(memory_seen(state.memories[number]) for number in order),
        state.faults,
        tuple(sorted(state.operators)),
        state.submitted,
        places.get(state.damaged),
        None
        if late is None
        else (places[late.lease.job_id], tokens.index(late.lease.token), repr(late.outcome)),
    )
