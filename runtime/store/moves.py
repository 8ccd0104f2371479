"""The statements that change the state of jobs, made from the table of ``actors/states.py``.

A statement names a cause, never a state: it finds a row only in a state that the table has before that cause, and
leaves it in the one after it. So no statement can take a job another way. Made once, at import.
"""

import sqlite3
from collections.abc import Iterable

from actors.job import JobKind, JobState
from actors.states import MOVES, OPEN, Cause, Move


class IllegalTransitionError(RuntimeError):
    """A verb wanted what the table does not have: its transaction is rolled back."""


MADE: dict[str, Move] = {}
"""Every statement made here, with its line of the table: tests see by it which lines were gone along."""


def one_of(states: Iterable[JobState]) -> str:
    """How SQL asks whether a column is one of them: "= 'running'", "IN ('pending','running')"."""
    texts = [f"'{state.value}'" for state in states]
    return f"= {texts[0]}" if len(texts) == 1 else f"IN ({','.join(texts)})"


def moving(cause: Cause, changes: str, where: str, *, source: str = "", kind: JobKind = JobKind.JOB) -> str:
    """An UPDATE of ``job`` by that cause.

    Args:
        cause: the statement's states are those of its line in the table.
        changes: what else is set, as SQL: "owner = NULL, attempt = attempt + 1".
        where: which jobs, as SQL.
        source: a FROM clause without its FROM, if ``changes`` or ``where`` need one.
        kind: of the rows that are changed.
    """
    move = MOVES[kind, cause]
    origin = f" FROM {source}" if source else ""
    statement = (
        f"UPDATE job SET state = '{move.after.value}', {changes}{origin} WHERE {where}"
        f" AND job.state {one_of(move.before)} /* {cause.value} */"
    )
    MADE[statement] = move
    return statement


def expect(cursor: sqlite3.Cursor, rows: int) -> None:
    """The statement was to change so many rows.

    Raises:
        IllegalTransitionError: it did not: a row is in a state from which there is no such way.
    """
    if cursor.rowcount != rows:
        raise IllegalTransitionError(
            f"{rows - cursor.rowcount} of {rows} jobs changed inside the transaction, or were in another state"
        )


def state_after(cause: Cause, kind: JobKind = JobKind.JOB) -> JobState:
    """The state that the cause leads to."""
    return MOVES[kind, cause].after


PARENT_IS_OPEN = one_of(OPEN[JobKind.STEP])
"""A run or step has not ended; the indexes ``parent_open`` and ``parent_closing`` say it in the same words."""

IS_WAITING = one_of(MOVES[JobKind.JOB, Cause.LEASED].before)
"""A job can be leased; as ``job_ready`` says it."""

IS_RUNNING = one_of((MOVES[JobKind.JOB, Cause.LEASED].after,))
"""A job is leased; as ``job_leased`` says it."""

IS_TIMED = one_of(MOVES[JobKind.JOB, Cause.DUE].before)
"""A job waits for its time; as ``job_due`` says it."""
