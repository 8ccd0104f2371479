"""What must hold after every action, by the rows before it, the rows after it, and the events between."""

from typing import Any

import msgspec

from actors.job import Closing, JobKind, JobState
from actors.states import CLOSED_BY, LEGAL, MOVES, REOPENINGS, Cause, Move, Transition
from tests.exhaustive.actions import Action, is_over
from tests.exhaustive.effect import Done, judge_chore, judge_effect
from tests.exhaustive.world import Rows, State, World
from tests.simulation.rows import OPEN, Job
from tests.store.oracle import RULES

_COUNTED = ("scheduled", "pending", "running", "completed", "failed", "cancelled")
_BROKEN_RULES = " UNION ALL ".join(
    f"SELECT '{rule.replace(chr(39), chr(39) * 2)}' WHERE EXISTS ({text})" for rule, text in RULES.items()
)
_EVENTS = "SELECT batch FROM event_batch ORDER BY first_seq"


class Violation(AssertionError):  # noqa: N818 (it is what was found, not what went wrong with it)
    """Something does not hold."""


def judge(
    world: World, state: State, before: Rows, action: Action, rows: Rows
) -> tuple[set[Transition], set[Move]]:
    """Judge the action; returns the transitions that it brought about, and the lines of the table for them.

    Of jobs the lines are those of new rows only; which statements moved the others the connection has seen.

    Raises:
        Violation: a promise is broken.
    """
    done = Done(world, state, before, action, rows)
    batches = world.raw.execute(_EVENTS).fetchall()
    broken: list[str] = []
    if batches or rows != before:  # else the rules hold as they did
        broken += [rule for (rule,) in world.raw.execute(_BROKEN_RULES)]
    seen, lines = _follow(batches, before, rows, broken)
    for job in rows.jobs.values():
        was = before.jobs.get(job.id)
        if was is not None and was != job and job.kind == "job":
            _judge_change(done, was, job, broken)
    _judge_counts(rows, broken)
    judge_effect(done, broken)
    judge_chore(done, broken)
    if broken:
        raise Violation("; ".join(broken))
    return seen, lines


def _follow(
    batches: list[tuple[bytes]], before: Rows, rows: Rows, broken: list[str]
) -> tuple[set[Transition], set[Move]]:
    """The events of the action lead from the old states to the new ones, along the table."""
    states: dict[int, str] = {job.id: job.state for job in before.jobs.values()}
    seen: set[Transition] = set()
    lines: set[Move] = set()
    reopened: set[int] = set()
    for (batch,) in batches:
        for event_type, _, ids, data in msgspec.msgpack.decode(batch):
            if event_type == "job_reopened":
                reopened.update(ids)
            if event_type != "job_status_change":
                continue
            for job_id in ids:
                job, old = rows.jobs[job_id], states.get(job_id)
                transition = (
                    JobKind(job.kind),
                    None if old is None else JobState(old),
                    JobState(data["state"]),
                )
                states[job_id] = data["state"]
                seen.add(transition)
                if transition not in (REOPENINGS if job_id in reopened else LEGAL):
                    broken.append(f"{job.kind} went from {old} to {data['state']}")
                elif cause := _cause(rows, job, transition, reopened=job_id in reopened):
                    lines.add(move := MOVES[transition[0], cause])
                    if transition not in move.transitions:
                        broken.append(f"{job.kind} went from {old} to {data['state']} because {cause}")
                reopened.discard(job_id)
                _judge_start(before, job, data["state"], broken)
    if states != {job.id: job.state for job in rows.jobs.values()}:
        broken.append("a state changed without its event, or an event tells of no change")
    return seen, lines


def _cause(rows: Rows, job: Job, transition: Transition, *, reopened: bool) -> Cause | None:
    """Why a run or step went that way, by its row; of a job only why it was made."""
    kind, old, new = transition
    if kind is JobKind.JOB:
        return None if old else Cause.DELAYED if new is JobState.SCHEDULED else Cause.NAMED
    if reopened or old is None:
        return Cause.REOPENED if reopened else Cause.SUBMITTED
    if new is JobState.RUNNING:
        return Cause.BEGUN
    parent = rows.parents[job.id]
    if parent.closing is not None:
        never = new is JobState.CANCELLED and parent.closing != Closing.CANCEL
        return Cause.NEVER_BEGUN if never else CLOSED_BY[Closing(parent.closing)]
    return Cause.SKIPPED if (parent.reason or "").startswith("skipped") else _BY_CHILDREN[new]


_BY_CHILDREN = {
    JobState.COMPLETED: Cause.ALL_COMPLETED,
    JobState.COMPLETED_WITH_FAILURES: Cause.SOME_FAILED,
    JobState.FAILED: Cause.NONE_COMPLETED,
    JobState.CANCELLED: Cause.ALL_CANCELLED,
}


def _judge_start(before: Rows, job: Job, state: str, broken: list[str]) -> None:
    """Below a step that was closing, paused or waiting before the action nothing begins."""
    parent = before.parents.get(job.parent_id or 0)
    if parent is None or job.kind != "job" or state != "running":
        return
    if parent.closing is not None or parent.paused or parent.waiting:
        broken.append(f"a job was leased below {parent}")
    was = before.jobs.get(job.id)
    if was is not None and (was.lane_id or 0) < 0:
        broken.append("a paused job was leased")


def _judge_change(done: Done, was: Job, job: Job, broken: list[str]) -> None:
    world, state, before, action = done.world, done.state, done.before, done.action
    own = world.owners[action.runtime]
    if job.token < was.token:
        broken.append(f"the token of {job} fell from {was.token}")
    if job.owner is not None and (job.owner, job.token) != (was.owner, was.token) and job.token <= was.token:
        broken.append(f"{job} was leased again under {was.token}")
    if job.state == "running" and was.state != "running" and job.attempt != was.attempt + 1:
        broken.append(f"{job}: its attempt was not counted when it was leased")
    if (
        was.state == "running"
        and job.state == "pending"
        and job.lost > was.lost
        and job.attempt >= was.attempt
    ):
        broken.append(f"{job}: the attempt that was lost was used up")
    if was.owner not in {None, own} and (job.owner, job.token, job.state) != (
        was.owner,
        was.token,
        was.state,
    ):
        alive = state.memories[world.owners.index(was.owner or 0)].alive
        settled = action.name == "settles once more" and action.token == was.token
        if alive and not settled and not is_over(was, state):
            broken.append(f"{job} was taken from a runtime that holds it")
    parent = before.parents.get(job.parent_id or 0)
    if (
        parent is not None
        and parent.closing
        and was.state == "running"
        and job.state in {"pending", "scheduled"}
    ):
        broken.append(f"{job} was put back below a closing step")


def _judge_counts(rows: Rows, broken: list[str]) -> None:
    for parent in rows.parents.values():
        if parent.kind == "step":
            states = [job.state for job in rows.jobs.values() if job.parent_id == parent.id]
            counted = tuple(states.count(state) for state in _COUNTED)
            if counted != parent[5:11]:
                broken.append(f"{parent} counts what the rows do not say: {counted}")


def judge_the_end(rows: Rows) -> list[str]:
    """What is wrong with a store in which everything has ended; it was judged as any other before."""
    broken: list[str] = []
    if any(parent.naming != "idle" for parent in rows.parents.values()):
        broken.append("a naming is left")
    if any(lane.pending or lane.ready for lane in rows.lanes.values()):
        broken.append("a lane waits")
    if any(job.owner is not None for job in rows.jobs.values()):
        broken.append("a lease is left")
    for parent in rows.parents.values():
        states = [job.state for job in rows.jobs.values() if job.parent_id == parent.id]
        if parent.state not in _ends(parent.kind, parent.closing, states):
            broken.append(f"{parent} has ended otherwise than its children: {states}")
    return broken


def _ends(kind: str, closing: str | None, states: list[str]) -> set[str]:
    if closing == "cancel":
        return {"cancelled"}
    if closing is not None:
        return {"failed", "cancelled"} if kind == "step" else {"failed"}
    if kind == "run":
        ran = set(states) - {"cancelled"}
        if set(states) <= {"completed"}:
            return {"completed"}
        return {"cancelled"} if not ran else {"failed"} if ran == {"failed"} else {"completed_with_failures"}
    if "failed" in states:
        return {"completed_with_failures"} if "completed" in states else {"failed"}
    return {"completed"} if not states or "completed" in states else {"cancelled"}


def open_ones(rows: Rows) -> list[Any]:
    """What has not ended."""
    return [job for job in rows.jobs.values() if job.state in OPEN]
