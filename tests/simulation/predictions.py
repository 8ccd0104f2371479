"""Predicts from the rows before a commit what it must answer and leave, where it carried out one request alone."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from actors.job import Attempt, Cancelled, Completed, Failed, Snoozed
from actors.messages import (
    ExtendLeases,
    KeyTaken,
    NameChildren,
    Named,
    NamingFailed,
    Refused,
    Settle,
    Settled,
    StagePage,
    Submit,
    Submitted,
)
from tests.simulation.operations import OPERATIONS
from tests.simulation.rows import OPEN, Job, Parent
from tests.simulation.tasks import AS_PLANNED, in_order

if TYPE_CHECKING:
    from tests.simulation.judge import Judge

MAX_NAMING_ATTEMPTS = 3
_APART = (Settle, NameChildren, NamingFailed, Submit, StagePage, ExtendLeases)


def judge_answers(judge: "Judge", answered: list[tuple[Any, Any]], broken: list[str]) -> None:
    """What became of the commit's one request. Of several each would have found what the others left.

    But attempts leave each other alone: among requests that begin or end work each is judged, unless its step closed.
    """
    if len(answered) == 1:
        ((request, reply),) = answered
        what = f"{request!r:.300}, answered {reply!r:.200}"
        broken += [f"{sentence}: {what}" for sentence in _judge(judge, request, reply)]
    elif all(isinstance(request, _APART) for request, _ in answered):
        times = Counter(
            each.lease.job_id
            for request, _ in answered
            if isinstance(request, Settle)
            for each in request.attempts
        )
        for request, reply in answered:
            if isinstance(request, Settle) and all(
                times[each.lease.job_id] == 1 for each in request.attempts
            ):
                what = f"{request!r:.300} among others, answered {reply!r:.200}"
                broken += [f"{sentence}: {what}" for sentence in _settled(judge, request, reply, alone=False)]


def _judge(judge: "Judge", request: Any, reply: Any) -> list[str]:
    match request:
        case Settle():
            return _settled(judge, request, reply, alone=True)
        case NameChildren():
            return _named(judge, request, reply)
        case NamingFailed():
            return _not_named(judge, request, reply)
        case Submit():
            return _submitted(judge, request, reply)
    judged = OPERATIONS.get(type(request))
    return [] if judged is None else judged(judge, request, reply)


# -- attempts ----------------------------------------------------------------------------------------------------


def _settled(judge: "Judge", request: Settle, reply: Settled, *, alone: bool) -> list[str]:
    before, jobs = judge.before.jobs, judge.rows.jobs
    stale = {
        each.lease.job_id
        for each in request.attempts
        if each.lease.job_id not in before or before[each.lease.job_id].token != each.lease.token
    }
    if reply.number != request.number or set(reply.refused) != stale:
        return [f"{sorted(stale)} are to be refused"]
    if stale:
        judge.world.met("attempt_refused")
    broken: list[str] = []
    for attempt in request.attempts:
        if attempt.lease.job_id not in stale:
            was, job = before[attempt.lease.job_id], jobs.get(attempt.lease.job_id)
            _judge_attempt(judge, attempt, was, job, broken, alone=alone and len(request.attempts) == 1)
    return broken


def _judge_attempt(
    judge: "Judge", attempt: Attempt, was: Job, job: Job | None, broken: list[str], *, alone: bool
) -> None:
    step = judge.before.parents[was.parent_id or 0]
    if job is None:
        broken.append(f"{was} is gone")
    elif was.state != "running":
        # The same settlement again: nothing is changed by it, but what waits may have been leased.
        if job != was and was.state not in OPEN:
            broken.append(f"{was} became {job}")
    elif isinstance(attempt.outcome, Completed):
        if job.state != "completed":
            broken.append(f"{job} is to be completed")
    elif alone or judge.rows.parents[step.id].closing == step.closing:
        broken += _attempt(attempt, was, job, step)
        broken += _kept(judge, attempt, was, step)


def _attempt(attempt: Attempt, was: Job, job: Job, step: Parent) -> list[str]:
    outcome = attempt.outcome
    stopping = step.closing is not None or was.cancel_reason is not None
    delay, counted = 0, 0
    match outcome:
        case Cancelled():
            return [] if job.state == "cancelled" else [f"{job} is to be cancelled"]
        case Failed():
            delay, counted = outcome.retry_in_ms, 1
            if outcome.permanent or was.attempt >= was.max_attempts or stopping:
                cancelled = step.closing == "cancel" or was.cancel_reason is not None
                state = "cancelled" if cancelled else "failed"
                return [] if job.state == state else [f"{job} is to be {state}"]
        case Snoozed():
            delay = outcome.delay_ms
    if stopping:
        return [] if job.state == "cancelled" else [f"{job} is not to run again"]
    states = {"scheduled"} if delay else {"pending", "running"}
    attempts = was.attempt - 1 + counted + (job.state == "running")
    fine = job.state in states and job.attempt == attempts and job.epoch == was.epoch
    return [] if fine else [f"{job} is to run again, as attempt {attempts + (job.state != 'running')}"]


def _kept(judge: "Judge", attempt: Attempt, was: Job, step: Parent) -> list[str]:
    """What a body spawned to be kept is told of if it fails by itself, and is there unless nothing may be made."""
    if not isinstance(attempt.outcome, Failed):
        return []
    told = {child.unique_key for child in attempt.children}
    declared = in_order(judge.world.declared.get((was.id, was.token), ()), was.id)
    kept = {key for task, key in declared if task.kept}
    if attempt.outcome.error.message == AS_PLANNED and told != kept:
        return [f"{kept} are to be made although it failed"]
    if step.closing is not None or step.max_children or was.cancel_reason is not None:
        return []
    there = {job.unique_key for job in judge.every.values() if job.parent_id == step.id}
    if told:
        judge.world.met("kept_children")
    return [] if told <= there else [f"{told - there} are not there"]


# -- namings -----------------------------------------------------------------------------------------------------


def _held(judge: "Judge", request: NameChildren | NamingFailed) -> Parent | None:
    step = judge.before.parents.get(request.start.step_id)
    if step is None or step.naming != "leased" or step.token != request.start.token or step.state not in OPEN:
        return None
    return step


def _named(judge: "Judge", request: NameChildren, reply: Any) -> list[str]:
    was, step = _held(judge, request), judge.rows.parents.get(request.start.step_id)
    if not isinstance(reply, Named) or reply.accepted != (was is not None):
        return ["it is to be accepted exactly if its lease holds"]
    if was is None or step is None:
        before = judge.before.parents.get(request.start.step_id)
        return (
            [] if before is None or step is None or step.total == before.total else ["a stale page was named"]
        )
    page = request.page
    wanted = page.children
    if page.stored is not None:
        return [] if step.named == (page.next_cursor is None) else ["it has more pages"]
    known = {job.unique_key for job in judge.before.jobs.values() if job.parent_id == step.id}
    keys = {child.unique_key for child in wanted if child.unique_key is not None} - known
    number = len(keys) + sum(child.unique_key is None for child in wanted)
    most = max(page.max_children, was.max_children)
    number = min(number, most - was.total) if most else number
    full = bool(most) and was.total + number >= most
    cursor = None if full else page.next_cursor
    if reply.inserted != number or step.total != was.total + number:
        return [f"{number} children are to be made, there were {was.total} and are {step.total}"]
    if step.cursor != cursor or step.named != (cursor is None):
        return [f"the next page is to begin at {cursor}, {step} begins at {step.cursor}"]
    return []


def _not_named(judge: "Judge", request: NamingFailed, reply: Any) -> list[str]:
    was, step = _held(judge, request), judge.rows.parents.get(request.start.step_id)
    if not isinstance(reply, Named) or reply.accepted != (was is not None):
        return ["it is to be accepted exactly if its lease holds"]
    if was is None or step is None:
        return []
    if request.permanent or was.naming_attempt >= MAX_NAMING_ATTEMPTS:
        return [] if step.closing == "failed" else [f"{step} is to close"]
    again = step.naming == "ready" and step.naming_attempt == was.naming_attempt and step.closing is None
    later = step.naming_at == judge.world.clock.wall_ms() + request.retry_in_ms
    return [] if later and (again or step.naming == "leased") else [f"{step} is to be named later"]


# -- submits -----------------------------------------------------------------------------------------------------


def _submitted(judge: "Judge", request: Submit, reply: Any) -> list[str]:
    new = {job.id for job in judge.rows.jobs.values() if job.kind == "run"} - judge.before.jobs.keys()
    if isinstance(reply, Refused):
        return ["a refused submit made a run"] if new else []
    known = judge.before.keys.get(request.submit_key) if request.submit_key else None
    if known is not None and known[0] != request.run_id and _is_of_another(judge, request):
        judge.world.met("key_of_another")
        told = isinstance(reply, KeyTaken) and reply.run_id == known[0]
        kept = judge.rows.keys == judge.before.keys and judge.rows.requests == judge.before.requests
        clean = not new and request.run_id not in judge.rows.staged
        return (
            [] if told and kept and clean else [f"the key is run {known[0]}'s: nothing is to be made or left"]
        )
    if not isinstance(reply, Submitted):
        return ["a submit is answered otherwise"]
    again = known is not None or request.run_id in judge.before.parents
    wanted = set() if again else {request.run_id, *(each.run_id for each in request.linked)}
    run_id = request.run_id if known is None else known[0]
    if new != wanted or reply.run_id != run_id or reply.created == again:
        return [f"it is to answer run {run_id} and to make {sorted(wanted)}, made were {sorted(new)}"]
    return [] if again else _linked(judge, request)


def _is_of_another(judge: "Judge", request: Submit) -> bool:
    """Whether the key came with another request before."""
    return judge.before.requests[request.submit_key or ""] != request.fingerprint


def _linked(judge: "Judge", request: Submit) -> list[str]:
    """Each step waits for those it names, and all steps of a run for the runs that it is to wait for."""
    rows = judge.rows
    wanted = {(wait.run_id, wait.needs_id, wait.role.value) for wait in request.waits}
    made = {request.run_id, *(each.run_id for each in request.linked)}
    steps = [parent for parent in rows.parents.values() if parent.kind == "step" and parent.run_id in made]
    for step in steps:
        runs = {
            (step.run_id, needs_id, role) for needs_id, role in rows.needs.get(step.id, ()) if role != "step"
        }
        if runs != {each for each in wanted if each[0] == step.run_id}:
            return [f"{step} is to wait for {wanted}, it waits for {runs}"]
    return []
