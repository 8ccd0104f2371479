"""Mutants of the verbs that carry work out: settle, spawn, page, lease, and the ends of steps and runs."""

from typing import Any

from runtime.store.rows import ParentRow
from runtime.store.slots import Slots
from runtime.store.verbs import begin, children, end, lease, name, settle, submit, take, wake
from tests.simulation.mutation import Patch, source_of, text_of

BLOCKED: Any = ParentRow.__dict__["blocked"].fget

SETTLE: dict[str, tuple[Patch, ...]] = {
    "what completes together is not counted": (
        source_of(settle._complete_together, "parent.running -= len(ids)", "pass"),
    ),
    "what completes together spawns nothing": (
        source_of(
            settle._complete_together, "_record(transaction, transaction.parent(each.step_id), each)", "pass"
        ),
    ),
    "what completes together ends no step": (
        source_of(settle._complete_together, "        settle_parent(transaction, parent)", "        pass"),
    ),
    "a permanent failure is repeated": (source_of(settle._fail, "not outcome.permanent and ", ""),),
    "a cancelled job that fails ends failed": (
        source_of(settle._fail, " or found.cancel_reason is not None", ""),
    ),
    "a snooze counts as an attempt": (
        source_of(
            settle._settle_one,
            "delay_ms=outcome.delay_ms, counted=False",
            "delay_ms=outcome.delay_ms, counted=True",
        ),
    ),
    "an interrupted attempt counts": (
        source_of(settle._settle_one, "delay_ms=0, counted=False", "delay_ms=0, counted=True"),
    ),
    "a job that is put back is in no lane": (
        source_of(settle._put_back, "queue_again(transaction, found.lane_id)", "pass"),
    ),
    "a failed attempt never uses the tolerance up": (
        source_of(
            settle._settle_one, "judge_tolerance(transaction, parent, failed=parent.failed > failed)", "pass"
        ),
    ),
    "the end of a single attempt has no event": (
        source_of(
            settle._succeed,
            "transaction.events.status(parent.run_id, JobState.COMPLETED, [job_id]",
            "dict(x=[job_id]",
        ),
    ),
    "the end of a single attempt has two events": (
        source_of(settle._succeed, "[job_id]", "[job_id, job_id]"),
    ),
    "a single attempt ends no step": (
        source_of(settle._settle_one, "    settle_parent(transaction, parent)", "    pass"),
    ),
    "the result of a single attempt is lost": (text_of(settle, "_SUCCEED", "result = ?2", "result = NULL"),),
    "documents are saved twice": (source_of(settle._record, "attempt.documents)", "attempt.documents * 2)"),),
    "a stale attempt is accepted if its job runs": (
        source_of(
            settle._settle_one, "found.token != attempt.lease.token", "found.token < attempt.lease.token"
        ),
    ),
    "a slot is freed by a stale attempt": (source_of(Slots.release, "found.token == lease.token", "True"),),
}

SPAWN: dict[str, tuple[Patch, ...]] = {
    "unique keys are not looked at": (source_of(children._is_new, "if key in known:", "if False:"),),
    "a step's limit of children is not looked at": (
        source_of(children._admitted, "if len(admitted) >= room and not more:", "if False:"),
    ),
    "a step's limit is one too low": (
        source_of(children._admitted, "len(admitted) >= room", "len(admitted) + 1 >= room"),
    ),
    "children are not in the total": (
        source_of(
            children.insert_children,
            "transaction.count_parent(parent).total += len(rows)",
            "transaction.count_parent(parent)",
        ),
    ),
    "a delay is not waited for": (
        source_of(children.insert_children, "transaction.now_ms + spec.delay_ms if", "transaction.now_ms if"),
    ),
    "a step's retries are not in a budget": (source_of(children.attempts_of, " + parent.max_retries", ""),),
    "pending children are counted twice in a lane": (
        source_of(children.add_pending, "+= number", "+= 2 * number"),
    ),
    "a child has no event": (
        source_of(
            children.insert_children,
            "transaction.events.status(parent.run_id, JobState.PENDING, ready",
            "dict(x=ready",
        ),
    ),
}

PAGE: dict[str, tuple[Patch, ...]] = {
    "the last page leaves its step unnamed": (
        source_of(name.name_children, "parent.named = int(parent.cursor is None)", "parent.named = 0"),
    ),
    "a step whose only page is empty does not end": (
        source_of(name.name_children, "    settle_parent(transaction, parent)", "    pass"),
    ),
    "a full step is asked for more": (
        source_of(name.name_children, "full = 0 < parent.max_children <= parent.total", "full = False"),
    ),
    "the cursor stays where it was": (
        source_of(
            name.name_children,
            "None if full else page.next_cursor",
            "parent.cursor if page.next_cursor else None",
        ),
    ),
    "naming fails for ever": (
        source_of(name.naming_failed, "parent.naming_attempt >= MAX_NAMING_ATTEMPTS", "False"),
    ),
    "naming fails for good one attempt too late": (
        source_of(name.naming_failed, "parent.naming_attempt >= MAX", "parent.naming_attempt > MAX"),
    ),
    "a failed naming is tried again at once": (
        source_of(name.naming_failed, "transaction.now_ms + request.retry_in_ms", "transaction.now_ms"),
    ),
    "a naming that failed for good leaves its step": (
        source_of(name.naming_failed, "        settle_parent(transaction, parent)", "        pass"),
    ),
    "a closing step is named": (source_of(end._wants_page, "parent.closing is None and ", ""),),
    "a waiting step is named": (source_of(end._wants_page, " and not parent.waiting", ""),),
}

LEASE: dict[str, tuple[Patch, ...]] = {
    "a paused step is leased from": (source_of(BLOCKED, "self.paused > 0 or ", ""),),
    "a waiting step is leased from": (source_of(BLOCKED, "self.waiting > 0 or ", ""),),
    "a closing step is leased from": (source_of(BLOCKED, "self.closing is not None or ", ""),),
    "a paused type is leased": (
        source_of(lease.lease_jobs, "job_type in transaction.paused_types", "False"),
    ),
    "the children of a paused step are named": (source_of(lease._ready_steps, " AND paused = 0", ""),),
    "a naming begins before its time": (
        source_of(lease._ready_steps, "naming_at <= ?", "naming_at <= ? + 60000"),
    ),
    "rates are not kept": (
        source_of(
            lease._rate_allows,
            "allowed = not started_at <= now < started_at + lane.rate_ms",
            "allowed = True",
        ),
    ),
    "a lease has no time": (
        source_of(take._mark, "transaction.boottime_ms + context.lease_ms", "transaction.boottime_ms"),
    ),
    "a lease uses a token again": (
        source_of(take._take_lane, "token = transaction.next_token()", "token = transaction.token"),
    ),
    "deeper jobs go first": (
        text_of(take, "_TAKE", "first.priority, first.depth", "first.priority, first.depth DESC"),
        text_of(take, "TAKE_LANES", "first.priority, first.depth", "first.priority, first.depth DESC"),
    ),
    "priorities are not looked at": (
        text_of(take, "_TAKE", "first.priority, ", ""),
        text_of(take, "TAKE_LANES", "first.priority, ", ""),
    ),
    "no job waits for its level": (source_of(take._of_one_level, "depths[0] > running", "False"),),
    "leased jobs are not counted": (source_of(take._count, "parent.running += len(ids)", "pass"),),
    "a lease has no event": (
        source_of(
            take._count, "transaction.events.status(parent.run_id, JobState.RUNNING, ids", "dict(x=ids"
        ),
    ),
    "more is leased than there are slots": (
        source_of(
            Slots._free,
            "self._limits.get(job_type, 0) - self._in_use.get(job_type, 0)",
            "self._limits.get(job_type, 0)",
        ),
    ),
    "a damaged row is run": (source_of(take._intact, "row.crc == ", "row.crc != 0 or row.crc == "),),
    "a step's time limit does not begin": (source_of(begin.mark_running, "if row.timeout_ms:", "if False:"),),
    "a job wakes before its time": (text_of(wake, "_DUE", "not_before <= ?", "not_before <= ? + 250"),),
    "a job that wakes is in no lane": (
        source_of(wake.wake_due, "queue_again(transaction, lane_id)", "pass"),
    ),
    "time limits are not looked at": (source_of(wake.wake_due, "    _close_late(transaction)", "    pass"),),
}

ENDS: dict[str, tuple[Patch, ...]] = {
    "a run ends before its last step": (
        source_of(end.end_run, "run.ended or run.open_steps", "run.ended or run.open_steps > 1"),
    ),
    "a failed step lets its run go on": (
        source_of(end._follow_plan, "decision.close_run is not None", "False"),
    ),
    "a post-job follows a run that failed": (
        source_of(end._release_runs, "if decision is not None:", "if False:"),
    ),
    "a run that ends lets nobody behind it start": (
        source_of(end._release_runs, "row.waiting -= 1", "pass"),
    ),
    "conditions are not looked at": (source_of(end.start_steps, "verdict is None or verdict.holds", "True"),),
    "a step runs that is not enabled": (source_of(end.start_steps, "elif not step.enabled:", "elif False:"),),
    "a pre-job that nobody waits for goes on": (
        source_of(end.end_run, "_drop_pre_runs(transaction, run)", "pass"),
    ),
    "linked runs wait for nobody": (
        source_of(submit.submit, "for wait in request.waits:", "for wait in ():"),
    ),
    "a submit's key is not looked at": (
        source_of(submit.submit, "if known_id is not None:", "if known_id is not None and False:"),
    ),
    "a key is given to another request": (
        source_of(submit.run_of_key, "found[1] != request.fingerprint", "False"),
    ),
    "pages that were staged under another's key are kept": (
        source_of(submit.run_of_key, "DELETE FROM staged_page WHERE run_id = ?", "SELECT ?"),
    ),
}

OF_WORK = SETTLE | SPAWN | PAGE | LEASE | ENDS
"""All of them."""
