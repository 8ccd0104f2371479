"""What a step's end means for the rest of its run. Pure."""

import msgspec

from actors.job import JobState, OnError


class StepPosition(msgspec.Struct, frozen=True):
    """One step of a run as the plan sees it."""

    id: int
    state: JobState
    started: bool  # its children are being named, or were
    on_error: OnError


class PlanDecision(msgspec.Struct, frozen=True):
    """What is to be done, in this order: close the run, close steps, cancel steps, start steps."""

    close_run: str | None = None  # the reason
    close: tuple[int, ...] = ()  # started steps, which end as failed once their children have ended
    cancel: tuple[int, ...] = ()  # steps that never start
    start: tuple[int, ...] = ()  # steps that waited only for the one that ended


def after_step_end(
    ended: StepPosition, ended_name: str, others: tuple[StepPosition, ...], ready: tuple[int, ...]
) -> PlanDecision:
    """Decide what follows a step's end.

    Args:
        ended: the step, with its terminal state.
        ended_name: for the sentence.
        others: the run's other steps that have not ended.
        ready: those of them whose last unended dependency was this step.
    """
    if ended.state is JobState.FAILED and ended.on_error is not OnError.CONTINUE:
        return PlanDecision(
            close_run=f"step {ended_name!r} failed",
            close=tuple(step.id for step in others if step.started),
            cancel=tuple(step.id for step in others if not step.started),
        )
    return PlanDecision(start=ready)
