"""The table of states: whole, free of contradictions, and every way of it leads to an end."""

from itertools import product

import pytest

from actors.job import Closing, Counts
from actors.orchestrator.outcome import run_end, step_end
from actors.states import (
    CLOSED_BY,
    LEGAL,
    MOVES,
    OPEN,
    REOPENINGS,
    TABLE,
    TERMINAL,
    Cause,
    JobKind,
    JobState,
    is_legal,
)

ENDS = {"completed", "failed", "cancelled", "completed_with_failures"}


def test_kind_and_cause_name_one_line_and_every_cause_has_one() -> None:
    assert len(MOVES) == len(TABLE)
    assert {move.cause for move in TABLE} == set(Cause)
    assert all(move.meaning for move in TABLE)


def test_what_has_ended_is_not_left_within_its_epoch_and_every_other_state_can_end() -> None:
    assert {state for state in JobState if state.terminal} == TERMINAL == ENDS
    assert not [before for _, before, _ in LEGAL if before in TERMINAL]
    for kind, states in OPEN.items():
        for state in states:
            reached = {state}
            while (
                more := {after for own, before, after in LEGAL if own is kind and before in reached} - reached
            ):
                reached |= more
            assert reached & TERMINAL


def test_only_a_pending_one_can_begin_to_run() -> None:
    found = {(kind, before) for kind, before, after in LEGAL if after is JobState.RUNNING}
    assert found == {(kind, JobState.PENDING) for kind in JobKind}


def test_jobs_alone_wait_for_a_time_and_parents_alone_complete_with_failures() -> None:
    for kind, before, after in LEGAL | REOPENINGS:
        if JobState.SCHEDULED in (before, after):
            assert kind is JobKind.JOB
        if JobState.COMPLETED_WITH_FAILURES in (before, after):
            assert kind is not JobKind.JOB
    assert OPEN[JobKind.RUN] == OPEN[JobKind.STEP] == (JobState.PENDING, JobState.RUNNING)
    assert OPEN[JobKind.JOB] == (JobState.SCHEDULED, JobState.PENDING, JobState.RUNNING)


def test_a_new_epoch_begins_pending_and_only_from_what_has_ended() -> None:
    assert {(before in TERMINAL, after) for _, before, after in REOPENINGS} == {(True, JobState.PENDING)}
    assert (JobKind.JOB, JobState.COMPLETED, JobState.PENDING) not in REOPENINGS
    assert not LEGAL & REOPENINGS


@pytest.mark.parametrize("kind", [JobKind.RUN, JobKind.STEP])
def test_every_reason_to_close_has_an_end_and_only_a_cancel_cancels(kind: JobKind) -> None:
    ends = {closing: MOVES[kind, CLOSED_BY[closing]].after for closing in Closing}
    assert ends.pop(Closing.CANCEL) is JobState.CANCELLED
    assert set(ends.values()) == {JobState.FAILED}


def test_every_end_that_the_pure_decisions_name_is_in_the_table() -> None:
    for completed, failed, cancelled in product((0, 1), repeat=3):
        counts = Counts(completed + failed + cancelled, 0, 0, 0, completed, failed, cancelled)
        for closing, never in product((None, *Closing), (False, True)):
            cause = step_end(counts, closing, closed_by_run_before_it_began=never)
            assert MOVES[JobKind.STEP, cause].after in TERMINAL
    for states in product(sorted(TERMINAL), repeat=2):
        for why in (None, *Closing):
            assert MOVES[JobKind.RUN, run_end(states, why)].after in TERMINAL


def test_whether_a_transition_is_legal_is_asked_of_the_table() -> None:
    assert is_legal(JobKind.JOB, JobState.RUNNING, JobState.SCHEDULED)
    assert not is_legal(JobKind.STEP, JobState.RUNNING, JobState.SCHEDULED)
    assert not is_legal(JobKind.JOB, JobState.FAILED, JobState.PENDING)
    assert is_legal(JobKind.JOB, None, JobState.SCHEDULED)
    assert not is_legal(JobKind.RUN, None, JobState.RUNNING)
