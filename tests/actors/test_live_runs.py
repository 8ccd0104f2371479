"""Which runs have an orchestrator, and when one may leave memory."""

from typing import Any

from actors.live_runs import LiveRuns

FIRST: Any = "first"
SECOND: Any = "second"


def runs_with(*orchestrators: Any) -> LiveRuns:
    runs = LiveRuns()
    for address in orchestrators:
        runs.began(7, address)
    return runs


def test_a_run_without_an_orchestrator_gets_one_for_its_first_work() -> None:
    runs = LiveRuns()
    assert runs.send_work(7) is None
    runs.began(7, FIRST)
    assert runs.send_work(7) == FIRST
    assert list(runs) == [FIRST]


def test_an_orchestrator_stays_while_work_is_on_its_way_to_it() -> None:
    runs = runs_with(FIRST)
    runs.send_work(7)
    assert not runs.retires(7, FIRST, received=1)
    assert runs.send_work(7) == FIRST


def test_one_that_received_all_or_more_leaves_and_the_next_work_makes_another() -> None:
    for received in (1, 2):
        runs = runs_with(FIRST)
        assert runs.retires(7, FIRST, received)
        assert runs.send_work(7) is None


def test_one_that_was_replaced_may_leave_and_its_end_is_not_that_of_the_one_in_its_place() -> None:
    runs = runs_with(FIRST, SECOND)
    assert runs.retires(7, FIRST, received=0)
    assert runs.ended(FIRST) == 7
    assert runs.send_work(7) == SECOND


def test_the_end_of_an_orchestrator_is_told_once_and_of_no_other_actor() -> None:
    runs = runs_with(FIRST)
    assert (runs.ended(SECOND), runs.ended(FIRST), runs.ended(FIRST)) == (None, 7, None)
    assert list(runs) == []


def test_the_ends_of_those_that_were_cleared_are_news_of_no_run() -> None:
    runs = runs_with(FIRST)
    runs.clear()
    assert (list(runs), runs.ended(FIRST)) == ([], None)
