"""What others ask of the rows as the judge has them: an operator what there is, a course what still has to go."""

import random
from collections.abc import Container
from typing import TYPE_CHECKING

from runtime.store.retention import DAY_MS, KEY_DAYS
from tests.simulation.rows import Job

if TYPE_CHECKING:
    from tests.simulation.judge import Judge


def choose(
    judge: "Judge",
    chance: random.Random,
    kind: str,
    *,
    ended: bool | None = None,
    states: Container[str] | None = None,
) -> Job | None:
    """Any row of that kind; of a run that has ended, or not; in one of those states."""
    jobs = judge.rows.jobs
    found = [
        job
        for job in jobs.values()
        if job.kind == kind
        and (ended is None or (jobs[job.root_id].finished_at is not None) == ended)
        and (states is None or job.state in states)
    ]
    return chance.choice(found) if found else None


def too_old(judge: "Judge") -> list[object]:
    """What is to go by its age, once the world has grown old."""
    if not judge.world.aged:
        return []
    now, retention, rows = judge.world.clock.wall_ms(), judge.world.retention, judge.rows
    days = {True: retention.completed_days, False: retention.failed_days}
    found: list[object] = [
        job
        for job in rows.jobs.values()
        if job.kind == "run"
        and (kept := days[job.state == "completed"])
        and (job.finished_at or now) + kept * DAY_MS <= now
    ]
    found += [key for key, (run_id, ended_at) in rows.keys.items() if _is_old(judge, run_id, ended_at, now)]
    found += [key for key, until in rows.rates.items() if until <= now]
    return [*found, "events"] if judge.timeline.prunable else found


def _is_old(judge: "Judge", run_id: int, ended_at: int | None, now: int) -> bool:
    """Whether a key is to go; a run that was retried after the world grew old has ended of late."""
    run = judge.rows.jobs.get(run_id)
    ended = (ended_at or 0) if run is None else (run.finished_at or now)
    return ended + KEY_DAYS * DAY_MS <= now


def fired_since(judge: "Judge", seq: int, schedule: str) -> bool:
    """Whether it fired after that event, or could not since its run before went on."""
    if judge.timeline.skipped.get(schedule, 0) > seq:
        return True
    return any(
        at > seq and kind == "schedule_fired" and data["schedule"] == schedule
        for at, kind, _, _, data in judge.timeline.events[seq:]
    )
