"""What carries an actor on Thespian's own bases, on one that this test has in its hands."""

from collections.abc import Callable

import pytest
from thespian.actors import ActorAddress, WakeupMessage

from actors.receive import TypedActor
from tests.engine.scripted import Note


class Base:
    """A reference as Thespian's bases have it, that keeps what is asked of it."""

    def __init__(self) -> None:
        self.address = ActorAddress("here")
        self.wake_ups: list[WakeupMessage] = []
        self.sent: list[object] = []

    def wakeupAfter(self, seconds: float, payload: object) -> None:
        """Thespian's."""
        self.wake_ups.append(WakeupMessage(seconds, payload))

    def actor_send(self, address: ActorAddress, message: object) -> None:
        """Thespian's."""
        self.sent.append(message)


class Waiting(TypedActor):
    def __init__(self, base: Base) -> None:
        super().__init__()
        self._myRef = base
        self.seen: list[str] = []
        self.then: dict[str, Callable[[], None]] = {}

    def receiveMsg_Note(self, message: Note, sender: object) -> None:
        self.seen.append(message.text)
        self.then.get(message.text, lambda: None)()


@pytest.fixture
def base() -> Base:
    return Base()


@pytest.fixture
def actor(base: Base) -> Waiting:
    return Waiting(base)


def expire(actor: Waiting, *wake_ups: WakeupMessage) -> None:
    for each in wake_ups:
        actor.receiveMessage(each, actor.myAddress)


def test_timers_that_expired_together_are_delivered_first_due_first_although_thespian_reverses_them(
    actor: Waiting, base: Base
) -> None:
    for name, seconds in (("third", 3.0), ("first", 1.0), ("second", 2.0), ("fourth", 60.0)):
        actor.timers.start(name, seconds, Note(name))
    third, first, second, fourth = base.wake_ups

    expire(actor, third, second, first)
    assert actor.seen == ["first", "second", "third"]
    expire(actor, fourth)
    assert actor.seen == ["first", "second", "third", "fourth"]


def test_timers_of_one_moment_are_delivered_in_the_order_of_their_start(actor: Waiting, base: Base) -> None:
    names = [str(number) for number in range(20)]
    for name in names:
        actor.timers.start(name, 1.0, Note(name))

    expire(actor, *reversed(base.wake_ups))
    assert actor.seen == names


def test_a_timer_that_is_cancelled_by_an_earlier_one_is_not_delivered_with_it(
    actor: Waiting, base: Base
) -> None:
    actor.timers.start("first", 1.0, Note("first"))
    actor.timers.start("second", 2.0, Note("second"))
    actor.then["first"] = lambda: actor.timers.cancel("second")

    expire(actor, *reversed(base.wake_ups))
    assert actor.seen == ["first"]


def test_no_timer_fires_after_one_that_ends_its_actor(actor: Waiting, base: Base) -> None:
    actor.timers.start("first", 1.0, Note("first"))
    actor.timers.start("second", 2.0, Note("second"))
    actor.then["first"] = actor.stop_self

    expire(actor, *reversed(base.wake_ups))
    assert actor.seen == ["first"]
    assert len(base.sent) == 1
