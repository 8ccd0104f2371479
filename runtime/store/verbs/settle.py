"""Ended attempts: outcome, children, documents, log lines, counts and the parent's end, under the lease's token.

Neighbouring successes are written by one statement. It is used only if it finds every one of them running under its
token; otherwise it is taken back and each attempt is judged alone, so that what is counted is what was changed.
"""

from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter

import msgspec

from actors.ids import id_text
from actors.job import (
    Attempt,
    AttemptError,
    Cancelled,
    Closing,
    Completed,
    Failed,
    Interrupted,
    JobState,
    LogLevel,
    Snoozed,
)
from actors.states import Cause
from runtime.store.moves import expect, moving, state_after
from runtime.store.rows import ParentRow
from runtime.store.transaction import Transaction
from runtime.store.verbs.children import insert_children, queue_again
from runtime.store.verbs.document import patch_documents, save_documents
from runtime.store.verbs.end import settle_parent
from runtime.store.verbs.tolerate import judge_tolerance, would_trip

_JOB_ID, _PARENT_ID = itemgetter(0), itemgetter(3)
KEPT_ERRORS = 10
"""Errors kept of one job, the latest."""

COMPLETE = moving(
    Cause.SUCCEEDED,
    "result = j.value ->> 2, error = NULL, finished_at = ?1, owner = NULL, lease_expires = NULL",
    "job.id = j.value ->> 0 AND job.token = j.value ->> 1 AND job.parent_id = j.value ->> 3",
    source="json_each(?2) AS j",
)
_SUCCEED = moving(
    Cause.SUCCEEDED,
    "result = ?2, error = NULL, finished_at = ?3, owner = NULL, lease_expires = NULL",
    "id = ?1",
)
_END = {
    cause: moving(
        cause,
        "error = ?2, finished_at = ?3, owner = NULL, lease_expires = NULL",
        "id = ?1",
    )
    for cause in (Cause.GAVE_UP, Cause.SPENT, Cause.STOPPED)
}
_PUT_BACK = {
    cause: moving(cause, "attempt = ?2, not_before = ?3, owner = NULL, lease_expires = NULL", "id = ?1")
    for cause in (Cause.BACKED_OFF, Cause.SNOOZED, Cause.REPEATED, Cause.GIVEN_BACK)
}
_LINK = "UPDATE job SET trace_context = ?1 WHERE id IN (SELECT value FROM json_each(?2))"
_FIND = """
SELECT state, token, attempt, max_attempts, parent_id, lane_id, errors, root_id, cancel_reason FROM job WHERE id = ?
"""


class _Found(msgspec.Struct):
    state: JobState
    token: int
    attempt: int
    max_attempts: int
    parent: ParentRow
    lane_id: int
    errors: str | None
    run_id: int
    cancel_reason: str | None

    @property
    def stopping(self) -> str | None:
        """Why the job is not to run again, if so."""
        if self.parent.closing is not None:
            return self.parent.reason or self.parent.closing
        return self.cancel_reason


def settle(transaction: Transaction, attempts: Sequence[Attempt]) -> set[int]:
    """Record the attempts in order; returns the ids of those refused because their lease was lost.

    The same settle again, after its answer was lost, is accepted and changes nothing.
    """
    refused: set[int] = set()
    start = 0
    while start < len(attempts):
        end = start
        while end < len(attempts) and isinstance(attempts[end].outcome, Completed):
            end += 1
        together = attempts[start:end]
        if len(together) > 1 and _complete_together(transaction, together):
            start = end
            continue
        for attempt in together or attempts[start : start + 1]:
            if not _settle_one(transaction, attempt):
                refused.add(attempt.lease.job_id)
        start = max(end, start + 1)
    return refused


def _complete_together(transaction: Transaction, attempts: Sequence[Attempt]) -> bool:
    """Complete all of them by one statement; False, and nothing done, if one was not running under its token."""
    rows = [
        ((lease := each.lease).job_id, lease.token, each.outcome.result, each.step_id)  # type: ignore[union-attr]
        for each in attempts
    ]
    by_parent: dict[int, list[int]] = {}
    for parent_id, group in groupby(rows, _PARENT_ID):
        by_parent.setdefault(parent_id, []).extend(map(_JOB_ID, group))
    transaction.load_parents(by_parent)
    if not by_parent.keys() <= transaction.parents.keys():
        return False
    if any(would_trip(transaction.parent(parent_id), len(ids)) for parent_id, ids in by_parent.items()):
        return False
    if not _all_changed(transaction, rows):
        return False
    # The statement found every row below the parent that its attempt named, so these are the rows' own parents.
    for parent_id, ids in by_parent.items():
        parent = transaction.count_parent(transaction.parent(parent_id))
        parent.running -= len(ids)
        parent.completed += len(ids)
        transaction.events.status(parent.run_id, JobState.COMPLETED, ids, parent_id=parent_id)
    for each in attempts:
        if each.children or each.documents or each.logs or each.patches:
            _record(transaction, transaction.parent(each.step_id), each)
    parents = [transaction.parent(parent_id) for parent_id in by_parent]
    transaction.load_parents({parent.run_id for parent in parents if not parent.open})  # they may end with it
    for parent in parents:
        settle_parent(transaction, parent)
    return True


def _all_changed(transaction: Transaction, rows: Sequence[tuple[int, int, str | None, int]]) -> bool:
    connection = transaction.connection
    connection.execute("SAVEPOINT together")
    text = msgspec.json.encode(rows).decode()
    changed = transaction.execute_long(COMPLETE, (transaction.now_ms, text), len(rows)).rowcount == len(rows)
    if not changed:
        connection.execute("ROLLBACK TO together")
    connection.execute("RELEASE together")
    return changed


def _record(transaction: Transaction, parent: ParentRow, attempt: Attempt) -> None:
    """What the attempt leaves besides its outcome."""
    job_id = attempt.lease.job_id
    _record_logs(transaction, parent, attempt)
    if attempt.documents:
        save_documents(transaction, parent.run_id, job_id, attempt.documents)
    if attempt.patches:
        patch_documents(transaction, parent.run_id, job_id, attempt.patches)
    _spawn(transaction, parent, attempt)


def _spawn(transaction: Transaction, parent: ParentRow, attempt: Attempt) -> None:
    """Make the children of an attempt, unless the step takes no more."""
    job_id = attempt.lease.job_id
    if not attempt.children:
        return
    if parent.closing is not None:
        text = f"{len(attempt.children)} child jobs were not made: the step is closing ({parent.reason})"
        transaction.log(parent.run_id, job_id, LogLevel.WARNING, text)
        return
    made = insert_children(transaction, parent, attempt.children, job_id)
    if made and attempt.trace_context is not None:
        ids = msgspec.json.encode(made).decode()
        transaction.connection.execute(_LINK, (attempt.trace_context, ids))
    for child_id in made:
        transaction.events.add("job_spawn", parent.run_id, child_id, {"spawned_by": id_text(job_id)})


def _settle_one(transaction: Transaction, attempt: Attempt) -> bool:
    found = _find(transaction, attempt)
    if found is None or found.token != attempt.lease.token:
        if found is not None:
            text = (
                f"the outcome of an attempt under lease {attempt.lease.token} was refused: the lease was lost"
            )
            text += f" to lease {found.token}"
            transaction.log(found.run_id, attempt.lease.job_id, LogLevel.WARNING, text)
        return False
    if found.state is not JobState.RUNNING:
        return True  # it was settled before, and the answer was lost
    parent = transaction.change_parent(found.parent)
    parent.running -= 1
    ended, failed = parent.counts.finished, parent.failed
    outcome = attempt.outcome
    match outcome:
        case Completed():
            _succeed(transaction, parent, attempt, outcome)
            parent.completed += 1
            _record(transaction, parent, attempt)
        case Failed():
            _fail(transaction, found, attempt, outcome)
        case Cancelled():
            parent.cancelled += 1
            _end(transaction, parent, attempt, Cause.GAVE_UP, error=outcome.reason)
            _record_logs(transaction, parent, attempt)
        case Snoozed():
            cause = Cause.SNOOZED if outcome.delay_ms > 0 else Cause.REPEATED
            _put_back(transaction, found, attempt, cause, delay_ms=outcome.delay_ms, counted=False)
        case Interrupted():
            _put_back(transaction, found, attempt, Cause.GIVEN_BACK, delay_ms=0, counted=False)
    if parent.counts.finished > ended:  # what is only put back is no end to judge by
        judge_tolerance(transaction, parent, failed=parent.failed > failed)
    settle_parent(transaction, parent)
    return True


def _find(transaction: Transaction, attempt: Attempt) -> _Found | None:
    row = transaction.connection.execute(_FIND, (attempt.lease.job_id,)).fetchone()
    if row is None or row[4] is None:
        return None
    state, token, count, limit, parent_id, lane_id, errors, run_id, cancel_reason = row
    parent = transaction.parent(parent_id)
    return _Found(JobState(state), token, count, limit, parent, lane_id, errors, run_id, cancel_reason)


def _fail(transaction: Transaction, found: _Found, attempt: Attempt, outcome: Failed) -> None:
    parent = found.parent
    errors = msgspec.json.decode(found.errors, type=list[AttemptError]) if found.errors else []
    errors = [*errors, outcome.error][-KEPT_ERRORS:]
    text = msgspec.json.encode(errors).decode()
    transaction.connection.execute(
        "UPDATE job SET errors = ?, error = ? WHERE id = ?",
        (text, outcome.error.message, attempt.lease.job_id),
    )
    if not outcome.permanent and found.attempt < found.max_attempts and found.stopping is None:
        cause = Cause.BACKED_OFF if outcome.retry_in_ms > 0 else Cause.REPEATED
        _put_back(transaction, found, attempt, cause, delay_ms=outcome.retry_in_ms, counted=True)
        _spawn(transaction, parent, attempt)  # what is made even if it failed
        return
    _record_logs(transaction, parent, attempt)
    if found.cancel_reason is None:
        _spawn(transaction, parent, attempt)
    if parent.closing is Closing.CANCEL or found.cancel_reason is not None:
        parent.cancelled += 1
        _end(transaction, parent, attempt, Cause.STOPPED, error=found.stopping)
        return
    parent.failed += 1
    _end(transaction, parent, attempt, Cause.SPENT, error=outcome.error.message)


def _put_back(
    transaction: Transaction,
    found: _Found,
    attempt: Attempt,
    cause: Cause,
    *,
    delay_ms: int,
    counted: bool,
) -> None:
    """The job waits for another attempt, or ends ``cancelled`` if its parent takes no more work."""
    parent, job_id = found.parent, attempt.lease.job_id
    _record_logs(transaction, parent, attempt)
    if attempt.logs:
        transaction.crowded.add(job_id)
    if found.stopping is not None:
        parent.cancelled += 1
        _end(transaction, parent, attempt, Cause.STOPPED, error=found.stopping)
        return
    values = (
        job_id,
        found.attempt if counted else found.attempt - 1,
        transaction.now_ms + delay_ms if delay_ms > 0 else None,
    )
    expect(transaction.connection.execute(_PUT_BACK[cause], values), 1)
    state = state_after(cause)
    if state is JobState.SCHEDULED:
        parent.scheduled += 1
        transaction.timed = True
    else:
        parent.pending += 1
        transaction.load_lanes((abs(found.lane_id),))
        queue_again(transaction, found.lane_id)
    transaction.events.status(parent.run_id, state, [job_id], parent_id=parent.id)


def _record_logs(transaction: Transaction, parent: ParentRow, attempt: Attempt) -> None:
    for line in attempt.logs:
        transaction.logs.append(
            (parent.run_id, attempt.lease.job_id, line.at_ms, line.level.value, line.text)
        )


def _succeed(transaction: Transaction, parent: ParentRow, attempt: Attempt, outcome: Completed) -> None:
    job_id = attempt.lease.job_id
    values = (job_id, outcome.result, transaction.now_ms)
    expect(transaction.connection.execute(_SUCCEED, values), 1)
    transaction.events.status(parent.run_id, JobState.COMPLETED, [job_id], parent_id=parent.id)


def _end(
    transaction: Transaction, parent: ParentRow, attempt: Attempt, cause: Cause, *, error: str | None
) -> None:
    job_id = attempt.lease.job_id
    expect(transaction.connection.execute(_END[cause], (job_id, error, transaction.now_ms)), 1)
    data = {"error": error} if error else {}
    transaction.events.status(parent.run_id, state_after(cause), [job_id], parent_id=parent.id, **data)
