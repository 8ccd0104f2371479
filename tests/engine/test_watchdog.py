"""Handlers that block the core dispatcher."""

import logging
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from thespian.actors import Actor

from runtime.engine import EngineConfig, ask, engine_statistics, tell
from runtime.engine.runner import Runner, Seat
from runtime.engine.system import engine_of
from runtime.engine.watchdog import Watchdog
from tests.embedding.processes import until
from tests.engine import contract as c
from tests.engine.scripted import Note, Scripted
from tests.engine.stage import WAIT_SECONDS, Stage


def block(stage: Stage, times: int) -> threading.Event:
    """Have that many actors block until the event is set."""
    gate = threading.Event()
    for _ in range(times):
        started = threading.Event()

        def wait(actor: Scripted, started: threading.Event = started) -> None:
            started.set()
            gate.wait(WAIT_SECONDS)
            actor.saw("went on")

        stage.do(stage.actor(), wait)
        assert started.wait(WAIT_SECONDS)
    return gate


def test_others_go_on_while_handlers_block_and_no_message_is_lost() -> None:
    with Stage() as stage:
        worker = stage.system.createActor(c.Worker)
        gate = block(stage, 5)
        for number in range(100):
            assert ask(stage.system, worker, c.Ping(number), WAIT_SECONDS) == c.Pong(number)
        assert engine_statistics(stage.system).hand_overs >= 5
        # On a busy machine a handler that only got no processor is taken for a blocked one, until the next look.
        until(lambda: engine_statistics(stage.system).blocked_handlers == 5, what="five blocked handlers")
        gate.set()
        assert [stage.next() for _ in range(5)] == ["went on"] * 5
        assert ask(stage.system, worker, c.Ping(1), WAIT_SECONDS) == c.Pong(1)


def test_a_hand_over_is_counted_before_the_new_thread_can_do_anything() -> None:
    """Counted after it, 100 messages were once handled by a fifth thread while the figures knew of four."""
    seen: list[int] = []
    with Stage() as stage:
        engine = engine_of(stage.system)
        watchdog, runner = engine.dispatchers.watchdog, engine.dispatchers.core
        assert watchdog is not None
        assert isinstance(runner, Runner)
        give_seat = runner._give_seat

        def watched() -> None:
            seen.append(watchdog.hand_overs)
            give_seat()

        runner._give_seat = watched  # type: ignore[method-assign]
        gate = block(stage, 3)
        gate.set()
        assert [stage.next() for _ in range(3)] == ["went on"] * 3
    assert len(seen) > 2
    assert seen == sorted(set(seen))


def test_the_actor_that_blocks_stays_serial() -> None:
    with Stage() as stage:
        actor, gate, started = stage.actor(), threading.Event(), threading.Event()

        def wait(scripted: Scripted) -> None:
            started.set()
            gate.wait(WAIT_SECONDS)
            scripted.saw("first")

        stage.do(actor, wait)
        assert started.wait(WAIT_SECONDS)
        tell(stage.system, actor, Note("second"))
        worker = stage.system.createActor(c.Worker)
        assert ask(stage.system, worker, c.Ping(1), WAIT_SECONDS) == c.Pong(1)
        assert stage.seen.empty()
        gate.set()
        assert [stage.next(), stage.next()] == ["first", "second"]


def watched_by_hand(stage: Stage) -> Watchdog:
    """The watchdog of an engine that has done nothing yet: it never looks but when it is told to."""
    watchdog = engine_of(stage.system).dispatchers.watchdog
    assert watchdog is not None
    watchdog._start = lambda: None  # type: ignore[method-assign]
    return watchdog


def seat_of(stage: Stage) -> Seat:
    runner = engine_of(stage.system).dispatchers.core
    assert isinstance(runner, Runner)
    assert runner.seat is not None
    return runner.seat


def looks_until_slow(stage: Stage, watchdog: Watchdog, seat: Seat) -> int:
    for looks in range(100):
        if engine_statistics(stage.system).slow_handlers:
            return looks
        watchdog._look(seat)
    raise AssertionError("no handler was found to be slow")


def is_at(thread: threading.Thread | None, words: str) -> bool:
    """Whether the thread is called from a line with these words."""
    assert thread is not None
    return words in "".join(traceback.format_stack(sys._current_frames()[thread.ident or 0]))


def test_a_slow_handler_is_logged_once_with_its_stack(caplog: pytest.LogCaptureFixture) -> None:
    with Stage(config=EngineConfig(handoff_seconds=1, slow_handler_seconds=8)) as stage:
        watchdog = watched_by_hand(stage)
        gate = block(stage, 1)
        seat = seat_of(stage)
        until(lambda: is_at(seat.thread, "gate.wait"), what="the wait")
        looks_until_slow(stage, watchdog, seat)
        for _ in range(10):
            watchdog._look(seat)
        gate.set()
        assert stage.next() == "went on"
        assert engine_statistics(stage.system).slow_handlers == 1
    (record,) = [each for each in caplog.records if "has been handling" in each.getMessage()]
    assert "gate.wait" in record.getMessage()
    assert "dispatcher = 'io'" in record.getMessage()


def test_a_handler_is_slow_after_so_many_looks_however_long_they_took() -> None:
    """On a machine with no time for the process a handler of a millisecond was once called slow after 66 ms."""
    with Stage(
        config=EngineConfig(handoff_seconds=WAIT_SECONDS, slow_handler_seconds=8 * WAIT_SECONDS)
    ) as stage:
        watchdog = watched_by_hand(stage)
        gate = block(stage, 1)
        assert looks_until_slow(stage, watchdog, seat_of(stage)) == 8
        gate.set()
        assert stage.next() == "went on"


@contextmanager
def said(words: str) -> Iterator[threading.Event]:
    """Set once the engine logs these words."""
    heard = threading.Event()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if words in record.getMessage():
                heard.set()

    listener, logger = Listener(), logging.getLogger("quaero.engine")
    logger.addHandler(listener)
    try:
        yield heard
    finally:
        logger.removeHandler(listener)


def test_the_engine_shouts_when_no_spare_thread_is_left(caplog: pytest.LogCaptureFixture) -> None:
    with said("everything waits for them") as shouted, Stage(config=EngineConfig(spare_threads=2)) as stage:
        gate = block(stage, 3)
        assert shouted.wait(WAIT_SECONDS)
        gate.set()
        assert [stage.next() for _ in range(3)] == ["went on"] * 3
    assert any("3 handlers block the core dispatcher" in each.getMessage() for each in caplog.records)


def test_plain_actors_that_block_delay_nobody_for_long() -> None:
    gate = threading.Event()

    class Sleeper(Actor):
        def receiveMessage(self, message: object, sender: object) -> None:
            if message == "sleep":
                gate.wait(WAIT_SECONDS)
                self.send(sender, "slept")

    with Stage() as stage:
        for _ in range(10):
            stage.system.tell(stage.system.createActor(Sleeper), "sleep")
        assert ask(stage.system, stage.system.createActor(c.Worker), c.Ping(1), WAIT_SECONDS / 2) == c.Pong(1)
        gate.set()
        assert [stage.system.listen(WAIT_SECONDS) for _ in range(10)] == ["slept"] * 10
