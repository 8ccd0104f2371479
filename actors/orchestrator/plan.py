"""What a step's end means for the rest of its run. Pure."""

import msgspec

from actors.job import Closing, JobState, OnError, WaitRole

UNDONE = frozenset({JobState.FAILED, JobState.CANCELLED})
"""Ends after which what was asked for is not there. With some failures it is: the definition bears them."""

NOT_RUN = "not run"
"""How the reason of a post-job begins that was closed because the run before it was not done."""


class StepPosition(msgspec.Struct, frozen=True):
    """One step of a run as the plan sees it."""

    id: int
    state: JobState
    started: bool  # its children are being named, or were
    on_error: OnError


class PlanDecision(msgspec.Struct, frozen=True):
    """What is to be done, in this order: close the run, close steps, cancel steps, start steps."""

    close_run: str | None = None  # the reason
    closing: Closing = Closing.FAILED  # of the run and of the steps
    close: tuple[int, ...] = ()  # started steps, which end once their children have ended
    cancel: tuple[int, ...] = ()  # steps that never start
    start: tuple[int, ...] = ()  # steps that waited only for the one that ended


def after_step_end(
    ended: StepPosition, ended_name: str, others: tuple[StepPosition, ...], ready: tuple[int, ...]
) -> PlanDecision:
    """Decide what follows a step's end.

    A step that failed or was cancelled has not done what those behind it wait for: unless it may be passed over
    (``on_error = "continue"``), the run closes with it, as failed or as cancelled.

    Args:
        ended: the step, with its terminal state.
        ended_name: for the sentence.
        others: the run's other steps that have not ended.
        ready: those of them whose last unended dependency was this step.
    """
    if ended.on_error is OnError.CONTINUE or ended.state not in UNDONE:
        return PlanDecision(start=ready)
    failed = ended.state is JobState.FAILED
    return PlanDecision(
        close_run=f"step {ended_name!r} {'failed' if failed else 'was cancelled'}",
        closing=Closing.FAILED if failed else Closing.CANCEL,
        close=tuple(step.id for step in others if step.started),
        cancel=tuple(step.id for step in others if not step.started),
    )


class LinkDecision(msgspec.Struct, frozen=True):
    """A run that waited for another closes, since the other was not done."""

    closing: Closing
    reason: str


def after_run_end(state: JobState, role: WaitRole, subject: str) -> LinkDecision | None:
    """Decide what the end of a run means for one that waits for it; None = it may go on.

    A run that completed with failures counts as completed: its definition bears them.

    Args:
        state: how the run ended.
        role: why the other one waits for it.
        subject: the ended run, for the sentence: "'fetch' (run 7k3…)".
    """
    if state not in UNDONE or role in {WaitRole.STEP, WaitRole.PRE_OPTIONAL}:
        return None
    how = "failed" if state is JobState.FAILED else "was cancelled"
    if role is WaitRole.POST:
        return LinkDecision(Closing.CANCEL, f"{NOT_RUN}: {subject}, after which it was to run, {how}")
    return LinkDecision(Closing.FAILED, f"pre-job {subject} {how}")
