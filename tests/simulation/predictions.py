"""Predicts from the rows before a commit what it must answer and leave, where it carried out one request alone."""

from typing import TYPE_CHECKING, Any

from actors.job import Attempt, Cancelled, Completed, Failed, Snoozed
from actors.messages import NameChildren, Named, NamingFailed, Refused, Settle, Settled, Submit, Submitted
from tests.simulation.operations import OPERATIONS
from tests.simulation.rows import OPEN, Job, Parent

if TYPE_CHECKING:
    from tests.simulation.judge import Judge

MAX_NAMING_ATTEMPTS = 3


def judge_answers(judge: "Judge", answered: list[tuple[Any, Any]], broken: list[str]) -> None:
    """What became of the commit's one request. Of several each would have found what the others left."""
    if len(answered) != 1:
        return
    ((request, reply),) = answered
    what = f"{request!r:.300}, answered {reply!r:.200}"
    judged = _judge(judge, request, reply)
    broken += [f"{sentence}: {what}" for sentence in judged]


def _judge(judge: "Judge", request: Any, reply: Any) -> list[str]:
    match request:
        case Settle():
            return _settled(judge, request, reply)
        case NameChildren():
            return _named(judge, request, reply)
        case NamingFailed():
            return _not_named(judge, request, reply)
        case Submit():
            return _submitted(judge, request, reply)
    judged = OPERATIONS.get(type(request))
    return [] if judged is None else judged(judge, request, reply)


# -- attempts ----------------------------------------------------------------------------------------------------


def _settled(judge: "Judge", request: Settle, reply: Settled) -> list[str]:
    before, jobs = judge.before.jobs, judge.rows.jobs
    stale = {
        each.lease.job_id
        for each in request.attempts
        if each.lease.job_id not in before or before[each.lease.job_id].token != each.lease.token
    }
    if reply.number != request.number or set(reply.refused) != stale:
        return [f"{sorted(stale)} are to be refused"]
    if stale or len(request.attempts) != 1:
        return []
    (attempt,) = request.attempts
    was, job = before[attempt.lease.job_id], jobs.get(attempt.lease.job_id)
    if job is None:
        return ["the job is gone"]
    if was.state != "running":
        # The same settlement again: nothing is changed by it, but what waits may have been leased.
        return [] if job == was or was.state in OPEN else [f"{was} became {job}"]
    return _attempt(attempt, was, job, judge.before.parents[was.parent_id or 0])


def _attempt(attempt: Attempt, was: Job, job: Job, step: Parent) -> list[str]:
    outcome = attempt.outcome
    stopping = step.closing is not None or was.cancel_reason is not None
    delay, counted = 0, 0
    match outcome:
        case Completed():
            return [] if job.state == "completed" else [f"{job} is to be completed"]
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
    most = page.max_children or was.max_children
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
    if not isinstance(reply, Submitted):
        return ["a submit is answered otherwise"]
    known = judge.before.keys.get(request.submit_key) if request.submit_key else None
    again = known is not None or request.run_id in judge.before.parents
    wanted = set() if again else {request.run_id, *(each.run_id for each in request.linked)}
    run_id = request.run_id if known is None else known[0]
    if new != wanted or reply.run_id != run_id or reply.created == again:
        return [f"it is to answer run {run_id} and to make {sorted(wanted)}, made were {sorted(new)}"]
    return []
