"""The statements that change the state of jobs: made from the table, by rowid, and there are no others."""

import re
from typing import Any

import pytest

from actors.job import JobKind, JobState
from actors.states import MOVES, TABLE, Cause
from runtime.store import actor  # noqa: F401 (with it every verb is there)
from runtime.store.moves import (
    IS_RUNNING,
    IS_TIMED,
    IS_WAITING,
    MADE,
    PARENT_IS_OPEN,
    IllegalTransitionError,
    moving,
    one_of,
)
from runtime.store.rows import ParentRow
from runtime.store.schema import MIGRATIONS
from runtime.store.transaction import Transaction
from tests.store.driver import StoreDriver, specs

MADE_OF_A_ROW = {Cause.NAMED, Cause.DELAYED, Cause.SUBMITTED}


def test_every_line_of_a_job_is_one_that_a_verb_goes_along() -> None:
    lines = {move for move in TABLE if move.kind is JobKind.JOB and move.cause not in MADE_OF_A_ROW}
    assert {move for move in MADE.values() if move.kind is JobKind.JOB} == lines


def test_the_schema_allows_the_states_of_the_table_and_its_indexes_say_them_in_the_same_words() -> None:
    first = MIGRATIONS[0]
    for checked in re.findall(r"CHECK \(state IN \(([^)]*)\)\)", first):
        assert set(checked.replace("'", "").split(",")) == set(JobState)
    indexes = dict(re.findall(r"INDEX (\w+) ON .*? WHERE (.*?);", first))
    assert indexes["job_ready"] == f"state {IS_WAITING}"
    assert indexes["job_leased"] == f"state {IS_RUNNING}"
    assert indexes["job_due"] == f"state {IS_TIMED}"
    assert indexes["parent_open"] == f"state {PARENT_IS_OPEN}"
    assert indexes["parent_closing"] == f"closing IS NOT NULL AND state {PARENT_IS_OPEN}"


@pytest.mark.parametrize("statement", sorted(MADE))
def test_a_statement_finds_its_jobs_by_their_ids(statement: str, store: StoreDriver) -> None:
    parameters: list[Any] = [None] * max(
        map(int, re.findall(r"\?(\d)", statement)), default=statement.count("?")
    )
    plan = [row[3] for row in store.file.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
    assert any(text.startswith("SEARCH job USING INTEGER PRIMARY KEY") for text in plan), plan


@pytest.mark.parametrize("cause", sorted({move.cause for move in MADE.values()}))
def test_a_statement_leaves_alone_what_is_in_another_state(cause: Cause, store: StoreDriver) -> None:
    store.run_with(*specs(1))
    (job,) = store.lease()
    connection, move = store.file.connection, MOVES[JobKind.JOB, cause]
    statement = moving(cause, "attempt = attempt", "id = ?")
    MADE.pop(statement)
    for state in set(JobState) - {JobState.COMPLETED_WITH_FAILURES}:
        connection.execute("BEGIN")
        connection.execute("UPDATE job SET state = ? WHERE id = ?", (state, job.id))
        assert connection.execute(statement, (job.id,)).rowcount == (state in move.before)
        after = connection.execute("SELECT state FROM job WHERE id = ?", (job.id,)).fetchone()[0]
        assert after == (move.after if state in move.before else state)
        connection.execute("ROLLBACK")


@pytest.mark.parametrize("move", [move for move in TABLE if move.kind is not JobKind.JOB], ids=str)
def test_a_run_or_step_goes_only_along_the_table(move: Any, store: StoreDriver) -> None:
    if move.cause in MADE_OF_A_ROW:
        return
    context, clock = store.file.committer.context, store.clock
    for state in JobState:
        store.file.connection.execute("BEGIN")
        transaction = Transaction(
            store.file.connection, context, clock.wall_ms(), 0, store.file.committer.precedence
        )
        row = ParentRow(1, 1, move.kind, state)
        if state in move.before:
            transaction.transition(row, move.cause)
            assert row.state is move.after
        else:
            with pytest.raises(IllegalTransitionError, match=f"{move.kind} 1 is {state}"):
                transaction.transition(row, move.cause)
            assert row.state is state
        store.file.connection.execute("ROLLBACK")


def test_states_are_told_to_sql_as_its_indexes_know_them() -> None:
    assert one_of((JobState.RUNNING,)) == "= 'running'"
    assert one_of((JobState.PENDING, JobState.RUNNING)) == "IN ('pending','running')"
