"""Which steps are given to their managers for the next page of children, and in which order."""

import pytest

from actors.job import Closing
from tests.store.driver import StoreDriver, definition, specs, step


def test_a_step_that_a_damaged_one_closes_is_not_started_with_it(store: StoreDriver) -> None:
    """Both were ready in the same commit; the end of the first one fails their run."""
    run_id = store.submit(definition(step("a"), step("b")))
    store.damage(store.steps(run_id)["a"], "payload", "{}")
    assert store.commit(starts=2).starts == []
    assert store.state(run_id) == "failed"
    assert store.status_events(store.steps(run_id)["b"]) == ["pending", "cancelled"]


def test_a_damaged_step_costs_nobody_the_start(store: StoreDriver) -> None:
    damaged = [store.submit() for _ in range(3)]
    for run_id in damaged:
        store.damage(store.steps(run_id)["only"], "payload", "{}")
    good = [store.submit() for _ in range(3)]
    assert [start.run_id for start in store.commit(starts=2).starts] == good[:2]
    assert [start.run_id for start in store.commit(starts=9).starts] == good[2:]
    assert [store.parent(run_id)["closing"] for run_id in damaged] == [Closing.FAILED] * 3


def test_steps_start_by_priority_and_those_of_one_priority_in_turns(store: StoreDriver) -> None:
    """Whatever their actions are."""
    late, *runs = (
        store.submit(definition(step(action=action), priority=priority))
        for action, priority in (("act", 1), ("fan_out", 0), ("act", 0), ("fan_out", 0))
    )
    order = []
    for page in range(3 * 2):
        start = store.start()
        order.append(start.run_id)
        store.name(start, *specs(1), cursor=str(page))
    assert sorted(order[:3]) == runs
    assert order[3:] == order[:3]
    for run_id in runs:
        store.cancel(run_id)
    assert store.start().run_id == late


def test_a_start_carries_what_its_manager_needs(store: StoreDriver) -> None:
    what = definition(step("a", config={"n": 1}), step("b"))
    run_id = store.submit(what)
    first, other = store.commit(starts=2).starts
    assert [start.step for start in (first, other)] == list(what.steps)
    assert (first.run_id, first.definition, first.cursor, first.attempt) == (run_id, what, None, 1)
    assert other.token == first.token + 1
    store.name(first, *specs(1), cursor="2")
    again = store.start()
    assert (again.step_id, again.cursor, again.attempt) == (first.step_id, "2", 1)
    row = store.parent(first.step_id)
    assert (row["naming"], row["naming_owner"], row["token"]) == ("leased", store.file.owner, again.token)


def test_only_steps_of_the_actions_that_are_asked_for_start(store: StoreDriver) -> None:
    store.submit(definition(step(action="elsewhere")))
    mine = store.submit()
    assert [start.run_id for start in store.commit(starts=9).starts] == [mine]
    assert store.commit(starts=9, actions=()).starts == []
    (start,) = store.commit(starts=9, actions=("elsewhere",)).starts
    assert start.step.action == "elsewhere"


@pytest.mark.parametrize("slots", [0, -1])
def test_without_room_no_step_starts(store: StoreDriver, slots: int) -> None:
    store.submit()
    assert store.commit(starts=slots).starts == []
    assert store.start().attempt == 1
