"""An operator's retry: of an ended run, or of a step or a job of one, what has not completed is opened again.

One transaction, a new epoch of whatever is opened, attempts and tolerance counted anew. Completed jobs are never run
again. Everything said of ends holds for each job and epoch.
"""

from collections.abc import Sequence

import msgspec

from actors.ids import id_text
from actors.job import JobKind, JobState, LogLevel, OnError, WaitRole
from actors.orchestrator.plan import NOT_RUN, after_run_end
from actors.orchestrator.reopen import EndedStep, steps_to_reopen
from actors.states import MOVES, Cause
from runtime.store.moves import one_of
from runtime.store.rows import ParentRow
from runtime.store.transaction import Transaction
from runtime.store.verbs.cancel import UnknownJobError
from runtime.store.verbs.condition import SKIPPED
from runtime.store.verbs.reopen import Ended, ended_job, ended_jobs, reopen

_KEPT = "id NOT IN (SELECT id FROM deletion)"
_STEPS = f"SELECT json_group_array(id) FROM parent WHERE run_id = ? AND kind = 'step' AND {_KEPT}"
_NEEDS = """
SELECT json_group_array(json_array(step_id, needs_id)) FROM dependency
WHERE step_id IN (SELECT value FROM json_each(?)) AND role = 'step'
"""
_AWAITED = """
SELECT DISTINCT job.id, job.type, job.state, dependency.role FROM dependency JOIN job ON job.id = needs_id
WHERE step_id IN (SELECT value FROM json_each(?)) AND role <> 'step' ORDER BY job.id
"""
_GIVEN_UP = one_of((MOVES[JobKind.RUN, Cause.CLOSED_BY_CANCEL].after,))
_POST_RUNS = f"""
SELECT DISTINCT run.id FROM dependency JOIN parent AS step ON step.id = step_id
    JOIN parent AS run ON run.id = step.run_id
WHERE needs_id = ? AND role = 'post' AND run.state {_GIVEN_UP} AND run.reason LIKE '{NOT_RUN}:%'
    AND run.{_KEPT} ORDER BY run.id
"""


class NotRetriableError(Exception):
    """There is nothing to retry, or not now. ``hint`` tells what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class Retried(msgspec.Struct, frozen=True):
    """What was opened again."""

    run_id: int
    jobs: int
    state: JobState  # of what was retried, now


def retry(transaction: Transaction, job_id: int, *, failed_only: bool) -> Retried:
    """Open the run, step or job again; with ``failed_only`` what was cancelled stays so.

    Raises:
        UnknownJobError: there is no such job.
        NotRetriableError: it has not ended, or there is nothing to retry; nothing was changed.
    """
    transaction.flush()
    found = transaction.connection.execute(
        "SELECT kind, root_id, parent_id FROM job WHERE id = ?", (job_id,)
    ).fetchone()
    if found is None or not transaction.exists(found[1]):
        raise UnknownJobError(job_id)
    kind, run = JobKind(found[0]), transaction.parent(found[1])
    if not run.ended:
        raise NotRetriableError(
            f"run {id_text(run.id)} is {run.state}: only what has ended can be retried",
            "wait for its end, or cancel it first",
        )
    target = {JobKind.RUN: None, JobKind.STEP: job_id, JobKind.JOB: found[2]}[kind]
    only = job_id if kind is JobKind.JOB else None
    opened = _plan(transaction, run, target, failed_only=failed_only, only=only)
    if not opened:
        what = "failed" if failed_only else "failed or was cancelled"
        raise NotRetriableError(
            f"there is nothing to retry: nothing of {kind} {id_text(job_id)} {what}",
            "`quaero rerun` makes a new run of what has completed",
        )
    refusal = _awaited_undone(transaction, opened)
    if refusal:
        raise NotRetriableError(f"{refusal}, and what waits for it can not go on", "retry that run first")
    reopen(transaction, run, opened)
    transaction.log(run.id, job_id, LogLevel.INFO, "retried: failed jobs only" if failed_only else "retried")
    jobs = sum(len(ended) for _, ended in opened)
    _reopen_post_runs(transaction, run.id)
    state = JobState.PENDING if only is not None else transaction.parent(job_id).state
    return Retried(run.id, jobs, state)


def _plan(
    transaction: Transaction,
    run: ParentRow,
    target: int | None,
    *,
    failed_only: bool,
    only: int | None = None,
) -> list[tuple[ParentRow, list[Ended]]]:
    """The steps to open again, each with its jobs; none if there is nothing to retry."""
    reopened = MOVES[JobKind.JOB, Cause.REOPENED].before
    states = [state for state in reopened if state is JobState.FAILED or not failed_only]
    chosen = None if only is None else ended_job(transaction, only, states)
    if chosen == []:
        return []
    rows = {row.id: row for row in _steps(transaction, run.id)}
    ended = _ended_steps(transaction, list(rows.values()))
    wanted = steps_to_reopen(ended, target, failed_only=failed_only, whole=only is None)
    return [
        (
            rows[step_id],
            (chosen if step_id == target else [])
            if chosen is not None
            else _jobs_of(transaction, rows[step_id], states),
        )
        for step_id in sorted(wanted)
    ]


def _jobs_of(transaction: Transaction, step: ParentRow, states: list[JobState]) -> list[Ended]:
    some = step.failed or (step.cancelled and JobState.CANCELLED in states)
    return ended_jobs(transaction, step.id, states) if some else []


def _steps(transaction: Transaction, run_id: int) -> list[ParentRow]:
    found = transaction.connection.execute(_STEPS, (run_id,)).fetchone()[0]
    ids = sorted(msgspec.json.decode(found, type=list[int]))
    transaction.load_parents(ids)
    return [transaction.parent(step_id) for step_id in ids]


def _ended_steps(transaction: Transaction, rows: Sequence[ParentRow]) -> list[EndedStep]:
    ids = msgspec.json.encode([row.id for row in rows]).decode()
    found = transaction.connection.execute(_NEEDS, (ids,)).fetchone()[0]
    needs: dict[int, list[int]] = {}
    for step_id, needed in msgspec.json.decode(found, type=list[tuple[int, int]]):
        needs.setdefault(step_id, []).append(needed)
    return [
        EndedStep(
            id=row.id,
            state=row.state,
            closing=row.closing,
            total=row.total,
            failed=row.failed,
            cancelled=row.cancelled,
            named=bool(row.named),
            skipped=(row.reason or "").startswith(SKIPPED),
            may_fail=row.on_error is OnError.CONTINUE,
            needs=tuple(needs.get(row.id, ())),
        )
        for row in rows
    ]


def _awaited_undone(transaction: Transaction, opened: Sequence[tuple[ParentRow, list[Ended]]]) -> str:
    """Why one of these steps could not begin although nothing it waits for is open; "" if there is no such reason."""
    ids = msgspec.json.encode([row.id for row, _ in opened]).decode()
    for run_id, definition_id, state, role in transaction.connection.execute(_AWAITED, (ids,)).fetchall():
        subject = f"{definition_id!r} (run {id_text(run_id)})"
        decision = after_run_end(JobState(state), WaitRole(role), subject)
        if decision is not None:
            return decision.reason
    return ""


def _reopen_post_runs(transaction: Transaction, run_id: int) -> None:
    """Those that were to follow and were given up with it wait for it again, and so on."""
    reopened = [run_id]
    for awaited_id in reopened:  # grows as it is walked
        transaction.flush()  # one that follows two of these comes back with the first, and is found but once
        for (post_id,) in transaction.connection.execute(_POST_RUNS, (awaited_id,)).fetchall():
            run = transaction.parent(post_id)
            opened = _plan(transaction, run, None, failed_only=False)
            if opened and not _awaited_undone(transaction, opened):
                reopen(transaction, run, opened)
                reopened.append(post_id)
