"""Judges the beginnings of steps: what they waited for has ended as it must, and their conditions hold, or not."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from actors.job import Step
from tests.simulation.rows import OPEN, UNDONE, Parent, Rows

if TYPE_CHECKING:
    from tests.simulation.judge import Judge

CONDITIONS: dict[str, Callable[[Parent], bool | None]] = {
    "{}.failed > 0": lambda step: step.failed > 0,
    "{}.completed >= 1 and {}.cancelled == 0": lambda step: step.completed >= 1 and step.cancelled == 0,
    '{}.state == "completed"': lambda step: step.state == "completed",
    "{}.total > 1": lambda step: step.total > 1,
    "not {}.skipped": lambda step: not (step.reason or "").startswith("skipped"),
    "{}.total / {}.failed >= 1": lambda step: step.total / step.failed >= 1 if step.failed else None,
}
"""Conditions by another step, and what they come to; None where they can not be evaluated."""


def judge_starts(judge: "Judge", broken: list[str]) -> None:
    """The steps that began in this commit, or were skipped."""
    before, rows = judge.before, judge.rows
    for parent in rows.parents.values():
        was = before.parents.get(parent.id)
        if parent.kind != "step" or (was is not None and was.state == parent.state):
            continue
        new = was is None or rows.jobs[parent.id].epoch != before.jobs[parent.id].epoch
        if not new and was is not None and was.state != "pending":
            continue
        if parent.state == "running" or (parent.reason or "").startswith("skipped"):
            _judge_start(parent, judge, rows, broken)
        elif (parent.reason or "").startswith("condition "):
            judge.world.met("condition_not_evaluated")
            if parent.closing == "failed" and holds(parent, judge) is not None:
                broken.append(f"{parent}: its condition can be evaluated")


def judge_useless(judge: "Judge", broken: list[str]) -> None:
    """A run that has ended before its pre-jobs leaves none of them open that nobody else waits for."""
    before, rows = judge.before, judge.rows
    awaited: dict[int, set[int]] = {}  # by the run before: the runs that wait for it
    for step_id, needs in rows.needs.items():
        for needs_id, role in needs:
            if role in {"pre", "pre_optional"}:
                awaited.setdefault(needs_id, set()).add(rows.parents[step_id].run_id)
    for pre_id, waiting in awaited.items():
        pre = rows.parents[pre_id]
        if pre.state not in OPEN or pre.closing is not None:
            continue
        ended = {each for each in waiting if rows.parents[each].state not in OPEN}
        now = {each for each in ended if each in before.parents and before.parents[each].state in OPEN}
        useless = {each for each in now if rows.parents[each].closing is not None}
        takes = {each for each in waiting - ended if rows.parents[each].closing is None}
        if useless and not takes:
            broken.append(f"{pre} goes on, and nobody waits for it since {useless} has ended")


def _judge_start(parent: Parent, judge: "Judge", rows: Rows, broken: list[str]) -> None:
    for needs_id, role in rows.needs.get(parent.id, ()):
        state = rows.jobs[needs_id].state
        was = judge.before.jobs.get(needs_id)
        again = was is not None and was.epoch != rows.jobs[needs_id].epoch  # after it, in the same commit
        if state in OPEN and not again:
            broken.append(f"{parent} began, and {rows.jobs[needs_id]} goes on")
        if role in {"pre", "post"}:
            judge.world.met(f"began_after_{role}")
            if state in UNDONE and parent.state == "running":
                broken.append(f"{parent} began, and {rows.jobs[needs_id]}, {role} of its run, was not done")
    step, skipped = definition_of(parent, judge), parent.state != "running"
    if step is None:
        return
    if not step.enabled:
        judge.world.met("skipped_disabled")
        if not skipped:
            broken.append(f"{parent} began, and is not enabled")
        return
    if any(judge.timeline.hidden(job_id) for job_id in _siblings(parent, judge).values()):
        return  # what it asks for may be gone
    verdict = holds(parent, judge)
    if skipped or (step.condition and not parent.total):
        judge.world.met(f"condition_{verdict}")
        if verdict is skipped or verdict is None:
            broken.append(f"{parent}: its condition {step.condition!r} comes to {verdict}")


def definition_of(parent: Parent, judge: "Judge") -> Step | None:
    """The step as its client wrote it; None of one that was made anew by itself."""
    run, name = judge.rows.jobs[parent.run_id], judge.rows.jobs[parent.id].name
    source = judge.world.operator.reruns.get(run.id)
    if source is not None and judge.every[source].kind != "run":
        return None
    definition = judge.world.definitions.get(run.type)
    siblings = sum(job.parent_id == run.id and job.kind == "step" for job in judge.every.values())
    if definition is None or siblings != len(definition.steps):
        return None
    return next(step for step in definition.steps if step.name == name)


def holds(parent: Parent, judge: "Judge") -> bool | None:
    """What the step's condition comes to by the rows of the step it names."""
    step = definition_of(parent, judge)
    if step is None or step.condition is None:
        return True
    siblings = _siblings(parent, judge)
    for name in step.depends:
        for text, judged in CONDITIONS.items():
            if step.condition == text.replace("{}", name):
                return judged(judge.rows.parents[siblings[name]])
    raise LookupError(step.condition)


def _siblings(parent: Parent, judge: "Judge") -> dict[str | None, int]:
    return {
        job.name: job.id
        for job in judge.every.values()
        if job.parent_id == parent.run_id and job.kind == "step"
    }
