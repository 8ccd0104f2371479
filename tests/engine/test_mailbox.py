"""What happens to messages between being sent and being handled."""

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import pytest
from thespian.actors import Actor, ActorAddress, ActorSystem, DeadEnvelope

from actors.encoding import MessageEncodingError
from actors.receive import TypedActor
from runtime.engine import EngineConfig, MailboxFullError, ask, engine_statistics, tell
from tests.engine import contract as c
from tests.engine.scripted import IoScripted, LoopScripted, Note, Scripted, StoreScripted
from tests.engine.stage import WAIT_SECONDS, Stage


@pytest.mark.parametrize("actor_class", [Scripted, StoreScripted, IoScripted, LoopScripted])
def test_each_dispatcher_keeps_the_order_and_handles_one_message_at_a_time(actor_class: Any) -> None:
    with Stage() as stage:
        inside = threading.Lock()

        def number(value: int) -> Callable[[Scripted], None]:
            def handle(actor: Scripted) -> None:
                assert inside.acquire(blocking=False)
                actor.saw(value)
                inside.release()

            return handle

        def send(first: int) -> None:
            for value in range(first, first + 200):
                stage.do(actor, number(value))

        actor = stage.actor(actor_class)
        senders = [threading.Thread(target=send, args=(first,)) for first in (0, 1000)]
        for thread in senders:
            thread.start()
        for thread in senders:
            thread.join()
        numbers = [stage.next() for _ in range(400)]
        assert [each for each in numbers if each < 1000] == list(range(200))
        assert [each for each in numbers if each >= 1000] == list(range(1000, 1200))


def test_a_busy_actor_lets_others_have_their_turn() -> None:
    # The thread that blocks keeps the queue: another would begin before all is sent.
    with Stage(config=EngineConfig(turn_messages=4, handoff_seconds=WAIT_SECONDS)) as stage:
        gate = threading.Event()
        busy, other = stage.actor(), stage.actor()
        stage.do(stage.actor(), lambda _: gate.wait(WAIT_SECONDS))
        for number in range(10):
            tell(stage.system, busy, Note(str(number)))
        tell(stage.system, other, Note("other"))
        gate.set()
        seen = [stage.next() for _ in range(11)]
        assert seen.index("other") == 4


def test_a_full_mailbox_refuses_outsiders_and_says_how_full_it_is() -> None:
    with Stage(config=EngineConfig(mailbox_limit=3)) as stage:
        gate, started = threading.Event(), threading.Event()
        actor = stage.actor()

        def block(_actor: Scripted) -> None:
            started.set()
            gate.wait(WAIT_SECONDS)

        stage.do(actor, block)
        assert started.wait(WAIT_SECONDS)
        for _ in range(3):
            tell(stage.system, actor, Note("in"))
        with pytest.raises(MailboxFullError, match="has 3 messages waiting, its limit for outsiders is 3"):
            tell(stage.system, actor, Note("out"))
        with pytest.raises(MailboxFullError):
            ask(stage.system, actor, Note("out"), 1)
        gate.set()
        assert [stage.next() for _ in range(3)] == ["in"] * 3


def test_every_message_is_encoded_in_test_mode(system: ActorSystem) -> None:
    class Loose(c.Message, frozen=True, tag=True):
        value: Any

    worker = system.createActor(c.Worker)
    with pytest.raises(MessageEncodingError, match=r"Loose\.value does not survive"):
        tell(system, worker, Loose((1, 2)))
    with pytest.raises(MessageEncodingError, match=r"Loose\.value can not be encoded"):
        ask(system, worker, Loose(object()), 1)


def test_without_test_mode_a_message_is_handed_over_as_it_is() -> None:
    with Stage(config=EngineConfig(encode_messages=False)) as stage:
        note = Note("x")
        got: SimpleQueue[object] = SimpleQueue()

        class Keeper(TypedActor):
            def receiveMsg_Note(self, message: Note, sender: object) -> None:
                got.put(message)

        tell(stage.system, stage.system.createActor(Keeper), note)
        assert got.get(timeout=WAIT_SECONDS) is note


def test_an_unknown_message_is_reported_once_and_counted_each_time(
    system: ActorSystem, caplog: pytest.LogCaptureFixture
) -> None:
    class Deaf(TypedActor):
        pass

    deaf = system.createActor(Deaf)
    with caplog.at_level(logging.WARNING, "quaero.actors"):
        for _ in range(3):
            ask(system, deaf, c.Unheard(), WAIT_SECONDS)
    (record,) = [each for each in caplog.records if each.name == "quaero.actors"]
    assert "Deaf has no receiveMsg_Unheard" in record.getMessage()
    (figures,) = engine_statistics(system).actors
    assert (figures.handled_messages, figures.failed_messages) == (3, 3)


def test_a_failing_handler_is_logged_with_its_traceback_and_counted(
    system: ActorSystem, caplog: pytest.LogCaptureFixture
) -> None:
    worker = system.createActor(c.Worker)
    tell(system, worker, c.Raise("what is wrong"))
    assert ask(system, worker, c.Ping(1), WAIT_SECONDS) == c.Pong(1)
    (record,) = [each for each in caplog.records if each.name == "quaero.actors"]
    assert record.exc_info is not None
    assert "what is wrong" in str(record.exc_info[1])
    (figures,) = engine_statistics(system).actors
    assert figures.failed_messages == 1


def test_what_nobody_gets_goes_to_the_dead_letter_handler() -> None:
    got: SimpleQueue[DeadEnvelope] = SimpleQueue()

    class Undertaker(Actor):
        def receiveMessage(self, message: object, sender: object) -> None:
            if isinstance(message, DeadEnvelope):
                got.put(message)
            else:
                self.handleDeadLetters()
                self.send(sender, "ready")

    with Stage() as stage:
        assert stage.system.ask(stage.system.createActor(Undertaker), "handle", WAIT_SECONDS) == "ready"
        worker = stage.system.createActor(c.Worker)
        tell(stage.system, worker, c.Die())
        stranger = ActorAddress("nowhere")
        stage.system.tell(stranger, "anybody?")
        letters = {str(got.get(timeout=WAIT_SECONDS).deadAddress)}
        assert letters == {"ActorAddr-nowhere"}


def test_a_handler_may_name_the_class_it_takes_when_two_have_one_name(system: ActorSystem) -> None:
    ours = c.Ping

    class Ping(c.Message, frozen=True, tag="other.Ping"):
        pass

    class Picky(TypedActor):
        def receiveMsg_Ping(self, message: ours, sender: object) -> None:  # type: ignore[valid-type]
            self.reply(c.Pong(0))

    picky = system.createActor(Picky)
    assert ask(system, picky, c.Ping(1), WAIT_SECONDS) == c.Pong(0)
    assert ask(system, picky, Ping(), WAIT_SECONDS).message_type.endswith("Ping")


def test_a_handler_of_a_parent_type_takes_its_subtypes(system: ActorSystem) -> None:
    class Special(c.Ping, frozen=True, tag=True):
        pass

    assert ask(system, system.createActor(c.Worker), Special(4), WAIT_SECONDS) == c.Pong(4)
