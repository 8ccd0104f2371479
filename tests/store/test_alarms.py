"""Whoever puts something off says when it is due, in that very commit: nobody else looks before the next heartbeat."""

import msgspec
import pytest

from actors.job import AttemptError, Page, Snoozed
from actors.messages import NameChildren, NamingFailed, Settle
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


ERROR = AttemptError("ValueError", "not yet")


def test_of_several_limits_rates_and_namings_the_first_that_is_due_is_told(
    store: StoreDriver, clock: ManualClock
) -> None:
    now, limited = clock.wall_ms(), [step(timeout_seconds=each) for each in (90.0, 60.0, 70.0)]
    for each in limited:
        store.submit(definition(each))
    starts = store.commit(starts=3).starts
    assert store.tend()[0].next_due_ms == now + 60_000
    for start, retry_in_ms in zip(starts, (5000, 3000, 4000), strict=True):
        store.commit(NamingFailed(start, ERROR, permanent=False, retry_in_ms=retry_in_ms))
    assert store.tend()[0].next_due_ms == now + 3000
    store.run_with(*(spec(rate_key=f"{each}", rate_ms=each) for each in (1500, 1400, 1600) for _ in range(2)))
    assert len(store.lease()) == 3
    assert store.tend()[0].next_due_ms == now + 1400


def test_a_naming_that_is_due_again_is_ready_and_waits_for_no_time(
    store: StoreDriver, clock: ManualClock
) -> None:
    now = clock.wall_ms()
    store.submit()
    done = store.commit(NamingFailed(store.start(), ERROR, permanent=False, retry_in_ms=3000))
    assert done.next_due_ms == now + 3000
    clock.advance(3)
    assert store.tend()[0].next_due_ms is None
    assert store.start().attempt == 2


@pytest.mark.parametrize("what", ["a naming", "a job"])
def test_what_was_cancelled_while_it_waited_for_its_time_is_due_no_more(
    store: StoreDriver, clock: ManualClock, what: str
) -> None:
    run_id = store.submit()
    if what == "a job":
        store.name(store.start(), spec(delay_ms=3000))
    else:
        store.commit(NamingFailed(store.start(), ERROR, permanent=False, retry_in_ms=3000))
    store.cancel(run_id)
    store.sweep()
    assert store.state(run_id) == "cancelled"
    assert store.tend()[0].next_due_ms is None
    clock.advance(3)
    assert store.tend()[0].next_due_ms is None


def test_a_time_limit_is_over_at_its_last_moment(store: StoreDriver, clock: ManualClock) -> None:
    run_id = store.submit(definition(step(timeout_seconds=60)))
    store.start()
    clock.advance(60)
    store.tend()
    assert store.state(run_id) == "failed"
