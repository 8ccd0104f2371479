"""A page that can not be named is tried again, and closes its step when that is pointless."""

import pytest

from actors.job import AttemptError, Page
from actors.messages import GiveBack, NameChildren, Named, NamingFailed
from actors.seams import ManualClock
from runtime.store.verbs.name import MAX_NAMING_ATTEMPTS
from tests.store.driver import StoreDriver, definition, only, spec, specs, step

ERROR = AttemptError("ValueError", "the list is not there")


def test_naming_that_fails_is_tried_again_after_its_time_then_closes_the_step(
    store: StoreDriver, clock: ManualClock
) -> None:
    run_id = store.submit()
    for attempt in range(1, MAX_NAMING_ATTEMPTS + 1):
        start = store.start()
        assert start.attempt == attempt
        done = store.commit(NamingFailed(start, ERROR, permanent=False, retry_in_ms=5000))
        if attempt < MAX_NAMING_ATTEMPTS:
            assert done.next_due_ms == clock.wall_ms() + 5000
            assert store.commit(starts=1).starts == []
            clock.advance(5)
    assert store.states(run_id) == ["failed"]
    assert store.state(run_id) == "failed"
    assert store.column("error", only(store, run_id)) == ERROR.message
    assert store.column("error", run_id) == "step 'only' failed: the list is not there"


def test_a_page_that_was_named_gives_the_next_one_its_own_attempts(store: StoreDriver) -> None:
    store.submit()
    store.commit(NamingFailed(store.start(), ERROR, permanent=False, retry_in_ms=0))
    store.name(store.start(), cursor="2")
    assert store.start().attempt == 1


def test_naming_that_can_not_succeed_closes_the_step_at_once(store: StoreDriver) -> None:
    store.submit()
    start = store.start()
    store.commit(NamingFailed(start, ERROR, permanent=True, retry_in_ms=0))
    assert store.state(start.step_id) == "failed"


def test_a_naming_that_fails_for_good_beside_the_death_of_its_manager_is_not_offered_again(
    store: StoreDriver,
) -> None:
    run_id = store.submit(definition())
    (start,) = store.commit(starts=1).starts
    failure = NamingFailed(start, AttemptError("ValueError", "no such list"), permanent=True, retry_in_ms=0)
    assert store.commit(failure, GiveBack(None, "manager act died", namings_only=True), starts=1).starts == []
    parent = store.parent(only(store, run_id))
    assert (parent["state"], parent["naming"]) == ("failed", "idle")


def test_a_naming_that_fails_after_its_lease_was_lost_changes_nothing(store: StoreDriver) -> None:
    store.submit()
    stale = store.start()
    store.commit(GiveBack(None, "its manager died"))
    fresh = store.start()
    failure = NamingFailed(stale, ERROR, permanent=True, retry_in_ms=0)
    assert store.commit(failure).replies == [Named(stale.step_id, False, 0)]
    assert store.name(fresh).accepted


def test_a_step_that_fails_to_name_more_lets_its_running_children_finish(store: StoreDriver) -> None:
    run_id = store.submit()
    store.name(store.start(), *specs(2), cursor="2")
    jobs = store.lease(1)
    start = store.start()
    store.commit(NamingFailed(start, ERROR, permanent=True, retry_in_ms=0))
    store.sweep()
    assert store.state(start.step_id) == "running"
    store.complete(*jobs)
    assert sorted(store.states(start.step_id)) == ["cancelled", "completed"]
    assert store.state(run_id) == "failed"


@pytest.mark.parametrize(
    "bad", [spec(payload="\ud800"), spec(name="\udfff"), spec(delay_ms=1 << 70), spec(priority=1 << 80)]
)
def test_a_page_that_can_not_be_stored_closes_its_step_and_nobody_elses(
    store: StoreDriver, bad: object
) -> None:
    run_id = store.submit(definition(step("a", on_error="continue"), step("b")))
    first, second = store.commit(starts=2).starts
    replies = store.commit(
        NameChildren(first, Page((spec(), bad))),  # type: ignore[arg-type]
        NameChildren(second, Page(specs(2))),
    ).replies
    assert replies[1] == Named(second.step_id, True, 2)
    assert store.state(first.step_id) == "failed"
    assert store.states(first.step_id) == []
    assert "NameChildren could not be recorded" in store.column("error", first.step_id)
    store.complete(*store.lease())
    assert store.state(run_id) == "completed_with_failures"


def test_a_naming_error_that_is_no_text_still_closes_the_step(store: StoreDriver) -> None:
    store.submit()
    start = store.start()
    store.commit(NamingFailed(start, AttemptError("OSError", "caf\udce9"), permanent=True, retry_in_ms=0))
    assert store.state(start.step_id) == "failed"
