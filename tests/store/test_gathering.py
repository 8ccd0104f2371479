"""A commit that would carry little of much waits for more: three rounds at most, and only then."""

from typing import Any

import pytest

from actors import messages
from runtime.store.gathering import ENOUGH, MUCH, ROUNDS, Gathering
from runtime.store.reports import Reports


def test_little_of_much_waits_as_many_rounds_as_are_allowed() -> None:
    gathering = Gathering()
    assert [gathering.waits(1, MUCH + 1) for _ in range(ROUNDS + 2)] == [True] * ROUNDS + [False] * 2


def test_each_commit_may_wait_anew() -> None:
    gathering = Gathering()
    while gathering.waits(ENOUGH - 1, 10 * MUCH):
        pass
    gathering.committed()
    assert gathering.waits(ENOUGH - 1, 10 * MUCH)


@pytest.mark.parametrize(
    ("weight", "under_way"),
    [(0, MUCH + 1), (ENOUGH, MUCH + 1), (1, MUCH), (1, 0), (ENOUGH - 1, MUCH)],
)
def test_what_is_enough_or_nothing_and_little_of_little_never_waits(weight: int, under_way: int) -> None:
    assert not Gathering().waits(weight, under_way)


class Sender:
    """An actor of which only what it sends is looked at."""

    myAddress = "the store"

    def __init__(self) -> None:
        self.sent: list[tuple[Any, object]] = []

    def send(self, address: Any, message: object) -> None:
        self.sent.append((address, message))


def test_the_supervisor_is_asked_and_a_store_that_is_not_wired_yet_answers_itself() -> None:
    sender: Any = Sender()
    reports = Reports(sender)
    reports.gathering()
    reports.rewire(messages.Wiring("the supervisor", "", "", "", "", 30.0, {}))
    reports.gathering()
    assert sender.sent == [("the store", messages.Gathered()), ("the supervisor", messages.Gathering())]
