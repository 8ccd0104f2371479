"""How an action is done: the real committer carries out the request that a runtime would send."""

from typing import Any

import msgspec

from actors.job import (
    Attempt,
    AttemptError,
    Cancelled,
    Completed,
    Failed,
    Interrupted,
    LeasedJob,
    Outcome,
    Page,
    Snoozed,
    StepStart,
)
from actors.messages import (
    CancelJob,
    ExtendLeases,
    GiveBack,
    NameChildren,
    NamingFailed,
    PauseJob,
    ResumeJob,
    RetryJob,
    Settle,
    Submit,
)
from runtime.store.commit import Commit, Demand
from runtime.store.failure import StoreUnavailableError
from runtime.store.transaction import Transaction
from runtime.store.verbs.own import heartbeat, leave
from runtime.store.verbs.recover import bury_owner, expire_leases
from runtime.store.verbs.wake import wake_due
from tests.exhaustive.actions import SPAWNED, Action
from tests.exhaustive.scope import ACTION, TYPE
from tests.exhaustive.world import DELAY_MS, LEASE_MS, Memory, State, World

BROKEN = AttemptError("ValueError", "broken")

OUTCOMES: dict[str, Outcome] = {
    "fail": Failed(BROKEN, retry_in_ms=DELAY_MS),
    "fail at once": Failed(BROKEN),
    "fail for good": Failed(BROKEN, permanent=True),
    "spawn and fail": Failed(BROKEN),
    "snooze": Snoozed(DELAY_MS),
    "give up": Cancelled("no"),
    "give back": Interrupted(),
}
OPERATED: dict[str, Any] = {
    "cancels": CancelJob,
    "pauses": PauseJob,
    "resumes": ResumeJob,
    "retries": RetryJob,
}


def act(world: World, state: State, action: Action) -> State:
    """Do it; returns the state with what the runtimes remember afterwards."""
    world.recall(state)
    number, memory = action.runtime, state.memories[action.runtime]
    if action.fault:
        state = msgspec.structs.replace(state, faults=0)
    world.connection.meet(action.fate, action.at)
    match action.name:
        case "is killed":
            return _with(state, number, Memory(alive=False))
        case "loses its checksum" | "loses its lane":
            lost = "crc = crc + 1" if "checksum" in action.name else "lane_id = NULL"
            world.raw.execute(f"UPDATE job SET {lost} WHERE id = ?", (action.target,))
            return msgspec.structs.replace(state, damaged=action.target if "checksum" in action.name else 0)
        case "stands still beyond its leases":
            return _frozen(world, state, number)
        case "wakes what is due":
            state = msgspec.structs.replace(state, wall=state.wall + DELAY_MS)
            world.recall(state)
    try:
        done = _commit(world, state, memory, action)
    except StoreUnavailableError:
        committer = world.committers[number]
        told = msgspec.structs.replace(memory, doubt=committer._doubt, token=committer._token)
        if action.fate == "full":  # it may be asked again, or not
            return _with(state, number, told)
        again = msgspec.structs.replace(action, fate="", fault=False)
        told = msgspec.structs.replace(told, again=again)
        return _with(msgspec.structs.replace(state, submitted=True), number, told)
    return _told(world, state, action, done)


def _told(world: World, state: State, action: Action, done: Commit) -> State:
    """The runtime hears what its transaction did."""
    number, memory = action.runtime, state.memories[action.runtime]
    held, starts = (*memory.held, *done.jobs), (*memory.starts, *done.starts)
    match action.name:
        case "settles":
            held = tuple(job for job in held if (job.id, job.token) != (action.target, action.token))
            if action.fault and not action.fate:
                state = msgspec.structs.replace(state, late=_attempt(memory, action))
        case "settles all":
            held = tuple(done.jobs)
        case "names" | "fails to name":
            starts = tuple(start for start in starts if start.token != action.token)
        case "settles once more":
            state = msgspec.structs.replace(state, late=None)
        case "stops":
            return _with(state, number, Memory(alive=False))
        case "submits":
            state = msgspec.structs.replace(state, submitted=True)
    if action.how in world.scope.operators:
        state = msgspec.structs.replace(state, operators=state.operators | {action.how})
    committer = world.committers[number]
    heard = Memory(True, held, starts, None, committer._doubt, committer._token)
    return _with(state, number, heard)


def _with(state: State, number: int, memory: Memory) -> State:
    memories = list(state.memories)
    memories[number] = memory
    return msgspec.structs.replace(state, memories=tuple(memories))


def _frozen(world: World, state: State, number: int) -> State:
    """Time goes on; the others keep what they hold meanwhile."""
    state = msgspec.structs.replace(state, boot=state.boot + LEASE_MS + 1)
    world.recall(state)
    for other, memory in enumerate(state.memories):
        if other != number and memory.alive:
            ids = tuple(job.id for job in memory.held)
            world.committers[other].commit((ExtendLeases(ids),), before=(heartbeat,))
    return state


def _commit(world: World, state: State, memory: Memory, action: Action) -> Commit:
    request: Any = None
    demand: Demand | None = None
    chores: tuple[Any, ...] = ()
    sweep: tuple[int, ...] = ()
    match action.name:
        case "leases":
            free = {TYPE: 1 if action.how == "one" else 100}
            demand = Demand(free=free, ready={TYPE}, actions=(ACTION,))
        case "leases a naming":
            demand = Demand(starts=1, starts_ready=True, actions=(ACTION,))
            chores = (heartbeat,)  # one that stood still has shown before that it lives
        case "wakes what is due":
            chores = (wake_due,)
        case "buries":
            chores = (lambda transaction: _bury(world, state, transaction),)
        case "expires leases":
            chores = (heartbeat, expire_leases)
        case "extends its leases":
            chores = (heartbeat,)
            request = ExtendLeases(tuple(job.id for job in memory.held))
        case "stops":
            request = GiveBack(None, "it stops")
        case "sweeps":
            sweep = (action.target,)
        case _:
            request = _request(world, state, memory, action)
    commits = world.committers[action.runtime].commit(
        () if request is None else (request,), demand, sweep=sweep, before=chores
    )
    singly = action.fate in {"statement", "refused"} or "damage" in world.scope.faults
    assert len(commits) == 1 or singly, f"{action} failed on its own data"
    if action.name == "stops":
        world.committers[action.runtime].commit(
            (), before=(lambda each: leave(each.connection, each.context.owner),)
        )
    return Commit(
        jobs=[job for done in commits for job in done.jobs],
        starts=[start for done in commits for start in done.starts],
    )


def _bury(world: World, state: State, transaction: Transaction) -> None:
    for number, memory in enumerate(state.memories):
        if not memory.alive:
            bury_owner(transaction, world.owners[number])


def _request(world: World, state: State, memory: Memory, action: Action) -> Any:
    match action.name:
        case "submits":
            return submission(world)
        case "names":
            start = _start(memory, action)
            return NameChildren(start, page_of(world, start))
        case "fails to name":
            return NamingFailed(
                _start(memory, action), BROKEN, permanent=action.how == "for good", retry_in_ms=0
            )
        case "settles":
            return Settle(1, (_attempt(memory, action),))
        case "settles all":
            return Settle(1, tuple(Attempt(job.lease, job.step_id, _success(job)) for job in memory.held))
        case "settles once more":
            assert state.late is not None
            return Settle(1, (state.late,))
    return OPERATED[action.name](action.target)


def submission(world: World) -> Submit:
    """The one request for a run; repeated, it is the same."""
    first = 1 << 40
    steps = tuple(first + 1 + each for each in range(len(world.scope.steps)))
    return Submit(world.scope.definition, first, steps, "key")


def page_of(world: World, start: StepStart) -> Page:
    """What the manager names by this start."""
    pages = world.scope.pages.get(start.step.name, ())
    place = int(start.cursor or 0)
    return pages[place] if place < len(pages) else Page()


def _start(memory: Memory, action: Action) -> StepStart:
    return next(start for start in memory.starts if start.token == action.token)


def _attempt(memory: Memory, action: Action) -> Attempt:
    job = next(job for job in memory.held if (job.id, job.token) == (action.target, action.token))
    if action.how in OUTCOMES:
        return Attempt(job.lease, job.step_id, OUTCOMES[action.how], SPAWNED.get(action.how, ()))
    return Attempt(job.lease, job.step_id, _success(job), SPAWNED.get(action.how, ()))


def _success(job: LeasedJob) -> Completed:
    return Completed(f'"attempt {job.attempt}"')
