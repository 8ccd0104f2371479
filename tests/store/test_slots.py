"""A runtime never holds more than its slots, and looks wherever there may be work that it has a slot for."""

import pytest

from actors.job import (
    Attempt,
    AttemptError,
    Completed,
    JobDefinition,
    JobKind,
    Lease,
    LeasedJob,
    Page,
    Step,
    StepStart,
)
from actors.messages import NameChildren, NamingFailed, SetDemand, Settle
from runtime.store.commit import Commit
from runtime.store.rows import ParentRow
from runtime.store.slots import Slots

STEP = Step("only", "work")


def leased(job_id: int, token: int) -> LeasedJob:
    return LeasedJob(job_id, token, 1, 1, "work", "{}", None, 1, 3, 1, 0)


def settling(job_id: int, token: int) -> Settle:
    return Settle(1, (Attempt(Lease(job_id, token), 1, Completed()),))


def naming(step_id: int) -> StepStart:
    return StepStart(step_id, 1, 1, None, 1, STEP, JobDefinition("test", "Test", (STEP,)))


def with_one_slot() -> Slots:
    slots = ordered()
    slots.hold([leased(7, token=2)], [], set())
    return slots


def ordered() -> Slots:
    """One slot for work, one for a naming."""
    slots = Slots()
    slots.order(SetDemand({"work": 1}, 1, ("fetch",)))
    return slots


def looked_at() -> Slots:
    """The same, and the last commit found nothing."""
    slots = ordered()
    slots.committed(slots.demand(), [Commit()])
    return slots


def test_what_is_settled_frees_its_slot() -> None:
    slots = with_one_slot()

    slots.release([settling(7, token=2)])

    assert slots.demand().free == {"work": 1}


def test_an_attempt_that_lost_its_lease_frees_no_slot_of_the_next_attempt() -> None:
    slots = with_one_slot()

    assert slots.release([settling(7, token=1)]) == []
    assert slots.demand().free == {"work": 0}


def test_what_a_failed_commit_released_is_held_again() -> None:
    slots = with_one_slot()

    slots.restore(slots.release([settling(7, token=2)]))

    assert slots.demand().free == {"work": 0}


def test_a_job_that_is_leased_again_after_its_lease_was_lost_holds_one_slot() -> None:
    slots = with_one_slot()

    slots.hold([leased(7, token=3)], [], set())
    slots.release([settling(7, token=2), settling(7, token=3)])

    assert slots.demand().free == {"work": 1}


def test_without_an_order_there_is_nothing_to_lease() -> None:
    demand = Slots().demand()

    assert (demand.free, demand.ready, demand.starts, demand.actions) == ({}, set(), 0, ())
    assert not Slots().wanting


def test_an_order_is_looked_for_everywhere_once() -> None:
    slots = ordered()

    demand = slots.demand()
    assert (demand.ready, demand.starts, demand.starts_ready, demand.actions) == (
        {"work"},
        1,
        True,
        ("fetch",),
    )
    slots.committed(demand, [Commit()])
    after = slots.demand()
    assert (after.ready, after.starts_ready, slots.wanting) == (set(), False, False)


def test_a_new_order_is_looked_for_everywhere_again() -> None:
    slots = looked_at()

    slots.order(SetDemand({"work": 1, "other": 2}, 0, ()))

    demand = slots.demand()
    assert (demand.free, demand.ready, demand.starts_ready) == (
        {"work": 1, "other": 2},
        {"work", "other"},
        True,
    )


def test_who_looks_at_everything_asks_for_what_nobody_told_of() -> None:
    demand = looked_at().demand(everything=True)

    assert (demand.ready, demand.starts_ready) == ({"work"}, True)


def test_what_was_told_of_and_has_no_slots_here_is_not_asked_for() -> None:
    slots = looked_at()

    slots.hold([], [], {"work", "foreign"})

    assert slots.demand().ready == {"work"}


def test_who_stops_leases_nothing_more() -> None:
    slots = ordered()

    slots.stop()

    demand = slots.demand(everything=True)
    assert (demand.free, demand.ready, demand.starts, slots.wanting) == ({}, set(), 0, False)


def test_idle_is_who_holds_neither_a_job_nor_a_naming() -> None:
    slots = ordered()
    found = [slots.idle]

    slots.hold([leased(7, token=2)], [], set())
    found.append(slots.idle)

    slots.release([settling(7, token=2)])
    slots.hold([], [naming(5)], set())
    found.append(slots.idle)

    assert found == [True, False, False]


@pytest.mark.parametrize("failed", [False, True])
def test_a_naming_that_is_answered_frees_its_slot(failed: bool) -> None:
    slots = ordered()
    slots.hold([], [naming(5)], set())
    assert (slots.demand().starts, slots.wanting) == (0, True)

    error = AttemptError("ValueError", "no", attempt=1, at_ms=1)
    answer = (
        NamingFailed(naming(5), error, permanent=False, retry_in_ms=1)
        if failed
        else NameChildren(naming(5), Page(()))
    )
    slots.release([answer])

    assert (slots.demand().starts, slots.idle) == (1, True)


def test_another_commit_is_wanted_while_there_may_be_work_and_a_slot_for_it() -> None:
    slots = looked_at()
    slots.hold([], [], {"work"})
    before = slots.wanting

    slots.hold([leased(7, token=2)], [], set())

    assert (before, slots.wanting) == (True, False)


def test_another_commit_is_wanted_while_one_of_several_types_has_a_slot() -> None:
    slots = looked_at()
    slots.order(SetDemand({"work": 1, "other": 1}, 0, ()))
    slots.hold([leased(7, token=2)], [], set())

    assert slots.wanting


def test_another_commit_is_wanted_while_steps_may_be_named_and_one_slot_is_free() -> None:
    slots = looked_at()
    row = ParentRow(5, 1, JobKind.STEP, naming="ready")
    slots.touched([row])
    before = slots.wanting

    slots.hold([], [naming(5)], set())

    assert (before, slots.wanting) == (True, False)


def test_as_many_steps_as_were_asked_for_may_not_be_all() -> None:
    slots = ordered()
    slots.committed(slots.demand(), [Commit(), Commit(starts=[naming(5)])])

    assert slots.demand().starts_ready


def test_who_asked_for_no_steps_has_not_heard_that_there_are_none() -> None:
    slots = ordered()
    slots.hold([], [naming(5)], set())

    slots.committed(slots.demand(), [Commit()])

    assert slots.demand().starts_ready


@pytest.mark.parametrize(
    ("row", "ready", "starts_ready"),
    [
        (ParentRow(5, 1, JobKind.STEP, naming="ready"), set(), True),
        (ParentRow(5, 1, JobKind.STEP, naming="leased", pending=3), set(), False),
        (ParentRow(5, 1, JobKind.STEP, concurrency=2, pending=1), {"work"}, False),
        (ParentRow(5, 1, JobKind.STEP, by_level=1, pending=1), {"work"}, False),
        (ParentRow(5, 1, JobKind.STEP, concurrency=2), set(), False),
        (ParentRow(5, 1, JobKind.STEP, concurrency=2, pending=1, running=2), set(), False),
    ],
)
def test_a_parent_that_changed_tells_where_to_look(
    row: ParentRow, ready: set[str], starts_ready: bool
) -> None:
    slots = looked_at()

    slots.touched([row])

    assert (slots.demand().ready, slots.demand().starts_ready) == (ready, starts_ready)


def test_a_recount_holds_what_the_rows_say_and_looks_everywhere() -> None:
    slots = looked_at()
    slots.hold([leased(7, token=2)], [naming(5)], set())

    slots.recount([])
    assert (slots.idle, slots.demand().free, slots.demand().ready) == (True, {"work": 1}, {"work"})

    slots.recount([leased(8, token=3)])
    assert slots.demand().free == {"work": 0}
