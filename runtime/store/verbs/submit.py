"""A run with all its steps, whole or not at all; and the pages of children that are staged before it."""

import msgspec

from actors.job import JobDefinition, JobState, OnError, Step
from actors.messages import StagedPage, Submit
from runtime.store.checksum import job_checksum
from runtime.store.transaction import Transaction
from runtime.store.verbs.end import end_run, start_steps

_INSERT_JOBS = """
INSERT INTO job (id, root_id, parent_id, kind, type, name, payload, crc, state, priority, created_at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
       'pending', ?1, ?2
FROM json_each(?3)
"""
_INSERT_PARENTS = """
INSERT INTO parent (id, run_id, kind, action, timeout_ms, open_steps, waiting, concurrency, on_error, max_retries,
                    tolerance, priority)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7,
       value ->> 8, value ->> 9, value ->> 10, ?1
FROM json_each(?2)
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
    _insert_rows(transaction, request, steps)
    if request.page is not None:
        stage_page(transaction, run_id, request.page)
    transaction.events.status(run_id, JobState.PENDING, [run_id])
    transaction.events.status(run_id, JobState.PENDING, list(steps.values()), parent_id=run_id)
    transaction.load_parents((run_id, *steps.values()))
    rows = [transaction.parent(step_id) for step_id in steps.values()]
    for row in rows:
        row.served = transaction.turn
        transaction.change_parent(row)
    known = {steps[step.name]: step for step in definition.steps}
    start_steps(transaction, [row.id for row in rows if row.waiting == 0], known)
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


def _insert_rows(transaction: Transaction, request: Submit, steps: dict[str, int]) -> None:
    """The run and its steps, each in ``job`` and in ``parent``, and who waits for whom."""
    connection, definition, run_id = transaction.connection, request.definition, request.run_id
    text = msgspec.json.encode(definition).decode()
    jobs = [_job_row(run_id, run_id, None, ("run", definition.id, definition.name), text)]
    parents: list[tuple[object, ...]] = [
        (run_id, run_id, "run", "", _ms(definition.timeout_seconds), len(steps), 0, 0, OnError.FAIL, 0, None)
    ]
    for step in definition.steps:
        step_id, text = steps[step.name], msgspec.json.encode(step).decode()
        jobs.append(_job_row(step_id, run_id, run_id, ("step", step.action, step.name), text))
        parents.append(
            (step_id, run_id, "step", step.action, _ms(step.timeout_seconds), 0, *_life(step, definition))
        )
    connection.execute(
        _INSERT_JOBS, (definition.priority, transaction.now_ms, msgspec.json.encode(jobs).decode())
    )
    connection.execute(_INSERT_PARENTS, (definition.priority, msgspec.json.encode(parents).decode()))
    for step in definition.steps:
        for needed in dict.fromkeys(step.depends):
            connection.execute("INSERT INTO dependency VALUES (?, ?)", (steps[step.name], steps[needed]))


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _life(step: Step, definition: JobDefinition) -> tuple[object, ...]:
    """What the decisions about a step need: waiting, concurrency, on_error, max_retries, tolerance."""
    tolerance = step.error_tolerance or definition.error_tolerance
    return (
        len(set(step.depends)),
        step.concurrency,
        step.on_error,
        step.max_retries if step.on_error is OnError.RETRY else 0,
        None if tolerance is None else msgspec.json.encode(tolerance).decode(),
    )


def _job_row(
    job_id: int, run_id: int, parent_id: int | None, identity: tuple[str, str, str], payload: str
) -> tuple[object, ...]:
    """``identity`` is kind, type and name."""
    checksum = job_checksum(job_id, parent_id, identity[1], payload)
    return (job_id, run_id, parent_id, *identity, payload, checksum)
