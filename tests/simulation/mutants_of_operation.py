"""Mutants of the verbs of operators and of recovery: cancel, retry, pause, delete, schedules, leases that come back."""

from runtime.store import retention
from runtime.store.verbs import cancel, delete, end, erase, fire, pause, recover, reopen, retry, sweep
from tests.simulation.mutation import Patch, source_of, text_of, texts_of

CANCEL: dict[str, tuple[Patch, ...]] = {
    "a cancel misses all steps but the first": (
        source_of(end.close_run, "open_steps(transaction, run.id)", "open_steps(transaction, run.id)[:1]"),
    ),
    "a cancelled job stays in its lane": (
        source_of(
            cancel._cancel_job, "transaction.change_lane(transaction.lanes[lane_id]).pending -= 1", "pass"
        ),
    ),
    "a cancelled job is not counted": (source_of(cancel._cancel_job, "parent.cancelled += 1", "pass"),),
    "the last job's cancel leaves its step": (
        source_of(cancel._cancel_job, "    settle_parent(transaction, parent)", "    pass"),
    ),
    "the cancel of a running job is not in its row": (
        source_of(
            cancel._cancel_job,
            "SET cancel_reason = coalesce(cancel_reason, ?)",
            "SET error = coalesce(error, ?)",
        ),
    ),
    "the last reason to close wins": (
        source_of(end.close, "parent.closing is not None or parent.ended", "parent.ended"),
    ),
    "the sweep leaves what waits for its time": (
        text_of(sweep, "_WAITING", "AND parent_id = ?1\n", "AND parent_id = -?1\n"),
    ),
    "the sweep leaves paused jobs": (
        text_of(sweep, "_WAITING", "job.lane_id = -lane.id", "job.lane_id = 0"),
    ),
    "the sweep ends no step": (
        source_of(sweep.sweep_parent, "    settle_parent(transaction, parent)", "    pass"),
    ),
    "the sweep leaves the last row": (
        source_of(sweep.sweep_parent, "if not rows:", "rows = rows[1:]\n    if not rows:"),
    ),
    "a closing step is named by who holds its lease": (
        source_of(end.close, 'parent.naming = "idle"', "pass"),
    ),
}

RETRY: dict[str, tuple[Patch, ...]] = {
    "a retry begins no epoch": (texts_of(reopen, "_REOPEN", "epoch = epoch + 1, ", ""),),
    "a retried job keeps its attempts": (texts_of(reopen, "_REOPEN", "attempt = 0, ", ""),),
    "a retried job keeps how often it was lost": (texts_of(reopen, "_REOPEN", "lost = 0, ", ""),),
    "a retry keeps the counts of failures": (
        source_of(reopen._reopen_jobs, "step.failed -= failed", "pass"),
    ),
    "a retry counts nothing as pending": (
        source_of(reopen._reopen_jobs, "step.pending += len(jobs)", "pass"),
    ),
    "a retry puts nothing into lanes": (
        source_of(
            reopen._reopen_jobs, "add_pending(transaction, transaction.lanes[lane_id], number)", "pass"
        ),
    ),
    "a retry starts steps that wait": (source_of(reopen.reopen, "if not row.waiting", "if True"),),
    "nobody waits for what was retried": (source_of(reopen._let_wait, "row.waiting += 1", "pass"),),
    "a page is taken while what it waits for is retried": (
        source_of(reopen._let_wait, 'row.naming, row.naming_owner = "idle", None', "pass"),
    ),
    "a retry wants to open completed jobs": (
        source_of(
            retry._plan,
            "MOVES[JobKind.JOB, Cause.REOPENED].before",
            "(*MOVES[JobKind.JOB, Cause.REOPENED].before, JobState.COMPLETED)",
        ),
    ),
    "a retry leaves what was cancelled": (source_of(retry._plan, " or not failed_only]", "]"),),
    "a retry of failures opens what was cancelled": (
        source_of(retry._plan, "or not failed_only]", "or True]"),
    ),
    "an open run is retried": (source_of(retry.retry, "if not run.ended:", "if False:"),),
    "a retried step goes on closing": (
        source_of(
            reopen._reopen_parents,
            "row.closing = row.reason = row.deadline = None",
            "row.reason = row.deadline = None",
        ),
    ),
    "a retried run counts no open steps": (
        source_of(reopen._reopen_parents, "run.open_steps = len(steps)", "pass"),
    ),
    "a run is retried whose pre-job has failed": (source_of(retry.retry, "if refusal:", "if False:"),),
    "a retry has no event": (
        source_of(
            reopen._reopen_jobs, "for epoch, reopened in by_epoch.items():", "for epoch, reopened in ():"
        ),
    ),
}

RECOVERY: dict[str, tuple[Patch, ...]] = {
    "what a dead runtime held is not given back": (
        source_of(
            recover.bury_owner,
            'give_back(transaction, "owner = ?", (owner,), "its runtime died", lost=True)',
            "0",
        ),
    ),
    "the namings of a dead runtime are not given back": (
        source_of(recover.bury_owner, '_free_namings(transaction, "naming_owner = ?", (owner,))', "pass"),
    ),
    "a dead runtime stays on record": (
        source_of(recover.bury_owner, "leave(transaction.connection, owner)", "pass"),
    ),
    "a lost attempt does not count as lost": (
        source_of(recover.give_back, "times = lost_before + lost", "times = lost_before"),
    ),
    "jobs are lost without end": (
        source_of(recover.give_back, "times > transaction.context.max_lost", "False"),
    ),
    "jobs are lost once too often": (
        source_of(
            recover.give_back,
            "times > transaction.context.max_lost",
            "times > transaction.context.max_lost + 1",
        ),
    ),
    "what was given back is in no lane": (
        source_of(recover.give_back, "queue_again(transaction, lane_id)", "pass"),
    ),
    "what was given back counts as running": (source_of(recover.give_back, "parent.running -= 1", "pass"),),
    "what was given back has no event": (
        source_of(recover.give_back, "for parent_id, ids in returned.items():", "for parent_id, ids in ():"),
    ),
    "what was given back is told of after its step has closed": (
        source_of(recover.give_back, "(stopped or damaged or spent) and parent_id in returned", "False"),
    ),
    "the last job that is lost in a closing step leaves it": (
        source_of(
            recover.give_back,
            "        settle_parent(transaction, transaction.parent(parent_id))",
            "        pass",
        ),
    ),
    "leases of another boot are kept": (
        source_of(recover.expire_leases, "over = boot_id != boot", "over = False"),
    ),
    "the namings of a frozen runtime are kept": (
        source_of(
            recover.expire_leases,
            "if over or heartbeat + transaction.context.lease_ms < transaction.boottime_ms:",
            "if over:",
        ),
    ),
    "a late attempt is accepted after its lease was given back": (
        text_of(recover, "_LOSE", "token = ?2", "token = token + 0 * ?2"),
    ),
}

OPERATE: dict[str, tuple[Patch, ...]] = {
    "a resumed job is in no lane": (
        source_of(pause._resume_job, "add_pending(transaction, lane, 1)", "pass"),
    ),
    "a paused run's steps go on": (
        source_of(pause.pause, "            _set(transaction, step, ITS_RUN)", "            pass"),
    ),
    "a resumed run's steps stay paused": (
        source_of(pause.resume, "paused &= ~ITS_RUN", "paused |= ITS_RUN"),
    ),
    "a job of an open run is deleted": (source_of(delete.delete, "if not run.ended:", "if False:"),),
    "erased jobs are counted still": (
        source_of(erase._erase_jobs, "transaction.count_parent(parent).total -= len(jobs)", "pass"),
    ),
    "a deleted run's key is not free": (source_of(delete.delete, 'if kind == "run":', "if False:"),),
    "what was deleted is not erased": (source_of(erase.erase_some, "if found is None:", "if True:"),),
    "retention does not look at the age": (source_of(retention.expired, "now_ms - days * DAY_MS", "now_ms"),),
    "a schedule fires again and again": (
        source_of(fire._fire, "(next_at, now, due.row))", "(due.at, now, due.row))"),
    ),
    "runs of a schedule overlap": (source_of(fire._fire, "_unended(transaction, due.last_run_id)", "False"),),
    "a paused schedule fires": (text_of(fire, "_DUE", "paused = 0 AND ", ""),),
}

OF_OPERATION = CANCEL | RETRY | RECOVERY | OPERATE
"""All of them."""
