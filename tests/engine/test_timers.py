"""Timers on a clock that only the test moves."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from actors.seams import ManualClock
from runtime.engine import engine_step, open_system
from runtime.engine.timers import NEVER, Timers
from tests.engine.scripted import Note, Scripted
from tests.engine.stage import Stage


class Box:
    """A cell that keeps what it gets."""

    address = None

    def __init__(self) -> None:
        self.names: list[object] = []

    def post(self, timer: object, sender: object) -> None:
        if timer.active:  # type: ignore[attr-defined]
            self.names.append(timer.message)  # type: ignore[attr-defined]


def test_a_timer_fires_when_the_clock_was_advanced_and_not_before() -> None:
    clock = ManualClock()
    with Stage(clock=clock) as stage:
        stage.do(
            stage.actor(), lambda actor: [actor.timers.start("k", 10, Note("due")), actor.saw("started")]
        )
        assert stage.next() == "started"
        clock.advance(9.9)
        assert stage.seen.empty()
        clock.advance(0.2)
        assert stage.next() == "due"


def test_an_earlier_timer_wakes_a_sleeping_engine() -> None:
    with Stage() as stage:
        actor = stage.actor()
        stage.do(actor, lambda scripted: scripted.timers.start("late", 3600, Note("late")))
        stage.do(actor, lambda scripted: scripted.timers.start("early", 0.01, Note("early")))
        assert stage.next() == "early"


def test_a_timer_of_another_dispatchers_actor_fires() -> None:
    from tests.engine.scripted import StoreScripted

    with Stage() as stage:
        stage.do(stage.actor(StoreScripted), lambda actor: actor.timers.start("k", 0.01, Note("due")))
        assert stage.next() == "due"


def test_a_timer_cancelled_while_its_message_waits_is_not_delivered() -> None:
    clock = ManualClock()
    with Stage(clock=clock, stepped=True) as stage:

        def run() -> None:
            while engine_step(stage.system):
                pass

        def cancel(actor: Scripted) -> None:
            actor.timers.cancel("k")
            actor.saw("cancelled")

        actor = stage.actor()
        stage.do(actor, lambda scripted: scripted.timers.start("k", 1, Note("fired")))
        run()
        stage.do(actor, cancel)
        clock.advance(1)
        run()
        assert stage.next() == "cancelled"
        assert stage.seen.empty()


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=40))
def test_timers_fire_in_the_order_of_their_time_then_of_their_start(plan: list[tuple[int, bool]]) -> None:
    clock, box = ManualClock(), Box()
    timers = Timers(clock.monotonic, lambda: None)
    started = [
        (seconds, number, timers.start(box, seconds, (seconds, number)))  # type: ignore[arg-type]
        for number, (seconds, _) in enumerate(plan)
    ]
    for (_, _, timer), (_, cancel) in zip(started, plan, strict=True):
        if cancel:
            timer.cancel()
    clock.advance(5)
    timers.fire()
    assert box.names == sorted(box.names)  # type: ignore[type-var]
    assert len(box.names) == sum(not cancel for _, cancel in plan)
    assert timers.next_due == NEVER
    assert all(earlier < later for earlier, later in pairwise(box.names))  # type: ignore[operator]


def test_cancelled_timers_do_not_pile_up() -> None:
    timers, box = Timers(ManualClock().monotonic, lambda: None), Box()
    for _ in range(100_000):
        timers.start(box, 3600, "never").cancel()  # type: ignore[arg-type]
    assert len(timers) < 2_000


def test_closing_lets_go_of_the_clock() -> None:
    clock = ManualClock()
    system = open_system(clock=clock)
    system.shutdown()
    assert clock._subscribers == []
