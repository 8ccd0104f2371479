"""A page of children is committed with its cursor under the naming lease, or not at all."""

import json

import msgspec

from actors.job import AttemptError, Page, Snoozed
from actors.messages import NameChildren, Named, NamingFailed
from actors.seams import ManualClock
from runtime.store.verbs.end import LOW_WATER
from tests.store.driver import StoreDriver, definition, only, spec, specs, step

ERROR = AttemptError("ValueError", "the list is not there")


def test_a_lease_of_naming_makes_step_and_run_running(store: StoreDriver) -> None:
    run_id = store.submit()
    start = store.start()
    assert (start.run_id, start.step_id, start.cursor, start.attempt) == (
        run_id,
        only(store, run_id),
        None,
        1,
    )
    assert start.definition == definition()
    assert start.step == step()
    assert store.state(run_id) == store.state(start.step_id) == "running"
    assert store.commit(starts=5).starts == []


def test_pages_follow_one_another_by_their_cursors(store: StoreDriver) -> None:
    store.submit()
    store.name(store.start(), *specs(2), cursor="page 2")
    second = store.start()
    assert second.cursor == "page 2"
    store.name(second, *specs(3))
    parent = store.parent(second.step_id)
    assert (parent["total"], parent["named"], parent["cursor"], parent["naming"]) == (5, 1, None, "idle")


def test_the_same_page_twice_makes_its_children_once(store: StoreDriver) -> None:
    store.submit()
    start = store.start()
    page = NameChildren(start, Page(specs(2), "next"))
    first, second = store.commit(page, page).replies
    assert (first, second) == (Named(start.step_id, True, 2), Named(start.step_id, False, 0))
    assert store.commit(page).replies == [Named(start.step_id, False, 0)]
    assert store.parent(start.step_id)["total"] == 2


def test_a_stale_naming_token_is_refused_after_the_step_was_leased_again(store: StoreDriver) -> None:
    store.submit()
    stale = store.start()
    store.commit(NamingFailed(stale, ERROR, permanent=False, retry_in_ms=0))
    fresh = store.start()
    assert fresh.token > stale.token
    assert not store.name(stale, *specs(2)).accepted
    assert store.name(fresh, *specs(1)).inserted == 1


def test_a_page_for_a_step_that_is_not_there_is_refused(store: StoreDriver) -> None:
    store.submit()
    unknown = msgspec.structs.replace(store.start(), step_id=99)
    failure = NamingFailed(unknown, ERROR, permanent=True, retry_in_ms=0)
    replies = store.commit(NameChildren(unknown, Page(specs(2))), failure).replies
    assert replies == [Named(99, False, 0)] * 2


def test_a_page_for_a_closing_step_is_refused(store: StoreDriver) -> None:
    store.submit(definition(step(), step("other")))
    start = store.start()
    store.cancel(start.step_id)
    assert not store.name(start, *specs(2)).accepted
    assert store.states(start.step_id) == []


def test_max_children_limits_pages_and_spawns_and_names_the_step(store: StoreDriver) -> None:
    store.submit()
    start = store.start()
    assert store.name(start, *specs(2), cursor="more", max_children=3).inserted == 2
    assert store.name(store.start(), *specs(5), cursor="more").inserted == 1
    assert store.parent(start.step_id)["named"] == 1
    (job, *_) = store.lease()
    store.settle(store.attempt(job, children=specs(4)))
    assert store.parent(start.step_id)["total"] == 3


def test_a_spawn_is_admitted_up_to_max_children(store: StoreDriver) -> None:
    store.submit()
    start = store.start()
    store.name(start, spec(), max_children=3)
    (job,) = store.lease()
    store.settle(store.attempt(job, children=specs(4)))
    assert store.parent(start.step_id)["total"] == 3


def test_a_spawn_in_its_spawners_place_counts_with_it_as_one(store: StoreDriver) -> None:
    store.submit()
    start = store.start()
    store.name(start, spec(1), spec(2), max_children=2)
    first, second = store.lease()
    store.settle(store.attempt(first, children=(spec(3), spec(4, in_place=True), spec(5))))
    store.settle(store.attempt(second, children=(spec(6, in_place=True, unique_key="k"), spec(7))))
    payloads = [json.loads(row[0])["n"] for row in store.rows("SELECT payload FROM job WHERE kind = 'job'")]
    assert sorted(payloads) == [1, 2, 4, 6]
    third, _ = store.lease()
    store.settle(store.attempt(third, children=(spec(8, in_place=True, unique_key="k"), spec(9))))
    parent = store.parent(start.step_id)
    assert (parent["total"], parent["max_children"]) == (4, 4)


def test_what_is_spawned_in_place_takes_no_room_of_those_beside_it(store: StoreDriver) -> None:
    store.submit()
    store.name(store.start(), spec(1), max_children=2)
    (job,) = store.lease()
    store.settle(store.attempt(job, children=(spec(2, in_place=True), spec(3), spec(4))))
    assert [job.payload for job in store.lease()] == ['{"n":2}', '{"n":3}']


def test_a_step_of_one_child_may_have_another_in_its_place(store: StoreDriver) -> None:
    run_id = store.submit()
    store.name(store.start(), spec(1), max_children=1, cursor="more")
    assert store.parent(only(store, run_id))["named"] == 1
    (job,) = store.lease()
    store.settle(store.attempt(job, children=(spec(2, in_place=True), spec(3))))
    assert [job.payload for job in store.lease()] == ['{"n":2}']
    assert store.parent(only(store, run_id))["total"] == 2


def test_a_page_that_says_the_limit_again_keeps_what_was_spawned_in_place(store: StoreDriver) -> None:
    store.submit()
    start = store.start()
    store.name(start, spec(1), spec(2), cursor="more", max_children=3)
    (first, _) = store.lease()
    store.settle(store.attempt(first, children=(spec(3, in_place=True),)))
    assert store.name(store.start(), spec(4), spec(5), max_children=3).inserted == 1
    parent = store.parent(start.step_id)
    assert (parent["total"], parent["max_children"], parent["named"]) == (4, 4, 1)


def test_a_unique_key_is_admitted_once_in_a_page_across_pages_and_by_spawns(store: StoreDriver) -> None:
    store.submit()
    start = store.start()
    page = [spec(unique_key="a"), spec(unique_key="b"), spec(unique_key="a"), spec(), spec()]
    assert store.name(start, *page, cursor="2").inserted == 4
    assert store.name(store.start(), spec(unique_key="b"), spec(unique_key="c")).inserted == 1
    job, *_ = store.lease()
    store.settle(store.attempt(job, children=(spec(unique_key="c"), spec(unique_key="d"))))
    keys = store.rows("SELECT unique_key FROM job WHERE unique_key IS NOT NULL ORDER BY unique_key")
    assert keys == [("a",), ("b",), ("c",), ("d",)]


def test_keys_that_differ_only_behind_a_nul_are_different_keys(store: StoreDriver) -> None:
    store.submit()
    keys = [spec(unique_key=key) for key in ("a\0b", "a\0c", "a\0b")]
    assert store.name(store.start(), *keys, spec(name="x\0y")).inserted == 3
    assert store.rows("SELECT name FROM job WHERE name LIKE 'x%'") == [("x\u2400y",)]


def test_two_steps_may_have_the_same_key(store: StoreDriver) -> None:
    store.submit(definition(step("a"), step("b")))
    for start in store.commit(starts=2).starts:
        assert store.name(start, spec(unique_key="same")).inserted == 1


def test_the_next_page_is_asked_for_only_when_pending_children_run_low(store: StoreDriver) -> None:
    store.submit()
    start = store.start()
    store.name(start, *specs(LOW_WATER + 2), cursor="2")
    assert store.parent(start.step_id)["naming"] == "idle"
    store.lease(2)
    assert store.parent(start.step_id)["naming"] == "idle"
    store.lease(1)
    assert store.parent(start.step_id)["naming"] == "ready"
    assert store.start().cursor == "2"


def test_a_page_without_children_but_with_a_next_one_goes_on(store: StoreDriver) -> None:
    store.submit()
    store.name(store.start(), cursor="2")
    start = store.start()
    store.name(start)
    assert store.state(start.step_id) == "completed"


def test_a_child_waits_for_the_shortest_delay(store: StoreDriver, clock: ManualClock) -> None:
    run_id = store.run_with(spec(delay_ms=1), spec(delay_ms=0))
    assert store.states(only(store, run_id)) == ["scheduled", "pending"]
    clock.advance(0.001)
    assert len(store.tend(lease={"work": 2})[0].jobs) == 2


def test_a_job_stopped_by_a_step_that_closed_without_a_word_is_told_the_kind_of_its_closing(
    store: StoreDriver,
) -> None:
    store.submit()
    store.name(store.start(), *specs(1), cursor="2")
    (job,) = store.lease()
    silent = AttemptError("ValueError", "")
    store.commit(NamingFailed(store.start(), silent, permanent=True, retry_in_ms=0))
    store.settle(store.attempt(job, Snoozed(1000)))
    assert (store.state(job.id), store.column("error", job.id)) == ("cancelled", "failed")


def test_a_page_that_is_being_named_is_offered_to_nobody_else_when_a_child_ends(store: StoreDriver) -> None:
    store.submit()
    store.name(store.start(), *specs(2), cursor="page 2")
    second = store.start()
    store.complete(*store.lease(1))
    assert store.commit(starts=9).starts == []
    assert store.name(second, spec()).accepted


def test_steps_are_named_by_priority_and_then_in_turn(store: StoreDriver) -> None:
    late, first, again, urgent = (
        store.submit(definition(priority=priority, id=name))
        for name, priority in (("a", 5), ("b", 0), ("c", 0), ("d", -1))
    )
    assert store.start().run_id == urgent
    start = store.start()
    assert start.run_id == first
    store.name(start, cursor="2")
    assert [store.start().run_id for _ in range(3)] == [again, first, late]


def test_slots_are_the_most_steps_that_are_named_at_once_and_each_only_by_a_manager_there_is(
    store: StoreDriver,
) -> None:
    for _ in range(3):
        store.submit(definition(step("a"), step("b", action="other")))
    starts = store.commit(starts=2).starts
    assert [start.step.action for start in starts] == ["act", "act"]
    assert len(store.commit(starts=9).starts) == 1
    assert len(store.commit(starts=9, actions=("other",)).starts) == 3
    assert store.commit(starts=9, actions=()).starts == []
