"""Judges submit keys: each stands for one run, until that was deleted by somebody or has ended long ago."""

from typing import TYPE_CHECKING

from tests.simulation.rows import DAY_MS

if TYPE_CHECKING:
    from tests.simulation.judge import Judge

KEY_DAYS = 7


def judge_keys(judge: "Judge", broken: list[str]) -> None:
    """The keys that came and went with this commit."""
    before, rows, timeline = judge.before, judge.rows, judge.timeline
    if before.keys == rows.keys:
        return
    for key, (run_id, ended_at) in before.keys.items():
        if rows.keys.get(key, (0, 0))[0] == run_id:
            continue
        at = judge.every[run_id].finished_at if ended_at is None else ended_at
        by_somebody = run_id in timeline.deleted and run_id not in timeline.expired
        old = at is not None and at + KEY_DAYS * DAY_MS <= judge.world.clock.wall_ms()
        judge.world.met("key_expired" if old else "key_freed")
        if not by_somebody and not old:
            broken.append(f"the submit key {key!r} of run {judge.every[run_id]} is gone")
    for key, (run_id, ended_at) in rows.keys.items():
        if before.keys.get(key, (0, 0))[0] != run_id:
            judge.keyed.setdefault(key, []).append(run_id)
        if ended_at is None and (run_id not in rows.jobs or run_id in timeline.deleted):
            broken.append(f"the submit key {key!r} stands for run {run_id}, which is not there")
