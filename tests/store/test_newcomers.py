from itertools import pairwise

from runtime.store.newcomers import FIRST_TURN, GROUP, MAX_QUEUES, NEAR, Newcomers
from runtime.store.rows import LaneRow
from runtime.store.verbs.lease import TURN
from tests.store.driver import StoreDriver, specs


def lane(number: int = 1, *, served: int = 0, priority: int = 0, job_type: str = "work") -> LaneRow:
    return LaneRow(number, number, job_type, "", 0, priority, 0, served, 0)


def test_a_newcomer_goes_to_the_end_where_nobody_was_seen_to_wait() -> None:
    assert Newcomers().place(lane(), 700) == 700
    known = Newcomers()
    known.seen("work", [lane(served=5)], more=True)
    assert known.place(lane(job_type="other"), 700) == 700
    assert known.place(lane(priority=1), 700) == 700
    known.seen("work", [lane(served=9)], more=False)
    assert known.place(lane(), 700) == 700


def test_a_newcomer_comes_in_some_turns_behind_the_head_and_never_behind_the_end() -> None:
    known = Newcomers()
    known.seen("work", [lane(served=1000), lane(served=1001)], more=True)
    assert known.place(lane(), 90_000) == 1000 + NEAR
    known = Newcomers()
    known.seen("work", [lane(served=1000)], more=True)
    assert known.place(lane(), 1003) == 1003


def test_however_many_come_every_fifth_turn_is_a_whole_one_of_those_before_them() -> None:
    known = Newcomers()
    known.seen("work", [lane(served=1000)], more=True)
    places = [known.place(lane(), 90_000) for _ in range(500)]
    assert places == [1000 + NEAR + 2 * (number // GROUP) for number in range(500)]
    assert GROUP * FIRST_TURN == TURN


def test_one_that_comes_after_a_burst_does_not_wait_behind_all_it_displaced() -> None:
    known = Newcomers()
    known.seen("work", [lane(served=1000)], more=True)
    for turn in range(1100, 11_100):  # more come than there are turns between them
        assert known.place(lane(), turn // 10 + 1000) <= turn // 10 + 1000
    known.seen("work", [lane(served=2200)], more=True)  # each of those has had its first turn
    assert known.place(lane(), 12_000) == 2200 + NEAR


def test_each_priority_has_a_queue_of_its_own() -> None:
    known = Newcomers()
    waiting = [lane(served=50, priority=-1), lane(served=60, priority=-1), lane(served=7, priority=3)]
    known.seen("work", waiting, more=True)
    assert known.place(lane(priority=-1), 9000) == 50 + NEAR
    assert known.place(lane(priority=3), 9000) == 7 + NEAR


def test_each_type_has_a_queue_of_its_own_that_outlives_looks_at_others() -> None:
    known = Newcomers()
    known.seen("work", [lane(served=50)], more=True)
    known.seen("other", [lane(served=7, job_type="other")], more=True)
    assert known.place(lane(), 9000) == 50 + NEAR
    assert known.place(lane(job_type="other"), 9000) == 7 + NEAR


def test_not_more_queues_are_known_than_there_is_room_for() -> None:
    known = Newcomers()
    for priority in range(3 * MAX_QUEUES):
        known.seen("work", [lane(priority=priority)], more=True)
        known.place(lane(priority=priority), 9000)
    assert len(known._heads) <= MAX_QUEUES + 1
    assert len(known._last) <= MAX_QUEUES + 1


def test_a_new_run_is_served_after_some_turns_however_many_wait(store: StoreDriver) -> None:
    store.judged = False
    old = [store.run_with(*specs(20)) for _ in range(4 * NEAR)]
    assert [store.lease(1)[0].root_id for _ in old] == old  # every one had its turn
    new = [store.run_with(*specs(20)) for _ in range(5)]
    order = [job.root_id for _ in range(NEAR + 3 * len(new)) for job in store.lease(1)]
    places = [order.index(run) for run in new]
    assert places[0] <= NEAR
    assert all(later - earlier in {1, 2, 3} for earlier, later in pairwise(places))
    assert all(order.count(run) == 1 for run in order)
    store.judged = True


def test_many_new_runs_of_many_children_all_begin_before_any_of_them_goes_on(store: StoreDriver) -> None:
    store.judged = False
    new = [store.run_with(*specs(40)) for _ in range(30)]
    batches = [[job.root_id for job in store.lease(2 * TURN)] for _ in range(5)]
    order = [run for batch in batches for run in batch]
    begun = dict.fromkeys(order[: len(new) * FIRST_TURN])
    assert list(begun) == new
    assert all(order[: len(new) * FIRST_TURN].count(run) == FIRST_TURN for run in new)
    store.judged = True


def served(store: StoreDriver, job_type: str = "work") -> int:
    return int(store.value("SELECT served FROM lane WHERE type = ?", job_type))


def test_a_lane_that_ran_empty_keeps_its_turn_when_it_gets_children_again(store: StoreDriver) -> None:
    store.run_with(*specs(2))
    (first,) = store.lease(1)
    (second,) = store.lease(1)
    turn = served(store)
    store.run_with(*specs(1, type="other"))
    (other,) = store.lease(job_type="other")
    store.complete(other, second)
    store.settle(store.attempt(first, children=specs(2)))
    assert served(store) == turn < served(store, "other")


def test_a_lane_that_was_never_served_keeps_its_place_when_it_gets_more_children(store: StoreDriver) -> None:
    store.submit()
    store.name(store.start(), *specs(1), cursor="2")
    (start,) = store.commit(starts=1).starts
    place = served(store)
    store.run_with(*specs(3, type="other"))
    for _ in range(3):
        store.lease(1, job_type="other")
    store.name(start, *specs(1))
    assert served(store) == place < served(store, "other")
