"""Whoever puts something off says when it is due, in that very commit: nobody else looks before the next heartbeat."""

import msgspec
import pytest

from actors.job import Page, Snoozed
from actors.messages import NameChildren, Settle
from actors.seams import ManualClock
from runtime.store.verbs import wake
from tests.store.driver import StoreDriver, definition, failed, spec, specs, step


def test_a_commit_that_puts_something_off_tells_when_it_is_due(
    store: StoreDriver, clock: ManualClock
) -> None:
    """Whoever asked for it sets an alarm by that; nobody looks before the next heartbeat otherwise."""
    store.run_with(*specs(4))
    jobs = store.lease()
    for number, attempt in enumerate(
        (
            store.attempt(jobs[0], failed(retry_in_ms=4000)),
            store.attempt(jobs[1], Snoozed(3000)),
            store.attempt(jobs[2], children=(spec(delay_ms=2000),)),
        )
    ):
        assert store.commit(Settle(number, (attempt,))).next_due_ms == clock.wall_ms() + 4000 - 1000 * number


def test_the_commit_that_names_delayed_children_or_begins_a_limited_step_tells_when_that_is_due(
    store: StoreDriver, clock: ManualClock
) -> None:
    store.submit(definition(step(timeout_seconds=60)))
    done = store.commit(starts=1)
    assert done.next_due_ms == clock.wall_ms() + 60_000
    page = NameChildren(done.starts[0], Page((spec(delay_ms=2000),)))
    assert store.commit(page).next_due_ms == clock.wall_ms() + 2000


def test_nothing_is_due_of_what_has_ended(store: StoreDriver) -> None:
    run_id = store.submit(msgspec.structs.replace(definition(step(timeout_seconds=60)), timeout_seconds=90))
    store.commit(NameChildren(store.start(), Page(specs(1))))
    store.complete(*store.lease())
    assert store.state(run_id) == "completed"
    assert store.tend()[0].next_due_ms is None


def test_what_was_due_first_is_woken_first(
    store: StoreDriver, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wake, "SLICE", 1)
    store.run_with(*(spec(number, delay_ms=number * 1000) for number in (3, 1, 2)))
    clock.advance(3)
    order = [store.tend(lease={"work": 1})[0].jobs[0].payload for _ in range(3)]
    assert order == ['{"n":1}', '{"n":2}', '{"n":3}']
