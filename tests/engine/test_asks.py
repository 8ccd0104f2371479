"""Questions of host threads: every one gets its own answer, or is told that there will be none."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from thespian.actors import ActorAddress, ActorExitRequest, ActorSystem

from actors.receive import Address, TypedActor
from runtime.engine import (
    ActorDeadError,
    AskTimeoutError,
    ask,
    ask_async,
    close_system,
    engine_statistics,
    open_system,
    tell,
)
from tests.engine import contract as c
from tests.engine.scripted import Do, Note, Scripted
from tests.engine.stage import WAIT_SECONDS, Stage


class Keeper(TypedActor):
    """Keeps those who ask, and answers them later."""

    def __init__(self) -> None:
        super().__init__()
        self.askers: list[Address] = []

    def receiveMsg_Ping(self, message: c.Ping, sender: Address) -> None:
        self.askers.append(sender)
        if message.number:
            for number, asker in enumerate(self.askers):
                self.send(asker, c.Pong(number))

    def receiveMsg_StopYourself(self, message: c.StopYourself, sender: Address) -> None:
        self.stop_self()


def test_many_threads_each_get_their_own_answer(system: ActorSystem) -> None:
    worker = system.createActor(c.Worker)

    def ask_often(base: int) -> bool:
        numbers = range(base, base + 100)
        return all(ask(system, worker, c.Ping(each), WAIT_SECONDS) == c.Pong(each) for each in numbers)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(ask_often, range(0, 8000, 1000)))


def test_an_answer_finds_its_question_whatever_the_order(system: ActorSystem) -> None:
    keeper = system.createActor(Keeper)

    async def host() -> list[object]:
        first = asyncio.ensure_future(ask_async(system, keeper, c.Ping(0), WAIT_SECONDS))
        await asyncio.sleep(0)
        second = asyncio.ensure_future(ask_async(system, keeper, c.Ping(1), WAIT_SECONDS))
        return list(await asyncio.gather(first, second))

    assert asyncio.run(host()) == [c.Pong(0), c.Pong(1)]


def test_a_late_answer_is_a_dead_letter_and_answers_nothing_else(system: ActorSystem) -> None:
    keeper = system.createActor(Keeper)
    with pytest.raises(AskTimeoutError, match=r"Keeper did not reply to Ping within 0\.01 s"):
        ask(system, keeper, c.Ping(0), 0.01)
    assert ask(system, keeper, c.Ping(1), WAIT_SECONDS) == c.Pong(1)
    assert engine_statistics(system).dead_letters == 1


def test_the_time_of_a_coroutines_ask_can_be_over_too(system: ActorSystem) -> None:
    keeper = system.createActor(Keeper)
    with pytest.raises(AskTimeoutError, match="Keeper did not reply to Ping"):
        asyncio.run(ask_async(system, keeper, c.Ping(0), 0.01))


def test_an_answer_to_a_loop_that_was_closed_is_dropped(system: ActorSystem) -> None:
    """Whoever asked did not leave in time; the actor is nobody's hostage."""
    keeper, loop = system.createActor(Keeper), asyncio.new_event_loop()
    asking = loop.create_task(ask_async(system, keeper, c.Ping(0), WAIT_SECONDS))
    asking._log_destroy_pending = False  # type: ignore[attr-defined]
    loop.call_soon(loop.stop)
    loop.run_forever()
    loop.close()
    assert ask(system, keeper, c.Ping(1), WAIT_SECONDS) == c.Pong(1)
    assert not asking.done()


@pytest.mark.parametrize(
    "end", [c.StopYourself(), ActorExitRequest()], ids=["stops itself", "is told to exit"]
)
def test_an_asker_is_told_when_the_actor_ends_without_an_answer(system: ActorSystem, end: object) -> None:
    keeper = system.createActor(Keeper)
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(ask, system, keeper, c.Ping(0), WAIT_SECONDS)
        while not keeper.cell.handled:
            pass
        system.tell(keeper, end)
        with pytest.raises(ActorDeadError, match=r"Keeper .* ended \((normal|killed)\) without a reply"):
            waiting.result(WAIT_SECONDS)


def test_a_question_in_the_mailbox_of_an_actor_that_ends_is_answered_too() -> None:
    with Stage() as stage, ThreadPoolExecutor(1) as threads:
        gate, started = threading.Event(), threading.Event()
        actor = stage.actor()

        def block_and_stop(scripted: Scripted) -> None:
            started.set()
            gate.wait(WAIT_SECONDS)
            scripted.stop_self()

        stage.do(actor, block_and_stop)
        assert started.wait(WAIT_SECONDS)
        waiting = threads.submit(ask, stage.system, actor, Note("?"), WAIT_SECONDS)
        while not actor.cell.mailbox:
            pass
        gate.set()
        with pytest.raises(ActorDeadError):
            waiting.result(WAIT_SECONDS)


def test_asking_the_dead_or_a_stranger_fails_at_once(system: ActorSystem) -> None:
    keeper = system.createActor(Keeper)
    with pytest.raises(ActorDeadError, match="ended"):
        ask(system, keeper, c.StopYourself(), WAIT_SECONDS)
    with pytest.raises(ActorDeadError, match=r"has ended \(normal\)"):
        ask(system, keeper, c.Ping(0), WAIT_SECONDS)
    with pytest.raises(ActorDeadError, match="is not an actor of this engine"):
        ask(system, ActorAddress("elsewhere"), c.Ping(0), WAIT_SECONDS)


def test_a_closed_engine_answers_every_asker_and_takes_no_more() -> None:
    system = open_system()
    keeper = system.createActor(Keeper)
    with ThreadPoolExecutor(4) as threads:
        waiting = [threads.submit(ask, system, keeper, c.Ping(0), WAIT_SECONDS) for _ in range(4)]
        while keeper.cell.handled < 4:
            pass
        close_system(system)
        for each in waiting:
            with pytest.raises(ActorDeadError):
                each.result(WAIT_SECONDS)
    with pytest.raises(ActorDeadError, match="its engine is closed"):
        ask(system, keeper, c.Ping(0), WAIT_SECONDS)
    with pytest.raises(ActorDeadError, match="its engine is closed"):
        tell(system, keeper, c.Ping(0))


def test_an_actor_is_told_at_once_that_nobody_will_answer_it() -> None:
    with Stage() as stage:

        def ask_the_dead(actor: Scripted) -> None:
            child = actor.spawn(Scripted, Do("stop"))
            actor.ask(child, Note("?"), lambda _: actor.saw("answered"), 3600, lambda: actor.saw("no answer"))

        stage.script["stop"] = lambda child: child.stop_self()
        stage.do(stage.actor(), ask_the_dead)
        assert {stage.next(), stage.next()} == {"no answer", "exited normal"}


def test_an_answer_after_the_time_of_an_actors_ask_is_dropped() -> None:
    with Stage() as stage:
        keeper = stage.system.createActor(Keeper)

        def begin(actor: Scripted) -> None:
            actor.ask(keeper, c.Ping(0), lambda _: actor.saw("late"), 0.01, lambda: actor.saw("over"))

        actor = stage.actor()
        stage.do(actor, begin)
        assert stage.next() == "over"
        assert ask(stage.system, keeper, c.Ping(1), WAIT_SECONDS) == c.Pong(1)
        tell(stage.system, actor, Note("after"))
        assert stage.next() == "after"
