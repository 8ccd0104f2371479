"""The ends of parents, and what follows: decided here by pure functions, in the transaction that caused them."""

import msgspec

from actors.job import Closing, FailureAction, JobState, Step
from actors.orchestrator.outcome import run_outcome, step_outcome
from actors.orchestrator.plan import StepPosition, after_step_end
from actors.orchestrator.tolerance import exceeded, exceeded_text
from runtime.store.rows import ParentRow
from runtime.store.transaction import Transaction

LOW_WATER = 1000
"""A step whose pending children fall below this asks its manager for the next page."""


def judge_tolerance(transaction: Transaction, parent: ParentRow) -> None:
    """Ask whether the step has failed too often; called after each child's failure, with the counts as of then."""
    tolerance = parent.error_tolerance()
    if tolerance is None or parent.closing is not None or not exceeded(tolerance, parent.counts):
        return
    if tolerance.failure_action is FailureAction.STOP_ALL:
        close(transaction, parent, Closing.TOLERANCE, exceeded_text(tolerance, parent.counts))
    elif tolerance.failure_action is FailureAction.MARK_WARNING and not parent.warned:
        parent.warned = 1
        text = f"Warning: {exceeded_text(tolerance, parent.counts)}"
        transaction.connection.execute(
            "UPDATE job SET error = coalesce(error, ?) WHERE id = ?", (text, parent.id)
        )
        transaction.events.add("tolerance_warning", parent.run_id, parent.id, {"message": text})


def close(transaction: Transaction, parent: ParentRow, closing: Closing, reason: str) -> None:
    """Take no more work below the parent; the first reason wins."""
    if parent.closing is not None or parent.ended:
        return
    transaction.change_parent(parent)
    parent.closing = closing
    parent.reason = reason
    parent.naming = "idle"
    parent.naming_owner = None
    transaction.events.add("parent_closing", parent.run_id, parent.id, {"closing": closing, "reason": reason})
    if parent.pending or parent.scheduled:
        transaction.unsweeped.add(parent.id)


def settle_parent(transaction: Transaction, parent: ParentRow) -> None:
    """End the step if nothing of it is open any more, or ask for its next page if it runs low."""
    if parent.ended or parent.kind != "step":
        return
    if parent.open == 0 and (parent.named or parent.closing is not None):
        _end_step(transaction, parent)
    elif parent.naming == "idle" and _wants_page(parent):
        transaction.change_parent(parent).naming = "ready"


def _wants_page(parent: ParentRow) -> bool:
    undecided = not parent.named and parent.closing is None and not parent.waiting
    return undecided and parent.pending < LOW_WATER


def start_step(transaction: Transaction, parent: ParentRow) -> None:
    """The step waits for nothing any more: its children may be named, or it ends at once if it is to be skipped."""
    step = read_step(transaction, parent.id)
    if not step.enabled:
        transaction.change_parent(parent).named = 1
        parent.reason = "skipped: the step is not enabled"
        settle_parent(transaction, parent)
        return
    transaction.change_parent(parent).naming = "ready"


def read_step(transaction: Transaction, step_id: int) -> Step:
    """The step as its run's definition has it."""
    text = transaction.connection.execute("SELECT payload FROM job WHERE id = ?", (step_id,)).fetchone()[0]
    return msgspec.json.decode(text, type=Step)


def close_run(transaction: Transaction, run: ParentRow, closing: Closing, reason: str) -> None:
    """Close the run and its open steps: those that never started end at once."""
    close(transaction, run, closing, reason)
    for step in _open_steps(transaction, run.id):
        close(transaction, step, closing, reason)
        settle_parent(transaction, step)
    _end_run(transaction, run)


def _end_step(transaction: Transaction, parent: ParentRow) -> None:
    began = parent.state is JobState.RUNNING
    state = step_outcome(parent.counts, parent.closing)
    if not began and parent.closing is Closing.FAILED:
        state = JobState.CANCELLED  # it never ran: the failure was another step's
    _write_end(transaction, parent, state)
    run = transaction.change_parent(transaction.parent(parent.run_id))
    run.open_steps -= 1
    ready = _release_dependents(transaction, parent.id)
    if run.closing is None and not run.ended:
        _follow_plan(transaction, run, parent, StepPosition(parent.id, state, began, parent.on_error), ready)
    _end_run(transaction, run)


def _follow_plan(
    transaction: Transaction, run: ParentRow, parent: ParentRow, ended: StepPosition, ready: tuple[int, ...]
) -> None:
    failed = ended.state is JobState.FAILED
    others = tuple(_position(step) for step in _open_steps(transaction, run.id)) if failed else ()
    name = read_step(transaction, parent.id).name if failed else ""
    decision = after_step_end(ended, name, others, ready)
    if decision.close_run is not None:
        text = f"{decision.close_run}: {parent.reason}" if parent.reason else decision.close_run
        close(transaction, run, Closing.FAILED, text)
        for step_id in (*decision.close, *decision.cancel):
            step = transaction.parent(step_id)
            close(transaction, step, Closing.FAILED, text)
            settle_parent(transaction, step)
    for step_id in decision.start:
        step = transaction.parent(step_id)
        if step.closing is None:
            start_step(transaction, step)


def _end_run(transaction: Transaction, run: ParentRow) -> None:
    if run.ended or run.open_steps:
        return
    transaction.change_parent(run)
    states = transaction.connection.execute(
        "SELECT json_group_array(state) FROM job WHERE parent_id = ?", (run.id,)
    ).fetchone()[0]
    state = run_outcome(msgspec.json.decode(states, type=list[JobState]), run.closing)
    _write_end(transaction, run, state)


def _write_end(transaction: Transaction, parent: ParentRow, state: JobState) -> None:
    parent.naming = "idle"
    parent.naming_owner = None
    parent.cursor = None
    transaction.unsweeped.discard(parent.id)
    failed = state in (JobState.FAILED, JobState.CANCELLED)
    error = parent.reason if failed or (parent.reason or "").startswith("skipped") else None
    transaction.transition(parent, state, error=error)


def _release_dependents(transaction: Transaction, step_id: int) -> tuple[int, ...]:
    found = transaction.connection.execute(
        "SELECT json_group_array(step_id) FROM dependency WHERE needs_id = ?", (step_id,)
    ).fetchone()[0]
    ready = []
    for dependent in sorted(msgspec.json.decode(found, type=list[int])):
        row = transaction.change_parent(transaction.parent(dependent))
        row.waiting -= 1
        if row.waiting == 0 and not row.ended:
            ready.append(dependent)
    return tuple(ready)


def _open_steps(transaction: Transaction, run_id: int) -> list[ParentRow]:
    transaction.flush()
    found = transaction.connection.execute(
        "SELECT json_group_array(id) FROM parent WHERE run_id = ? AND kind = 'step' AND state IN ('pending','running')",
        (run_id,),
    ).fetchone()[0]
    ids = sorted(msgspec.json.decode(found, type=list[int]))
    transaction.load_parents(ids)
    return [row for row in map(transaction.parent, ids) if not row.ended]


def _position(row: ParentRow) -> StepPosition:
    return StepPosition(row.id, row.state, row.state is JobState.RUNNING, row.on_error)
