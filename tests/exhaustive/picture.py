"""When two states are the same: nothing that may follow, and nothing that is judged of it, tells them apart.

What is left out, and why nothing depends on it:

- Ids and tokens. A token is compared with the one in its row, or with the last one that was answered, never with those
  of other rows: a lease is held or was lost.
- Times. Of each is kept whether it has come, of time limits how many waits they are away.
- Which runtime it is: the runtimes are alike, so each is told by what it remembers and holds, and these are sorted.
- Which of its siblings a job is, once it has ended for good: completed, or no retry can follow. Before that the order
  of the jobs of a step is the one in which they are leased.
- What an ended step, run or job was, as far as only a retry would look at it and none can follow.
- Results and reasons, but for the one that marks a step as skipped.

``tests/exhaustive/test_picture.py`` tries this out: states that are the same here lead to the same states.
"""

from collections.abc import Mapping
from typing import Any

from tests.exhaustive.actions import silent_namers
from tests.exhaustive.scope import Scope
from tests.exhaustive.world import DELAY_MS, Rows, State, World
from tests.simulation.rows import OPEN, Job, Parent

Picture = tuple[Any, ...]
Names = Mapping[int, Any]


def picture_of(world: World, state: State, rows: Rows) -> Picture:
    """The state, as far as anything that follows depends on it."""
    retriable = can_be_retried(world.scope, state)
    ended = bool(rows.parents) and all(parent.state not in OPEN for parent in rows.parents.values())
    over = ended and not retriable
    places = {parent_id: place for place, parent_id in enumerate(rows.parents)}
    jobs, names = _jobs_seen(state, rows, places, retriable=retriable, over=over)
    live = [lane for lane in rows.lanes.values() if retriable or rows.parents[lane.parent_id].state in OPEN]
    turns = sorted({lane.served for lane in live})
    late = state.late
    return (
        jobs,
        ("over",)
        if over
        else tuple(_parent_seen(state, rows, each, retriable=retriable) for each in rows.parents),
        ()
        if over
        else tuple(
            (places[lane.parent_id], lane.pending, lane.ready, turns.index(lane.served)) for lane in live
        ),
        tuple(
            sorted(_runtime_seen(world, state, rows, names, number) for number in range(len(world.owners)))
        ),
        state.faults,
        () if over else tuple(sorted(state.operators)),
        state.submitted,
        late is not None and _lease_seen(rows, names, late.lease.job_id, late.lease.token),
    )


def like_others(world: World, state: State, rows: Rows) -> set[int]:
    """The runtimes of which there is another just like it: whatever they may do, that one may do as well."""
    names = {number: number for number in rows.jobs}
    seen = [_runtime_seen(world, state, rows, names, number) for number in range(len(world.owners))]
    return {number for number, each in enumerate(seen) if each in seen[:number]}


def can_be_retried(scope: Scope, state: State) -> bool:
    """Whether an operator may still open again what has ended."""
    return any(each.startswith("retry") for each in scope.operators if each not in state.operators)


def _jobs_seen(
    state: State, rows: Rows, places: Mapping[int, int], *, retriable: bool, over: bool
) -> tuple[Picture, Names]:
    """The jobs, those that may still be leased in the order of that; and what each is called here."""
    going: list[Job] = []
    names: dict[int, Any] = dict(places)
    gone: list[tuple[str, ...]] = []
    for job in rows.jobs.values():
        if job.kind != "job":
            continue
        if job.state in OPEN or (retriable and job.state != "completed"):
            going.append(job)
            continue
        place = str(places[job.parent_id or 0])
        names[job.id] = (place, job.state) if over else (place, job.state, job.unique_key or "")
        gone.append(names[job.id])
    going.sort(key=lambda job: (places[job.parent_id or 0], job.priority, job.depth, job.id))
    for number, job in enumerate(going):
        names[job.id] = ("", str(number))
    seen = tuple((places[job.parent_id or 0], *_job_seen(state, job)) for job in going)
    return (seen, tuple(sorted(gone))), names


def _job_seen(state: State, job: Job) -> Picture:
    if job.state not in OPEN:
        return (job.state, job.lane_id is None, job.depth, job.unique_key, job.id == state.damaged)
    return (
        job.state,
        job.attempt,
        job.lost,
        job.max_attempts,
        None if job.lane_id is None else job.lane_id < 0,
        job.depth,
        job.unique_key,
        job.lease_expires is not None and job.lease_expires < state.boot,
        job.not_before is not None and job.not_before <= state.wall,
        job.cancel_reason is not None,
        job.id == state.damaged,
    )


def _parent_seen(state: State, rows: Rows, parent_id: int, *, retriable: bool) -> Picture:
    parent = rows.parents[parent_id]
    if parent.state not in OPEN and not retriable:
        return (parent.state,)
    skipped = (parent.reason or "").startswith("skipped")
    lasting = (
        parent.state,
        parent.closing,
        parent.waiting,
        parent.named,
        parent.cursor,
        skipped,
        rows.jobs[parent_id].epoch > 0,
        _rank(rows, parent, retriable=retriable),
    )
    if parent.state not in OPEN:
        return lasting
    waits = None if parent.deadline is None else max(-1, (parent.deadline - state.wall - 1) // DELAY_MS)
    return (
        *lasting,
        parent.naming,
        parent.naming_attempt,
        parent.paused,
        waits,
        parent.warned,
    )


def _rank(rows: Rows, parent: Parent, *, retriable: bool) -> int:
    """How many other steps are asked for a page before it."""
    steps = (row for row in rows.parents.values() if row.kind == "step" and (retriable or row.state in OPEN))
    return sum(row.served < parent.served for row in steps) if parent.kind == "step" else 0


def _runtime_seen(world: World, state: State, rows: Rows, names: Names, number: int) -> Picture:
    """What a runtime remembers and what the rows say of it, without its number."""
    memory, owner = state.memories[number], world.owners[number]
    doubt = memory.doubt
    held = [
        (names[job.id], doubt is not None and job.token > doubt)
        for job in rows.jobs.values()
        if job.owner == owner
    ]
    namings = [
        (names[parent.id], doubt is not None and parent.token > doubt)
        for parent in rows.parents.values()
        if parent.naming_owner == owner
    ]
    again = memory.again
    return (
        memory.alive,
        owner in rows.owners,
        owner in silent_namers(rows, state),
        tuple(sorted(_lease_seen(rows, names, job.id, job.token) for job in memory.held)),
        tuple(sorted(_start_seen(rows, names, start.step_id, start.token) for start in memory.starts)),
        ""
        if again is None
        else repr((again.name, again.how, again.target and _aim(rows, names, again.target, again.token))),
        doubt is not None,
        tuple(sorted(held)),
        tuple(sorted(namings)),
    )


def _lease_seen(rows: Rows, names: Names, job_id: int, token: int) -> Picture:
    return (names[job_id], rows.jobs[job_id].token == token)


def _start_seen(rows: Rows, names: Names, step_id: int, token: int) -> Picture:
    parent = rows.parents[step_id]
    return (names[step_id], parent.naming == "leased" and parent.token == token)


def _aim(rows: Rows, names: Names, target: int, token: int) -> Picture:
    if target in rows.parents:
        return _start_seen(rows, names, target, token)
    return _lease_seen(rows, names, target, token)
