"""Predicts from the rows what an operator's request must be answered and leave. See ``predictions``."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from actors.messages import (
    CancelAcknowledged,
    CancelJob,
    DeleteAcknowledged,
    DeleteJob,
    PauseAcknowledged,
    PauseJob,
    PauseSchedule,
    PauseType,
    Refused,
    RerunJob,
    ResumeJob,
    ResumeSchedule,
    ResumeType,
    RetryAcknowledged,
    RetryJob,
    ScheduleRuns,
    Submitted,
    TypePauseAcknowledged,
    Unschedule,
)
from tests.simulation.rows import OPEN, UNDONE, Job, Rows

if TYPE_CHECKING:
    from tests.simulation.judge import Judge

Judged = Callable[["Judge", Any, Any], list[str]]


def _known(judge: "Judge", job_id: int) -> Job | None:
    """The job as it was before, unless it was deleted."""
    job, timeline = judge.before.jobs.get(job_id), judge.timeline
    if job is None:
        return None
    deletions = [timeline.deleted.get(each) for each in (job_id, *timeline.above[job_id])]
    gone = any(seq is not None and seq <= judge.before.event_seq for seq in deletions)
    return None if gone else job


def _of_known(judged: Callable[["Judge", Job, Any, Any], list[str]]) -> Judged:
    """A request about a job, which is refused if there is none."""

    def judge_request(judge: "Judge", request: Any, reply: Any) -> list[str]:
        job = _known(judge, request.job_id)
        if job is None:
            refused = isinstance(reply, Refused) or (
                isinstance(request, RerunJob) and _made_before(judge, request)
            )
            return [] if refused else ["there is no such job"]
        return judged(judge, job, request, reply)

    return judge_request


def _made_before(judge: "Judge", request: RerunJob) -> bool:
    return request.run_id in judge.before.parents


# -- pauses ------------------------------------------------------------------------------------------------------


def _paused(rows: Rows, job_id: int) -> bool:
    """By itself, whatever is above it."""
    job = rows.jobs[job_id]
    return (job.lane_id or 0) < 0 if job.kind == "job" else bool(rows.parents[job_id].paused & 1)


def _pause(judge: "Judge", job: Job, request: Any, reply: Any) -> list[str]:
    before, wanted = _paused(judge.before, job.id), isinstance(request, PauseJob)
    above = judge.before.parents[(job.parent_id or 0) if job.kind == "job" else job.id]
    takes = (
        job.state in OPEN
        and (not wanted or above.closing is None)
        and (job.kind != "job" or bool(job.lane_id))
    )
    changes = takes and before != wanted
    if not isinstance(reply, PauseAcknowledged) or reply.changed != changes:
        return [f"it is to change {changes}, {job} was paused {before}"]
    after = judge.rows.jobs[job.id]
    if after.state in OPEN and _paused(judge.rows, job.id) != (wanted if changes else before):
        return [f"{after} is paused {not wanted}"]
    return []


def _pause_type(judge: "Judge", request: Any, reply: Any) -> list[str]:
    before, wanted = request.type in judge.before.paused_types, isinstance(request, PauseType)
    if not isinstance(reply, TypePauseAcknowledged) or reply.changed != (before != wanted):
        return [f"the type was paused {before}"]
    return [] if (request.type in judge.rows.paused_types) == wanted else ["it is not so"]


# -- retries -----------------------------------------------------------------------------------------------------


def _retry(judge: "Judge", job: Job, request: RetryJob, reply: Any) -> list[str]:
    """What has failed or was cancelled of it is opened again, and nothing else; or nothing is changed."""
    before, rows = judge.before, judge.rows
    opened = {
        each for each, row in before.jobs.items() if each in rows.jobs and rows.jobs[each].epoch != row.epoch
    }
    if isinstance(reply, Refused) and opened:
        return [f"it was refused, and {sorted(opened)} are open again"]
    run = before.jobs[job.root_id]
    if run.state in OPEN:
        return [] if isinstance(reply, Refused) else [f"{run} is open"]
    states = {"failed"} if request.failed_only else UNDONE
    wanted = {
        each.id
        for each in before.jobs.values()
        if each.kind == "job"
        and each.state in states
        and each.lane_id  # else its row is damaged
        and job.id in (each.id, each.parent_id, each.root_id)
        and _known(judge, each.id)
    }
    if isinstance(reply, Refused):
        waits = any(
            before.jobs[needs_id].state in UNDONE and role in {"pre", "post"}
            for step_id, needs in before.needs.items()
            for needs_id, role in needs
            if before.parents[step_id].run_id == run.id
        )
        return [f"{sorted(wanted)} are to be opened"] if wanted and not waits else []
    mine = {
        each for each in opened if before.jobs[each].kind == "job" and before.jobs[each].root_id == run.id
    }
    if (
        not isinstance(reply, RetryAcknowledged)
        or mine != wanted
        or (reply.jobs, reply.run_id) != (len(wanted), run.id)
    ):
        return [f"{sorted(wanted)} are to be opened, open are {sorted(mine)}"]
    steps = {before.jobs[each].parent_id for each in wanted}
    if not steps | {run.id} <= opened:
        return [f"{steps} are to be opened with their run {run.id}"]
    return []


def _rerun(judge: "Judge", job: Job, request: RerunJob, reply: Any) -> list[str]:
    new = {each.id for each in judge.rows.jobs.values() if each.kind == "run"} - judge.before.jobs.keys()
    if isinstance(reply, Refused):
        return [f"it was refused, and made {new}"] if new else []
    if not isinstance(reply, Submitted):
        return []
    if _made_before(judge, request):
        return [] if not new and not reply.created else ["it was made before"]
    if request.run_id not in new or reply.run_id != request.run_id or (job.kind != "run" and len(new) > 1):
        return [f"it is to make run {request.run_id}, it made {new}"]
    steps = sum(each.parent_id == request.run_id for each in judge.rows.jobs.values())
    before = judge.world.definitions.get(job.type)
    wanted = len(before.steps) if job.kind == "run" and before is not None else 1
    if job.kind == "run" and job.id in judge.world.operator.reruns:
        return []  # it was made anew of a step or a job itself
    return [] if steps == wanted else [f"the new run has {steps} steps, not {wanted}"]


# -- ends --------------------------------------------------------------------------------------------------------


def _cancel(judge: "Judge", job: Job, _: CancelJob, reply: Any) -> list[str]:
    after, rows = judge.rows.jobs[job.id], judge.rows
    if not isinstance(reply, CancelAcknowledged):
        return ["it is to be acknowledged"]
    if job.state not in OPEN:
        return [] if after == job and not reply.changed else [f"{job} had ended"]
    if job.kind == "job":
        told = after.state == "running" and after.cancel_reason is not None
        fine = told if job.state == "running" else after.state == "cancelled"
        return [] if fine and reply.changed else [f"{job} became {after}"]
    below = [each for each in rows.parents.values() if job.id in (each.id, each.run_id)]
    open_ones = [each for each in below if each.state in OPEN and each.closing is None]
    return [f"{open_ones} are not closing"] if open_ones else []


def _delete(judge: "Judge", job: Job, _: DeleteJob, reply: Any) -> list[str]:
    before = judge.before.jobs
    may = job.state not in OPEN and before[job.root_id].state not in OPEN
    judge.world.met("deleted_ended" if may else "delete_refused")
    if isinstance(reply, DeleteAcknowledged) != may or isinstance(reply, Refused) == may:
        return [f"{job} is to be deleted: {may}"]
    if may and not judge.timeline.hidden(job.id):
        return [f"{job} is there"]
    freed = job.id not in {run_id for run_id, _ in judge.rows.keys.values()}
    return [] if not may or freed else [f"the submit key of {job} is not free"]


# -- schedules ---------------------------------------------------------------------------------------------------


def _schedule(judge: "Judge", request: Any, reply: Any) -> list[str]:
    name = request.definitions[0].id if isinstance(request, ScheduleRuns) else request.id
    was, schedule = judge.before.schedules.get(name), judge.rows.schedules.get(name)
    if isinstance(request, Unschedule):
        return [] if schedule is None else [f"{schedule} is there"]
    if schedule is None:
        return [] if was is None and isinstance(reply, Refused) else [f"there was {was}"]
    paused = was is not None and bool(was.paused)
    if isinstance(request, PauseSchedule | ResumeSchedule):
        paused = isinstance(request, PauseSchedule)
    fresh = was is None or (isinstance(request, ResumeSchedule) and was.paused)
    if bool(schedule.paused) != paused or (fresh and schedule.next_at <= judge.world.clock.wall_ms()):
        return [f"{was} became {schedule}"]
    if not fresh and was is not None and schedule.next_at != was.next_at:
        return [f"{was} is to fire when it was to fire, not at {schedule.next_at}"]
    return []


OPERATIONS: Mapping[type, Judged] = MappingProxyType(
    {
        PauseJob: _of_known(_pause),
        ResumeJob: _of_known(_pause),
        PauseType: _pause_type,
        ResumeType: _pause_type,
        RetryJob: _of_known(_retry),
        RerunJob: _of_known(_rerun),
        CancelJob: _of_known(_cancel),
        DeleteJob: _of_known(_delete),
        ScheduleRuns: _schedule,
        Unschedule: _schedule,
        PauseSchedule: _schedule,
        ResumeSchedule: _schedule,
    }
)
"""By the request."""
