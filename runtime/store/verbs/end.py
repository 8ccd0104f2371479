"""The ends of parents, and what follows: decided here by pure functions, in the transaction that caused them."""

from collections import deque
from collections.abc import Iterable, Mapping
from types import MappingProxyType

import msgspec

from actors.ids import id_text
from actors.job import (
    Closing,
    JobKind,
    JobState,
    Step,
    WaitRole,
)
from actors.orchestrator.outcome import run_end, step_end
from actors.orchestrator.plan import UNDONE, LinkDecision, StepPosition, after_run_end, after_step_end
from actors.states import Cause
from runtime.store.checksum import intact
from runtime.store.moves import PARENT_IS_OPEN, state_after
from runtime.store.rows import ParentRow
from runtime.store.transaction import Transaction
from runtime.store.verbs.begin import go_on
from runtime.store.verbs.condition import SKIPPED, verdict_of
from runtime.store.verbs.stop import stop_running

DAMAGED_TEXT = "the job's row is damaged: its checksum does not match; it was not run"

_ENDING = """
SELECT (SELECT json_group_array(json_array(id, state)) FROM parent WHERE run_id = ?1 AND kind = 'step'
            AND id NOT IN (SELECT id FROM deletion)),
       (SELECT json_group_array(json_array(step_id, role)) FROM dependency WHERE needs_id = ?1)
"""
_USELESS = f"""
SELECT json_group_array(DISTINCT pre.id) FROM parent AS step
    JOIN dependency ON dependency.step_id = step.id AND dependency.role IN ('pre','pre_optional')
    JOIN parent AS pre ON pre.id = dependency.needs_id AND pre.closing IS NULL AND pre.state {PARENT_IS_OPEN}
WHERE step.run_id = ?1 AND step.kind = 'step' AND NOT EXISTS (
    SELECT 1 FROM dependency AS other JOIN parent AS waiter ON waiter.id = other.step_id
    WHERE other.needs_id = pre.id AND other.role IN ('pre','pre_optional')
        AND waiter.closing IS NULL AND waiter.state {PARENT_IS_OPEN})
"""

LOW_WATER = 2000
"""A step whose pending children fall below this asks its manager for the next page."""


def close(transaction: Transaction, parent: ParentRow, closing: Closing, reason: str) -> None:
    """Take no more work below the parent; the first reason wins, but a later one may still be meant for what runs."""
    if parent.closing is not None or parent.ended:
        stop_running(transaction, parent, closing, reason)
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
    if parent.ended:
        return
    if parent.open == 0 and (parent.named or parent.closing is not None):
        start_steps(transaction, _end_step(transaction, parent))
    elif parent.naming == "idle" and _wants_page(parent):
        transaction.change_parent(parent).naming = "ready"


def _wants_page(parent: ParentRow) -> bool:
    undecided = not parent.named and parent.closing is None and not parent.waiting
    return undecided and parent.pending < LOW_WATER


def start_steps(
    transaction: Transaction, step_ids: Iterable[int], known: Mapping[int, Step] = MappingProxyType({})
) -> None:
    """These steps wait for nothing any more: their children may be named; one that is to be skipped ends at once.

    A skipped step may start others, which may be skipped too: a queue, so that a long chain is no deep recursion.
    ``known`` steps need not be read.
    """
    waiting = deque(step_ids)
    while waiting:
        parent = transaction.parent(waiting.popleft())
        if parent.ended or parent.closing is not None or parent.naming != "idle":
            continue
        if parent.state is JobState.RUNNING or parent.total:
            go_on(transaction, parent)
            settle_parent(transaction, parent)
            continue
        step = known.get(parent.id) or read_step(transaction, parent.id)
        verdict = verdict_of(transaction, parent, step) if step is not None and step.enabled else None
        transaction.change_parent(parent)
        if step is None:
            close(transaction, parent, Closing.FAILED, DAMAGED_TEXT)
            waiting.extend(_end_step(transaction, parent))
        elif not step.enabled:
            waiting.extend(_skip_step(transaction, parent, "the step is not enabled"))
        elif verdict is None or verdict.holds:
            parent.naming = "ready"
        elif verdict.holds is None:
            text = f"condition {step.condition!r} can not be evaluated: {verdict.values}"
            close(transaction, parent, Closing.FAILED, text)
            waiting.extend(_end_step(transaction, parent))
        else:
            values = f" ({verdict.values})" if verdict.values else ""
            text = f"condition {step.condition!r} is false{values}"
            waiting.extend(_skip_step(transaction, parent, text))


def read_step(transaction: Transaction, step_id: int) -> Step | None:
    """The step as its run's definition has it; None if its row is damaged."""
    return intact(transaction.connection, step_id, Step)


def close_run(transaction: Transaction, run: ParentRow, closing: Closing, reason: str) -> None:
    """Close the run and its open steps: those that never started end at once."""
    close(transaction, run, closing, reason)
    for step in open_steps(transaction, run.id):
        close(transaction, step, closing, reason)
        settle_parent(transaction, step)


def _skip_step(transaction: Transaction, parent: ParentRow, why: str) -> tuple[int, ...]:
    """End the step without running it; returns the steps that are to start now."""
    parent.named = 1
    parent.reason = f"{SKIPPED}: {why}"
    return _end_step(transaction, parent, Cause.SKIPPED)


def _end_step(transaction: Transaction, parent: ParentRow, cause: Cause | None = None) -> tuple[int, ...]:
    """End the step, as its children say or by the cause; returns the steps that are to start now."""
    began = parent.state is JobState.RUNNING
    run = transaction.change_parent(transaction.parent(parent.run_id))
    before_it_began = run.closing is not None and not began
    by_children = step_end(parent.counts, parent.closing, closed_by_run_before_it_began=before_it_began)
    _write_end(transaction, parent, cause or by_children)
    run.open_steps -= 1
    ready = _release_dependents(transaction, parent.id)
    starting: tuple[int, ...] = ()
    if run.closing is None:
        position = StepPosition(parent.id, parent.state, began, parent.on_error)
        starting = _follow_plan(transaction, run, parent, position, ready)
    return starting + end_run(transaction, run)


def _follow_plan(
    transaction: Transaction, run: ParentRow, parent: ParentRow, ended: StepPosition, ready: tuple[int, ...]
) -> tuple[int, ...]:
    undone = ended.state in UNDONE
    others = tuple(_position(step) for step in open_steps(transaction, run.id)) if undone else ()
    decision = after_step_end(ended, _name(transaction, parent.id) if undone else "", others, ready)
    if decision.close_run is not None:
        text = f"{decision.close_run}: {parent.reason}" if parent.reason else decision.close_run
        close(transaction, run, decision.closing, text)
        for step_id in (*decision.close, *decision.cancel):
            step = transaction.parent(step_id)
            close(transaction, step, decision.closing, text)
            settle_parent(transaction, step)
    return decision.start


def end_run(transaction: Transaction, run: ParentRow) -> tuple[int, ...]:
    """End the run if all its steps have ended; returns the steps of other runs that are to start now."""
    if run.ended or run.open_steps:
        return ()
    transaction.change_parent(run)
    found, followers = transaction.connection.execute(_ENDING, (run.id,)).fetchone()
    states = dict(msgspec.json.decode(found, type=list[tuple[int, JobState]]))
    states.update(
        (step_id, transaction.parents[step_id].state) for step_id in states if step_id in transaction.parents
    )
    _write_end(transaction, run, run_end(states.values(), run.closing))
    if run.closing is not None:
        _drop_pre_runs(transaction, run)
    return () if followers == "[]" else _release_runs(transaction, run, followers)


def _release_runs(transaction: Transaction, run: ParentRow, followers: str) -> tuple[int, ...]:
    """The run has ended: those that wait for it go on, or close; returns the steps that are to start now."""
    ready, closing = [], dict[int, LinkDecision]()
    subject = f"{_type(transaction, run.id)!r} (run {id_text(run.id)})"
    for step_id, role in sorted(msgspec.json.decode(followers, type=list[tuple[int, WaitRole]])):
        row = transaction.change_parent(transaction.parent(step_id))
        row.waiting -= 1
        if row.waiting == 0 and not row.ended:
            ready.append(step_id)
        decision = after_run_end(run.state, role, subject)
        if decision is not None:
            text = f"{decision.reason}: {run.reason}" if run.reason else decision.reason
            closing[row.run_id] = msgspec.structs.replace(decision, reason=text)
    # First all are marked: the end of one may be news to another, which has closed for its own reason by then.
    for run_id, decision in closing.items():
        close(transaction, transaction.parent(run_id), decision.closing, decision.reason)
    for run_id, decision in closing.items():
        close_run(transaction, transaction.parent(run_id), decision.closing, decision.reason)
    return tuple(ready)


def _drop_pre_runs(transaction: Transaction, run: ParentRow) -> None:
    """The run has ended before its pre-jobs have: they are cancelled, unless another run still waits for them."""
    transaction.flush()
    found = transaction.connection.execute(_USELESS, (run.id,)).fetchone()[0]
    text = f"cancelled: run {id_text(run.id)}, whose pre-job this was, has ended"
    for pre_id in msgspec.json.decode(found, type=list[int]):
        close_run(transaction, transaction.parent(pre_id), Closing.CANCEL, text)


def _write_end(transaction: Transaction, parent: ParentRow, cause: Cause) -> None:
    parent.naming = "idle"
    parent.naming_owner = None
    parent.deadline = None
    transaction.unsweeped.discard(parent.id)
    undone = state_after(cause, JobKind(parent.kind)) in UNDONE
    transaction.transition(parent, cause, error=parent.reason if undone or cause is Cause.SKIPPED else None)


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


def open_steps(transaction: Transaction, run_id: int) -> list[ParentRow]:
    """The run's steps that have not ended, in the order of their ids."""
    transaction.flush()
    found = transaction.connection.execute(
        f"SELECT json_group_array(id) FROM parent WHERE run_id = ? AND kind = 'step' AND state {PARENT_IS_OPEN}",
        (run_id,),
    ).fetchone()[0]
    ids = sorted(msgspec.json.decode(found, type=list[int]))
    transaction.load_parents(ids)
    return [row for row in map(transaction.parent, ids) if not row.ended]


def _type(transaction: Transaction, run_id: int) -> str:
    transaction.flush()
    found = transaction.connection.execute("SELECT type FROM job WHERE id = ?", (run_id,)).fetchone()
    return str(found[0])


def _name(transaction: Transaction, step_id: int) -> str:
    found = transaction.connection.execute("SELECT name FROM job WHERE id = ?", (step_id,)).fetchone()
    return str(found[0])


def _position(row: ParentRow) -> StepPosition:
    return StepPosition(row.id, row.state, row.state is JobState.RUNNING, row.on_error)
