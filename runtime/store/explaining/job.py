"""Why a job does not move."""

import msgspec

from runtime.store.explaining.holds import slots_hold, type_holds
from runtime.store.explaining.reason import Reason, ReasonCode, counted, seconds_text
from runtime.store.explaining.scene import Scene
from runtime.store.explaining.step import closing_text, pause_holds, wait_holds
from runtime.store.moves import IS_RUNNING, IS_WAITING
from runtime.store.rows import LaneRow, ParentRow, read_lanes

GO_ON = "it goes on by itself"
AHEAD = 1000
"""Jobs before one in its lane that are counted; more are "more than"."""


class JobFacts(msgspec.Struct, frozen=True):
    """What the job's row says."""

    id: int
    state: str
    type: str
    attempt: int
    max_attempts: int
    depth: int
    priority: int
    lane_id: int
    not_before: int | None
    owner: int | None
    lease_expires: int | None
    started_at: int | None
    error: str | None
    cancel_reason: str | None


def job_reasons(scene: Scene, job: JobFacts, step: ParentRow) -> list[Reason]:
    """The reasons of a job that has not ended."""
    if job.state == "running":
        return _running(scene, job, step)
    if step.closing is not None:
        text = f"its step takes no more work ({closing_text(step)}): the job is about to be cancelled"
        return [Reason(ReasonCode.CLOSING, text)]
    reasons = [_not_before(scene, job)] if job.state == "scheduled" else []
    if job.lane_id < 0:
        reasons.append(Reason(ReasonCode.PAUSED, "the job is paused", "`quaero resume ID` lets it go on"))
    reasons += pause_holds(step) + wait_holds(scene, step) + type_holds(scene, job.type, 0)
    if reasons:
        return reasons
    lanes = read_lanes(scene.connection, [job.lane_id])
    return _held_in_lane(scene, job, step, lanes[0] if lanes else None) or [_ready(scene, job)]


def lease_text(scene: Scene, owner: int | None, expires: int | None) -> str:
    """Who holds it and for how long."""
    runtime = scene.owner(owner)
    if runtime is None:
        return f"by runtime {owner}, which is gone: it is given back as soon as a runtime looks"
    if not runtime.lives:
        return f"by {runtime.name}, which has died: it is given back as soon as a runtime looks"
    left = (expires or 0) - scene.boottime_ms
    if left <= 0:
        return f"by {runtime.name}; the lease ran out {seconds_text(-left)} ago, and no other runtime has taken it"
    return f"by {runtime.name} for another {seconds_text(left)}, and longer while its worker lives"


def _running(scene: Scene, job: JobFacts, step: ParentRow) -> list[Reason]:
    reasons = []
    reason = job.cancel_reason or (closing_text(step) if step.closing is not None else None)
    if reason is not None:
        text = f"its attempt was told to end ({reason})"
        reasons.append(
            Reason(ReasonCode.CLOSING, text, "a body that does not listen is given up after its grace")
        )
    held = lease_text(scene, job.owner, job.lease_expires)
    text = f"attempt {job.attempt} of {job.max_attempts} is running, leased {held}"
    until = None
    if job.lease_expires is not None:
        until = scene.now_ms + job.lease_expires - scene.boottime_ms
    return [*reasons, Reason(ReasonCode.LEASED, text, until_ms=until)]


def _not_before(scene: Scene, job: JobFacts) -> Reason:
    at_ms = job.not_before or 0
    when = scene.wait_text(at_ms)
    if job.attempt and job.error:
        text = f"attempt {job.attempt} of {job.max_attempts} failed ({job.error}); the next one begins {when}"
    elif job.started_at is not None:
        text = f"it asked to be run again later: {when}"
    else:
        text = f"it was delayed: it begins {when}"
    return Reason(ReasonCode.NOT_BEFORE, text, GO_ON, until_ms=at_ms)


def _held_in_lane(scene: Scene, job: JobFacts, step: ParentRow, lane: LaneRow | None) -> list[Reason]:
    reasons = concurrency_hold(step, 0)
    if lane is not None and lane.not_before:
        reasons.append(rate_hold(scene, lane.rate_key, lane.rate_ms, lane.not_before, 0))
    if step.by_level:
        reasons += _level(scene, job, step)
    slots = slots_hold(scene, job.type, 0)
    return [*reasons, slots] if slots is not None else reasons


def concurrency_hold(step: ParentRow, jobs: int) -> list[Reason]:
    """Whether as many jobs of the step run as may."""
    if not 0 < step.concurrency <= step.running:
        return []
    text = f"{step.running} jobs of the step run, and no more than {step.concurrency} may at once"
    return [
        Reason(
            ReasonCode.CONCURRENCY, text, "it is taken as they end; the step's `concurrency` says so", jobs
        )
    ]


def rate_hold(scene: Scene, key: str, rate_ms: int, at_ms: int, jobs: int) -> Reason:
    """A rate key's next start is later."""
    text = f"jobs of {key!r} start {seconds_text(rate_ms)} apart; the next one may {scene.wait_text(at_ms)}"
    return Reason(ReasonCode.RATE, text, GO_ON, jobs, until_ms=at_ms)


def _level(scene: Scene, job: JobFacts, step: ParentRow) -> list[Reason]:
    running = running_depth(scene, step)
    if running is None or job.depth <= running:
        return []
    text = f"the step goes level by level: jobs of depth {running} still run, this one has depth {job.depth}"
    return [Reason(ReasonCode.LEVEL, text, GO_ON)]


def running_depth(scene: Scene, step: ParentRow) -> int | None:
    """The shallowest running job of the step; None if none runs."""
    found: int | None = scene.connection.execute(
        f"SELECT min(depth) FROM main.job INDEXED BY job_leased WHERE parent_id = ? AND state {IS_RUNNING}",
        (step.id,),
    ).fetchone()[0]
    return found


def _ready(scene: Scene, job: JobFacts) -> Reason:
    ahead = scene.connection.execute(
        f"SELECT count(*) FROM (SELECT 1 FROM main.job INDEXED BY job_ready WHERE lane_id = ?1 AND state {IS_WAITING}"
        " AND (priority, depth, id) < (?2, ?3, ?4) LIMIT ?5)",
        (job.lane_id, job.priority, job.depth, job.id, AHEAD + 1),
    ).fetchone()[0]
    if ahead > AHEAD:
        text = f"nothing holds it but its turn: more than {AHEAD} jobs of its step go first"
    elif ahead:
        go = "goes" if ahead == 1 else "go"
        text = f"nothing holds it but its turn: {counted(ahead, 'job')} of its step {go} first"
    else:
        text = "nothing holds it: it is the next of its step"
    return Reason(ReasonCode.READY, text, GO_ON)
