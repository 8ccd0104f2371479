"""Runs and steps have a time limit, counted from when they begin to run."""

import msgspec
import pytest

from actors.job import Closing, Page
from actors.messages import CloseParent, NameChildren
from tests.store.driver import StoreDriver, definition, specs, step


def test_a_step_that_runs_too_long_closes_and_its_waiting_children_are_cancelled(store: StoreDriver) -> None:
    run_id = store.submit(definition(step(timeout_seconds=60)))
    store.commit(NameChildren(store.start(), Page(specs(3))))
    (running,) = store.lease(1)
    store.clock.advance(seconds=59)
    store.tend()
    assert store.state(running.step_id) == "running"
    store.clock.advance(seconds=2)
    store.tend()
    store.sweep()
    assert store.parent(running.step_id)["closing"] == "timeout"
    store.fail(running)
    assert store.states(running.step_id) == ["failed", "cancelled", "cancelled"]
    assert (store.state(running.step_id), store.state(run_id)) == ("failed", "failed")
    assert "timed out after 60 s" in store.column("error", running.step_id)


def test_a_run_that_takes_too_long_ends_failed_with_the_steps_that_never_began_cancelled(
    store: StoreDriver,
) -> None:
    what = msgspec.structs.replace(definition(step("a"), step("b", depends=("a",))), timeout_seconds=30)
    run_id = store.submit(what)
    store.commit(NameChildren(store.start(), Page(specs(1))))
    (running,) = store.lease(1)
    store.clock.advance(seconds=31)
    store.tend()
    store.complete(running)
    assert store.states(run_id) == ["failed", "cancelled"]
    assert store.state(run_id) == "failed"


def test_the_time_before_it_begins_does_not_count(store: StoreDriver) -> None:
    run_id = store.submit(definition(step(timeout_seconds=1)))
    store.clock.advance(seconds=100)
    store.tend()
    store.commit(NameChildren(store.start(), Page(specs(1))))
    store.complete(*store.lease())
    assert store.state(run_id) == "completed"


def test_the_next_deadline_is_what_the_scheduler_waits_for(store: StoreDriver) -> None:
    store.submit(definition(step(timeout_seconds=60)))
    store.start()
    commit, _ = store.tend()
    assert commit.next_due_ms == store.clock.wall_ms() + 60_000


@pytest.mark.parametrize("late", ["run", "step"])
def test_a_time_limit_reaches_what_still_runs_below_a_step_that_was_closing_already(
    store: StoreDriver, late: str
) -> None:
    what = definition(step(timeout_seconds=60 if late == "step" else 0))
    run_id = store.submit(msgspec.structs.replace(what, timeout_seconds=60 if late == "run" else 0))
    store.commit(NameChildren(store.start(), Page(specs(1))))
    (running,) = store.lease(1)
    store.commit(CloseParent(running.step_id, Closing.TOLERANCE, "too much went wrong"))
    store.clock.advance(seconds=59)
    tended = store.tend()[0]
    assert tended.cancelled_jobs == []
    assert (
        tended.next_due_ms == store.clock.wall_ms() + 1000
    )  # it is told when the time is over, not some time later
    store.clock.advance(seconds=2)
    assert store.tend()[0].cancelled_jobs == [running.id]
    assert store.tend()[0].cancelled_jobs == []

    store.fail(running)
    assert store.state(running.id) == "cancelled"
    assert store.rows("SELECT closing, state FROM parent WHERE id = ?", running.step_id) == [
        ("tolerance", "failed")
    ]
    assert store.state(run_id) == "failed"
