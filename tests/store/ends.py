"""Judges how a store has ended, from the rows and the order of the events, by rules written here alone."""

from collections.abc import Iterator

import msgspec

from actors.job import ErrorTolerance, FailureAction
from tests.store.driver import StoreDriver

ENDS = ("completed", "failed", "cancelled", "completed_with_failures")


def judge_the_ends(store: StoreDriver) -> None:
    """Everything has ended, each once, as its children say, and nothing is left over."""
    assert store.rows("SELECT id FROM parent WHERE naming <> 'idle'") == []
    assert store.rows("SELECT id FROM lane WHERE pending > 0 OR ready = 1") == []
    assert store.rows("SELECT id FROM job WHERE owner IS NOT NULL") == []
    for history in store.oracle.history.values():
        assert len([state for state in history if state in ENDS]) == 1
        assert history[-1] in ENDS
    for (run_id,) in store.rows("SELECT id FROM parent WHERE kind = 'run'"):
        for step_id in store.steps(run_id).values():
            judge_step(store, step_id)
            judge_tolerance(store, step_id)
        judge_run(store, run_id)


def judge_run(store: StoreDriver, run_id: int) -> None:
    closing, states = store.parent(run_id)["closing"], store.oracle.ends_below(run_id)
    ran = {state for state in states if state != "cancelled"}
    if closing:
        expected = "cancelled" if closing == "cancel" else "failed"
    elif set(states) <= {"completed"}:
        expected = "completed"
    elif not ran:
        expected = "cancelled"
    else:
        expected = "failed" if ran == {"failed"} else "completed_with_failures"
    assert store.state(run_id) == expected


def judge_step(store: StoreDriver, step_id: int) -> None:
    parent, states = store.parent(step_id), set(store.oracle.ends_below(step_id))
    began = "running" in store.oracle.history[step_id]
    opened, over = last_epoch(store, step_id, parent["run_id"])
    closed = {
        job_id: seq
        for seq, kind, _, job_id, _ in store.oracle.events
        if kind == "parent_closing" and job_id in (step_id, parent["run_id"]) and opened <= seq < over
    }
    run_closed = parent["run_id"] in closed
    by_its_run = run_closed and step_id in closed and closed[parent["run_id"]] < closed[step_id]
    if parent["closing"] == "cancel" or (
        parent["closing"] in ("failed", "timeout") and not began and by_its_run
    ):
        expected = "cancelled"
    elif parent["closing"]:
        expected = "failed"
    elif "failed" in states:
        expected = "completed_with_failures" if "completed" in states else "failed"
    else:
        expected = "cancelled" if states == {"cancelled"} else "completed"
    assert store.state(step_id) == expected
    if expected in ("failed", "cancelled") and parent["on_error"] != "continue":
        assert run_closed


def last_epoch(store: StoreDriver, step_id: int, run_id: int) -> tuple[int, float]:
    """From which event to which the step was last open: its run may have been opened again without it."""
    reopened = [(seq, job_id) for seq, kind, _, job_id, _ in store.oracle.events if kind == "job_reopened"]
    opened = max((seq for seq, job_id in reopened if job_id == step_id), default=0)
    ended = next(
        seq
        for seq, kind, _, job_id, data in store.oracle.events
        if seq > opened and job_id == step_id and kind == "job_status_change" and data["state"] in ENDS
    )
    return opened, min(
        (seq for seq, job_id in reopened if job_id == run_id and seq > ended), default=float("inf")
    )


def judge_tolerance(store: StoreDriver, step_id: int) -> None:
    """Counts the children's ends in the order of the events: it must trip exactly where it is used up."""
    text = store.parent(step_id)["tolerance"]
    if text is None:
        return
    tolerance = msgspec.json.decode(text, type=ErrorTolerance)
    opened, _ = last_epoch(store, step_id, store.parent(step_id)["run_id"])
    tripped = exceeded_at(tolerance, store, step_id, opened)
    closings = [
        (seq, data["closing"])
        for seq, kind, _, job_id, data in store.oracle.events
        if job_id == step_id and kind == "parent_closing" and seq > opened
    ]
    warnings = [
        seq
        for seq, kind, _, job_id, _ in store.oracle.events
        if job_id == step_id and kind == "tolerance_warning" and seq > opened
    ]
    assert len(closings) <= 1
    closed_before = bool(closings) and tripped is not None and closings[0][0] < tripped
    if tripped is None or closed_before or tolerance.failure_action is FailureAction.CONTINUE:
        assert not any(closing == "tolerance" for _, closing in closings)
        assert not warnings
    elif tolerance.failure_action is FailureAction.MARK_WARNING:
        assert len(warnings) == 1
        assert not ends_between(store, step_id, tripped, warnings[0])
    else:
        assert closings[0][1] == "tolerance"
        assert not ends_between(store, step_id, tripped, closings[0][0])
        assert not [
            seq
            for seq, _, state in changes_below(store, step_id)
            if state == "running" and seq > closings[0][0]
        ]


def changes_below(store: StoreDriver, step_id: int) -> Iterator[tuple[int, int, str]]:
    """Event, child and its new state; "" is that of one that was opened again or deleted."""
    for seq, kind, _, job_id, data in store.oracle.events:
        if data.get("parent_id") == step_id and kind in {"job_status_change", "job_reopened"}:
            yield seq, job_id, data.get("state", "")
        elif kind == "job_deleted" and store.oracle.above[job_id][1] == step_id:
            yield seq, job_id, ""


def ends_between(store: StoreDriver, step_id: int, after: int, before: int) -> list[int]:
    return [seq for seq, _, state in changes_below(store, step_id) if after < seq < before and state in ENDS]


def exceeded_at(tolerance: ErrorTolerance, store: StoreDriver, step_id: int, opened: int) -> int | None:
    """The event of the last epoch after which the tolerance is used up; None if it never is."""
    ended: dict[int, str] = {}
    for seq, job_id, state in changes_below(store, step_id):
        if not state:
            del ended[job_id]
        if state not in ENDS:
            continue
        ended[job_id] = state
        finished, failures = len(ended), list(ended.values()).count("failed")
        too_many = 0 < tolerance.max_child_failures <= failures
        ratio, least = tolerance.max_failure_ratio, tolerance.min_finished
        too_often = ratio > 0 and finished >= least and failures > 0 and failures / finished >= ratio
        if seq > opened and (too_many or too_often):
            return seq
    return None
