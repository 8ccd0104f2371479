"""Handlers that block the core dispatcher."""

import logging
import threading

import pytest
from thespian.actors import Actor

from runtime.engine import EngineConfig, ask, engine_statistics, tell
from runtime.engine.runner import Runner
from runtime.engine.system import engine_of
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


def test_a_slow_handler_is_logged_once_with_its_stack(caplog: pytest.LogCaptureFixture) -> None:
    logged = threading.Event()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "has been handling one message" in record.getMessage():
                logged.set()

    listener = Listener()
    logging.getLogger("quaero.engine").addHandler(listener)
    with Stage(config=EngineConfig(slow_handler_seconds=0.02)) as stage:
        gate = block(stage, 1)
        assert logged.wait(WAIT_SECONDS)
        gate.set()
        assert stage.next() == "went on"
        assert engine_statistics(stage.system).slow_handlers == 1
    logging.getLogger("quaero.engine").removeHandler(listener)
    (record,) = [each for each in caplog.records if "has been handling" in each.getMessage()]
    assert "gate.wait" in record.getMessage()
    assert "dispatcher = 'io'" in record.getMessage()


def test_a_handler_is_slow_after_so_many_looks_however_long_they_took() -> None:
    """On a machine with no time for the process a handler of a millisecond was once called slow after 66 ms."""
    config = EngineConfig(handoff_seconds=WAIT_SECONDS, slow_handler_seconds=8 * WAIT_SECONDS)
    with Stage(config=config) as stage:
        engine = engine_of(stage.system)
        watchdog, runner = engine.dispatchers.watchdog, engine.dispatchers.core
        assert watchdog is not None
        assert isinstance(runner, Runner)
        gate = block(stage, 1)
        seat = runner.seat
        assert seat is not None
        looks = 0
        while not engine_statistics(stage.system).slow_handlers:
            watchdog._look(seat)
            looks += 1
        assert looks in {7, 8}  # the watchdog's own thread may have looked once
        gate.set()
        assert stage.next() == "went on"


def test_the_engine_shouts_when_no_spare_thread_is_left(caplog: pytest.LogCaptureFixture) -> None:
    shouted = threading.Event()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "everything waits for them" in record.getMessage():
                shouted.set()

    listener = Listener()
    logging.getLogger("quaero.engine").addHandler(listener)
    with Stage(config=EngineConfig(spare_threads=2)) as stage:
        gate = block(stage, 3)
        assert shouted.wait(WAIT_SECONDS)
        gate.set()
        assert [stage.next() for _ in range(3)] == ["went on"] * 3
    logging.getLogger("quaero.engine").removeHandler(listener)
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
        assert ask(stage.system, stage.system.createActor(c.Worker), c.Ping(1), 5) == c.Pong(1)
        gate.set()
        assert [stage.system.listen(WAIT_SECONDS) for _ in range(10)] == ["slept"] * 10
