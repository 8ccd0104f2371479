"""The nouns: counts add up, states know their ends, every noun survives being encoded."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.documents import DocumentSpec
from actors.job import (
    Attempt,
    AttemptError,
    Cancelled,
    ChildSpec,
    Completed,
    Counts,
    Failed,
    Interrupted,
    Lease,
    LeasedJob,
    LogLevel,
    LogLine,
    Outcome,
    Snoozed,
)


@given(st.lists(st.integers(0, 1000), min_size=6, max_size=6))
def test_open_and_finished_make_up_the_total(numbers: list[int]) -> None:
    counts = Counts(sum(numbers), *numbers)
    assert counts.open + counts.finished == counts.total


def test_the_progress_line_reads_as_people_are_used_to() -> None:
    counts = Counts(108, scheduled=6, pending=60, running=1, completed=41)
    assert counts.text() == "66 pending, 1 running, 41 completed, 0 failed"
    assert Counts(1, cancelled=1).text() == "0 pending, 0 running, 0 completed, 0 failed, 1 cancelled"


def test_a_leased_job_knows_its_lease() -> None:
    job = LeasedJob(7, 3, 2, 1, "work", "{}", None, 1, 3, 1, 0)
    assert job.lease == Lease(7, 3)


@pytest.mark.parametrize(
    "outcome",
    [
        Completed('{"a":1}'),
        Failed(AttemptError("ValueError", "x"), permanent=True),
        Snoozed(5),
        Cancelled("why"),
        Interrupted(),
    ],
)
def test_a_whole_attempt_survives_being_encoded(outcome: Outcome) -> None:
    attempt = Attempt(
        Lease(1 << 62, 2),
        1 << 61,
        outcome,
        (ChildSpec("work", "{}", unique_key="a"),),
        (DocumentSpec("web", "a", None, "T", "b", ("t",), {"n": [1, None]}),),
        (LogLine(1, LogLevel.INFO, "x"),),
    )
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(attempt), type=Attempt) == attempt
    assert msgspec.json.decode(msgspec.json.encode(attempt), type=Attempt) == attempt
