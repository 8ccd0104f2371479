"""How many jobs of a step for which reason: by its counts, its lanes and the leases, never by its rows."""

from runtime.store.explaining.holds import slots_hold, type_holds
from runtime.store.explaining.job import GO_ON, concurrency_hold, rate_hold, running_depth
from runtime.store.explaining.reason import Reason, ReasonCode, counted
from runtime.store.explaining.scene import Scene
from runtime.store.explaining.step import closing_hold, naming_holds, pause_holds, wait_holds
from runtime.store.moves import IS_RUNNING, IS_TIMED
from runtime.store.rows import ParentRow

DUE_LOOKED_AT = 10_000
"""Scheduled jobs, of whichever step, among which the step's first one is looked for."""

_LANES = """
SELECT type, sum(pending), sum(CASE WHEN not_before > 0 THEN pending ELSE 0 END) FROM lane
WHERE parent_id = ? AND pending > 0 GROUP BY type ORDER BY sum(pending) DESC
"""
_NEXT_RATE = """
SELECT rate_key, rate_ms, not_before FROM lane
WHERE parent_id = ? AND type = ? AND pending > 0 AND not_before > 0 ORDER BY not_before LIMIT 1
"""
_LEASES = f"""
SELECT owner, count(*) FROM main.job INDEXED BY job_leased WHERE state {IS_RUNNING} AND parent_id = ? GROUP BY owner
"""
_FIRST_DUE = f"""
SELECT min(not_before) FROM (
    SELECT not_before, parent_id FROM main.job INDEXED BY job_due WHERE state {IS_TIMED}
    ORDER BY not_before LIMIT ?2)
WHERE parent_id = ?1
"""


def step_reasons(scene: Scene, step: ParentRow) -> list[Reason]:
    """The reasons of a step that has not ended."""
    if step.closing is not None:
        return [closing_hold(step), *_leases(scene, step)]
    reasons = pause_holds(step) + wait_holds(scene, step) + naming_holds(scene, step) + _leases(scene, step)
    if step.scheduled:
        reasons.append(_scheduled(scene, step))
    lanes = scene.connection.execute(_LANES, (step.id,)).fetchall()
    alone = step.pending - sum(pending for _, pending, _ in lanes)
    if alone > 0:
        text = f"{counted(alone, 'job')} {'is' if alone == 1 else 'are'} paused"
        reasons.append(Reason(ReasonCode.PAUSED, text, "`quaero resume ID` lets one go on", alone))
    if step.paused or step.waiting:
        return reasons
    for job_type, pending, waiting in lanes:
        reasons += _lane_holds(scene, step, job_type, pending, waiting)
    return reasons


def _lane_holds(scene: Scene, step: ParentRow, job_type: str, pending: int, for_rate: int) -> list[Reason]:
    reasons = type_holds(scene, job_type, pending) or concurrency_hold(step, pending)
    if reasons:
        return reasons
    if for_rate:
        key, rate_ms, at_ms = scene.connection.execute(_NEXT_RATE, (step.id, job_type)).fetchone()
        reasons.append(rate_hold(scene, key, rate_ms, at_ms, for_rate))
    left = pending - for_rate
    if not left:
        return reasons
    depth = running_depth(scene, step) if step.by_level else None
    slots = slots_hold(scene, job_type, left)
    if slots is not None:
        reasons.append(slots)
    elif depth is not None:
        text = f"the step goes level by level: jobs of depth {depth} still run, deeper ones wait for them"
        reasons.append(Reason(ReasonCode.LEVEL, text, GO_ON, left))
    else:
        text = f"nothing holds {counted(left, 'job')} of type {job_type!r} but their turn"
        reasons.append(Reason(ReasonCode.READY, text, GO_ON, left))
    return reasons


def _leases(scene: Scene, step: ParentRow) -> list[Reason]:
    if not step.running:
        return []
    reasons = []
    for owner, number in scene.connection.execute(_LEASES, (step.id,)).fetchall():
        runtime = scene.owner(owner)
        who = f"runtime {owner}, which is gone" if runtime is None else runtime.name
        if runtime is not None and not runtime.lives:
            who += ", which has died: they are given back as soon as a runtime looks"
        text = f"{counted(number, 'job')} {'is' if number == 1 else 'are'} running, leased by {who}"
        reasons.append(Reason(ReasonCode.LEASED, text, jobs=number))
    return reasons


def _scheduled(scene: Scene, step: ParentRow) -> Reason:
    at_ms = scene.connection.execute(_FIRST_DUE, (step.id, DUE_LOOKED_AT)).fetchone()[0]
    wait = "waits" if step.scheduled == 1 else "wait"
    text = f"{counted(step.scheduled, 'job')} {wait} for a time (delay or backoff)"
    if at_ms is not None:
        text += f", the first one comes due {scene.wait_text(at_ms)}"
    return Reason(ReasonCode.NOT_BEFORE, text, GO_ON, step.scheduled, until_ms=at_ms)
