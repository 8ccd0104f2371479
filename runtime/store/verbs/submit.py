"""A run with its steps and the runs linked with it, whole or not at all; and the pages that are staged before it."""

import msgspec

from actors.job import JobDefinition, JobKind, JobState, OnError, Step
from actors.messages import LinkedRun, RerunJob, RunWait, StagedPage, Submit
from runtime.store.checksum import job_checksum
from runtime.store.rows import ParentRow
from runtime.store.transaction import Transaction
from runtime.store.verbs.begin import mark_running
from runtime.store.verbs.children import insert_page
from runtime.store.verbs.end import end_run, settle_parent, start_steps


class SubmitKeyTakenError(ValueError):
    """The submit key came with another request before, which made the run ``run_id``."""

    def __init__(self, key: str, run_id: int) -> None:
        super().__init__(f"the key {key!r:.200} is that of another request")
        self.key = key
        self.run_id = run_id


class UnknownStepError(ValueError):
    """The steps' names and dependencies make no plan: the definition was not checked."""


def submit(transaction: Transaction, request: Submit) -> tuple[int, bool]:
    """Write the run; returns its id, and False if the submit key already had one.

    Raises:
        UnknownStepError: the definition was not checked; nothing was written.
        SubmitKeyTakenError: the submit key is another request's; pages that were staged for this one are gone.
    """
    connection, definition = transaction.connection, request.definition
    runs = (LinkedRun(definition, request.run_id, request.step_ids), *request.linked)
    for each in runs:
        _check_plan(each.definition)
    if request.submit_key is not None:
        known_id = run_of_key(transaction, request)
        if known_id is not None:
            return known_id, False
    if transaction.exists(request.run_id):
        return (
            request.run_id,
            False,
        )  # the same request again: its answer was lost, and its key may be free by now
    if request.submit_key is not None:
        connection.execute(
            "INSERT INTO submit_key (key, run_id, fingerprint) VALUES (?, ?, ?)",
            (request.submit_key, request.run_id, request.fingerprint),
        )
    known = {
        step_id: step
        for each in runs
        for step_id, step in zip(each.step_ids, each.definition.steps, strict=True)
    }
    rows = [
        row
        for each in runs
        for row in _add_rows(
            transaction,
            each,
            request.trace_context if each.run_id == request.run_id else request.linked_trace_context,
        )
    ]
    for wait in request.waits:
        _wait_for_run(transaction, wait, rows)
    start_steps(transaction, [row.id for row in rows if row.waiting == 0], known)
    if request.page is not None:
        _take_in(transaction, request.page, rows[0], definition.steps[0])
    for each in runs:
        if not each.step_ids:  # it ends at once
            start_steps(transaction, end_run(transaction, transaction.parent(each.run_id)), known)
    return request.run_id, True


def run_of_key(transaction: Transaction, request: Submit | RerunJob) -> int | None:
    """The run that the submit key of the request stands for already; None if it is free.

    Raises:
        SubmitKeyTakenError: it is another request's.
    """
    found = transaction.connection.execute(
        "SELECT run_id, fingerprint FROM submit_key WHERE key = ?", (request.submit_key,)
    ).fetchone()
    if found is None:
        return None
    run_id: int = found[0]
    if run_id != request.run_id:  # else it is the same request again, and the pages are the run's own
        transaction.connection.execute("DELETE FROM staged_page WHERE run_id = ?", (request.run_id,))
        if None not in {found[1], request.fingerprint} and found[1] != request.fingerprint:
            raise SubmitKeyTakenError(request.submit_key or "", run_id)
    return run_id


def _wait_for_run(transaction: Transaction, wait: RunWait, rows: list[ParentRow]) -> None:
    """The steps of a run wait for the end of another run: all, since a first one may be cancelled by itself."""
    for row in rows:
        if row.run_id == wait.run_id:
            row.waiting += 1
            transaction.connection.execute(
                "INSERT INTO dependency (step_id, needs_id, role) VALUES (?, ?, ?)",
                (row.id, wait.needs_id, wait.role),
            )


def _take_in(transaction: Transaction, page: StagedPage, parent: ParentRow, step: Step) -> None:
    """All children came with the submit: they are named at once if the step may begin, else they are kept for it."""
    if parent.naming != "ready":
        if not parent.ended:
            _keep(transaction, parent.run_id, page)
        return
    mark_running(transaction, parent)
    insert_page(transaction, parent, page.rows, step.config)
    parent.naming, parent.named = "idle", 1
    settle_parent(transaction, parent)


def stage_page(transaction: Transaction, run_id: int, page: StagedPage) -> None:
    """Keep a page for the run that will be submitted; pages of a submitter that died are removed with its owner.

    Once the run is there it has all its pages: this one was staged before, and the answer was lost.
    """
    if not transaction.exists(run_id):
        _keep(transaction, run_id, page)


def _keep(transaction: Transaction, run_id: int, page: StagedPage) -> None:
    transaction.connection.execute(
        "INSERT OR REPLACE INTO staged_page (run_id, number, owner, children, rows) VALUES (?, ?, ?, ?, ?)",
        (run_id, page.number, transaction.context.owner, page.children, page.rows),
    )


def _check_plan(definition: JobDefinition) -> None:
    """Refuse what could never end: the loader has checked files, but a definition made in code comes here as it is."""
    waiting = {step.name: set(step.depends) for step in definition.steps}
    if len(waiting) < len(definition.steps):
        raise UnknownStepError(f"definition {definition.id!r} has two steps of one name")
    for name, needed in waiting.items():
        missing = sorted(needed - waiting.keys())
        if missing:
            raise UnknownStepError(
                f"step {name!r} depends on {missing[0]!r}, which definition {definition.id!r} lacks"
            )
    while free := [name for name, needed in waiting.items() if not needed & waiting.keys()]:
        for name in free:
            del waiting[name]
    if waiting:
        raise UnknownStepError(
            f"the steps {', '.join(map(repr, sorted(waiting)))} wait for each other in a circle"
        )


def _add_rows(transaction: Transaction, new: LinkedRun, trace_context: str | None) -> list[ParentRow]:
    """The run and its steps, and who waits for whom; returns the steps' rows."""
    definition, run_id = new.definition, new.run_id
    steps = dict(zip((step.name for step in definition.steps), new.step_ids, strict=True))
    text = msgspec.json.encode(definition).decode()
    run = ParentRow(
        id=run_id,
        run_id=run_id,
        kind=JobKind.RUN,
        priority=definition.priority,
        open_steps=len(steps),
        timeout_ms=_ms(definition.timeout_seconds),
    )
    transaction.add_parent(
        run, _job_row(run, None, definition.id, definition.name, text, trace_context=trace_context)
    )
    rows = []
    for step in definition.steps:
        row = _step_row(steps[step.name], run_id, step, definition)
        row.served = transaction.turn
        text = msgspec.json.encode(step).decode()
        transaction.add_parent(row, _job_row(row, run_id, step.action, step.name, text))
        rows.append(row)
        for needed in dict.fromkeys(step.depends):
            transaction.connection.execute(
                "INSERT INTO dependency (step_id, needs_id) VALUES (?, ?)", (row.id, steps[needed])
            )
    transaction.events.status(run_id, JobState.PENDING, [run_id])
    transaction.events.status(run_id, JobState.PENDING, list(steps.values()), parent_id=run_id)
    return rows


def _step_row(step_id: int, run_id: int, step: Step, definition: JobDefinition) -> ParentRow:
    tolerance = step.error_tolerance or definition.error_tolerance
    return ParentRow(
        id=step_id,
        run_id=run_id,
        kind=JobKind.STEP,
        action=step.action,
        priority=definition.priority,
        waiting=len(set(step.depends)),
        concurrency=step.concurrency,
        timeout_ms=_ms(step.timeout_seconds),
        on_error=step.on_error,
        max_retries=step.max_retries if step.on_error is OnError.RETRY else 0,
        tolerance=None if tolerance is None else msgspec.json.encode(tolerance).decode(),
    )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _job_row(
    row: ParentRow,
    parent_id: int | None,
    job_type: str,
    name: str,
    payload: str,
    *,
    trace_context: str | None = None,
) -> tuple[object, ...]:
    checksum = job_checksum(row.id, parent_id, job_type, payload)
    facts = (row.id, row.run_id, parent_id, row.kind, job_type, name, payload, checksum, row.priority)
    return (*facts, trace_context)
