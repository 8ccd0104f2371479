"""Which steps of an ended run a retry opens again. Pure."""

from collections.abc import Sequence

import msgspec

from actors.job import Closing, JobState
from actors.orchestrator.plan import UNDONE


class EndedStep(msgspec.Struct, frozen=True):
    """One step of an ended run as the retry sees it."""

    id: int
    state: JobState
    closing: Closing | None
    total: int  # children
    failed: int
    cancelled: int
    named: bool  # all children are known
    skipped: bool = False  # it ended completed without being run
    may_fail: bool = False  # those behind it go on whatever became of it
    needs: tuple[int, ...] = ()  # the steps it waits for


def steps_to_reopen(
    steps: Sequence[EndedStep], target: int | None, *, failed_only: bool, whole: bool
) -> frozenset[int]:
    """The steps that a retry opens again; empty if there is nothing to retry.

    Those in which something is to be done again come first: failed or cancelled children, children that were not
    named yet, an end that their children do not account for. With them come those that never began because of them:
    closed by the failure, or waiting for one that is opened. A skipped step that waits for one is judged again. None of
    them is opened that waits for a step which was not done and stays so.

    Args:
        steps: all steps of the run.
        target: the step that is retried, or whose job is; None = the run.
        failed_only: what was cancelled stays so.
        whole: False if only one job of the target is retried, which was found to be retriable.
    """
    wanted = {
        step.id
        for step in steps
        if (target in {None, step.id}) and (not whole or _unfinished(step, failed_only=failed_only))
    }
    if not wanted:
        return frozenset()
    first = frozenset(wanted)
    never_began = [step for step in steps if step.state is JobState.CANCELLED and not step.total]
    wanted.update(step.id for step in never_began if step.closing is not Closing.CANCEL)
    waiting = [step for step in steps if step in never_began or step.skipped]
    while found := {
        step.id for step in waiting if step.id not in wanted and not wanted.isdisjoint(step.needs)
    }:
        wanted |= found
    undone = {step.id for step in steps if step.state in UNDONE and not step.may_fail}
    while stuck := {
        step.id
        for step in waiting
        if step.id in wanted - first and not undone.isdisjoint(set(step.needs) - wanted)
    }:
        wanted -= stuck
    return frozenset(wanted)


def _unfinished(step: EndedStep, *, failed_only: bool) -> bool:
    """Whether something of the step is to be done again."""
    if step.failed or (step.cancelled and not failed_only):
        return True
    if step.state is JobState.COMPLETED:
        return False
    if not failed_only:
        return True
    # It failed although no child did: its naming, its time, or a parallel step.
    return step.state is JobState.FAILED and not (step.named and step.cancelled)
