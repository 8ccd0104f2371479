"""A run with all its steps, whole or not at all; and the pages of children that are staged before it."""

import msgspec

from actors.job import JobDefinition, JobState, OnError, Step
from actors.messages import StagedPage, Submit
from runtime.store.checksum import job_checksum
from runtime.store.transaction import Transaction
from runtime.store.verbs.end import end_run, start_steps

_INSERT_JOB = """
INSERT INTO job (id, root_id, parent_id, kind, type, name, state, priority, payload, crc, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_INSERT_PARENT = """
INSERT INTO parent (id, run_id, kind, action, priority, open_steps, waiting, concurrency, on_error, max_retries,
                    tolerance)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class UnknownStepError(ValueError):
    """The steps' names and dependencies make no plan: the definition was not checked."""


def submit(transaction: Transaction, request: Submit) -> tuple[int, bool]:
    """Write the run; returns its id, and False if the submit key already had one.

    Raises:
        UnknownStepError: the definition was not checked; nothing was written.
    """
    connection, definition = transaction.connection, request.definition
    _check_plan(definition)
    if request.submit_key is not None:
        known = connection.execute(
            "SELECT run_id FROM submit_key WHERE key = ?", (request.submit_key,)
        ).fetchone()
        if known is not None:
            if (
                known[0] != request.run_id
            ):  # else it is the same request again, and the pages are the run's own
                connection.execute("DELETE FROM staged_page WHERE run_id = ?", (request.run_id,))
            return known[0], False
        connection.execute(
            "INSERT INTO submit_key (key, run_id) VALUES (?, ?)", (request.submit_key, request.run_id)
        )
    elif connection.execute("SELECT 1 FROM parent WHERE id = ?", (request.run_id,)).fetchone() is not None:
        return request.run_id, False  # the same request again: its answer was lost
    run_id = request.run_id
    steps = dict(zip((step.name for step in definition.steps), request.step_ids, strict=True))
    text = msgspec.json.encode(definition).decode()
    run = (run_id, run_id, None, "run", definition.id, definition.name)
    _insert_job(transaction, run, definition.priority, text)
    connection.execute(
        _INSERT_PARENT,
        (run_id, run_id, "run", "", definition.priority, len(steps), 0, 0, OnError.FAIL, 0, None),
    )
    for step in definition.steps:
        _insert_step(transaction, request, step, steps)
    if request.page is not None:
        stage_page(transaction, run_id, request.page)
    transaction.events.status(run_id, JobState.PENDING, [run_id])
    transaction.events.status(run_id, JobState.PENDING, list(steps.values()), parent_id=run_id)
    transaction.load_parents((run_id, *steps.values()))
    rows = [transaction.parent(step_id) for step_id in steps.values()]
    for row in rows:
        row.served = transaction.turn
        transaction.change_parent(row)
    start_steps(transaction, [row.id for row in rows if row.waiting == 0])
    end_run(transaction, transaction.parent(run_id))  # one without steps ends at once
    return run_id, True


def stage_page(transaction: Transaction, run_id: int, page: StagedPage) -> None:
    """Keep a page for the run that will be submitted; pages of a submitter that died are removed with its owner."""
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


def _insert_step(transaction: Transaction, request: Submit, step: Step, steps: dict[str, int]) -> None:
    definition, step_id = request.definition, steps[step.name]
    tolerance = step.error_tolerance or definition.error_tolerance
    text = msgspec.json.encode(step).decode()
    row = (step_id, request.run_id, request.run_id, "step", step.action, step.name)
    _insert_job(transaction, row, definition.priority, text)
    transaction.connection.execute(
        _INSERT_PARENT,
        (
            step_id,
            request.run_id,
            "step",
            step.action,
            definition.priority,
            0,
            len(set(step.depends)),
            step.concurrency,
            step.on_error,
            step.max_retries if step.on_error is OnError.RETRY else 0,
            None if tolerance is None else msgspec.json.encode(tolerance).decode(),
        ),
    )
    for needed in dict.fromkeys(step.depends):
        transaction.connection.execute("INSERT INTO dependency VALUES (?, ?)", (step_id, steps[needed]))


def _insert_job(
    transaction: Transaction, row: tuple[int, int, int | None, str, str, str], priority: int, payload: str
) -> None:
    """Insert (id, root, parent, kind, type, name) as a pending job."""
    checksum = job_checksum(row[0], row[2], row[4], payload)
    transaction.connection.execute(
        _INSERT_JOB, (*row, JobState.PENDING, priority, payload, checksum, transaction.now_ms)
    )
