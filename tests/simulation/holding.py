"""Judges what a runtime takes for leased: all that the rows say it has, so that it never leases beyond its slots."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.simulation.judge import Judge
    from tests.simulation.machine import Machine


def judge_held(judge: "Judge", machine: "Machine", broken: list[str]) -> None:
    """What it held before this commit and holds after it is in its slots; what was leased now is not yet."""
    slots = machine.slots
    if slots is None:
        return
    for job in judge.rows.jobs.values():
        if job.owner != machine.owner:
            continue
        was = judge.before.jobs.get(job.id)
        if was is None or (was.owner, was.token) != (job.owner, job.token):
            continue
        held = slots._leased.get(job.id)
        if held is None or held.token != job.token:
            broken.append(f"{job} is held by {machine}, which takes its slot for free: {held}")
