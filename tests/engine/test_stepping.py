"""An engine without threads, run by hand: the same seed gives the same run."""

import asyncio
import threading
from typing import Any

import pytest
from thespian.actors import ActorSystem

from actors.seams import ManualClock, SeededRandom
from runtime.engine import (
    ActorDeadError,
    AskTimeoutError,
    EngineConfig,
    ask,
    engine_next_due,
    engine_step,
    kill_system,
    tell,
)
from runtime.engine.receiver import Runnable
from tests.engine import contract as c
from tests.engine.scripted import IoScripted, LoopScripted, Note, Scripted, StoreScripted
from tests.engine.stage import Stage


class SeededQueue:
    """Any of the ready ones goes next."""

    def __init__(self, seed: int) -> None:
        self._random = SeededRandom(seed)
        self._ready: list[Runnable] = []

    def append(self, runnable: Runnable, /) -> None:
        self._ready.append(runnable)

    def popleft(self) -> Runnable:
        return self._ready.pop(int(self._random.random() * len(self._ready)))

    def __len__(self) -> int:
        return len(self._ready)


def run(stage: Stage) -> list[Any]:
    while engine_step(stage.system):
        pass
    seen = []
    while not stage.seen.empty():
        seen.append(stage.seen.get())
    return seen


def scenario(seed: int) -> list[Any]:
    """Actors of all dispatchers with bodies, timers and waits; what was seen, in order."""
    clock = ManualClock()
    queue = SeededQueue(seed)
    with Stage(config=EngineConfig(turn_messages=1), clock=clock, stepped=True, ready=queue) as stage:

        def work(actor: Scripted) -> None:
            async def wait() -> Note:
                await asyncio.sleep(1.5)
                return Note(f"{name} waited until {clock.monotonic():g}")

            name = type(actor).__name__
            actor.run_body("io", lambda: Note(f"{name} io"))
            actor.run_body("loop", wait)
            actor.timers.start("k", 1, Note(f"{name} timer"))
            actor.spawn(Scripted, Note(f"child of {name}"))

        for actor_class in (Scripted, StoreScripted, IoScripted, LoopScripted):
            for _ in range(2):
                stage.do(stage.actor(actor_class), work)
        seen = run(stage)
        while (due := engine_next_due(stage.system)) is not None:
            clock.advance(due - clock.monotonic())
            seen += run(stage)
        return seen


def test_a_run_is_repeated_exactly_by_its_seed_and_differs_with_another() -> None:
    first = scenario(1)
    assert scenario(1) == first
    assert sorted(scenario(2)) == sorted(first)
    assert scenario(2) != first
    assert len(first) == 8 * 4
    assert "Scripted waited until 1.5" in first


def test_stepping_starts_no_thread() -> None:
    before = set(threading.enumerate())  # of which some may end meanwhile
    scenario(3)
    assert set(threading.enumerate()) <= before


def test_an_ask_steps_the_engine_until_it_is_answered(stepped: ActorSystem) -> None:
    worker = stepped.createActor(c.Worker)
    assert ask(stepped, worker, c.Ping(1), 1) == c.Pong(1)


def test_an_ask_that_nothing_will_answer_fails_without_waiting(stepped: ActorSystem) -> None:
    worker = stepped.createActor(c.Worker)
    with pytest.raises(AskTimeoutError):
        ask(stepped, worker, c.Ping(-1), 3600)


def test_one_step_is_one_turn(stepped: ActorSystem) -> None:
    worker = stepped.createActor(c.Worker)
    for _ in range(3):
        tell(stepped, worker, c.Ping(-1))
    assert [engine_step(stepped) for _ in range(4)] == [True, True, True, False]


def test_the_patience_of_an_asking_actor_is_measured_by_the_virtual_clock(
    stepped: ActorSystem, clock: ManualClock
) -> None:
    supervisor, silent = stepped.createActor(c.Supervisor), stepped.createActor(c.Worker)
    tell(stepped, supervisor, c.AskChild(silent, 30.0, c.Ping(-1)))
    while engine_step(stepped):
        pass
    assert engine_next_due(stepped) == 30.0
    clock.advance(30)
    assert engine_step(stepped)
    assert engine_next_due(stepped) is None


def test_the_order_of_a_threaded_engine_can_be_chosen_too() -> None:
    with Stage(ready=SeededQueue(4)) as stage:
        for number in range(20):
            tell(stage.system, stage.actor(), Note(str(number)))
        assert {stage.next() for _ in range(20)} == {str(number) for number in range(20)}


def test_coroutines_are_stepped_also_below_a_loop_that_runs() -> None:
    async def outside() -> list[Any]:
        seen = scenario(1)
        assert asyncio.get_running_loop().is_running()
        await asyncio.sleep(0)
        return seen

    assert asyncio.run(outside()) == scenario(1)


def test_a_killed_engine_tells_no_actor_and_runs_nothing_more() -> None:
    ended = []
    with Stage(clock=ManualClock(), stepped=True) as stage:

        def work(actor: Scripted) -> None:
            async def wait() -> Note:
                try:
                    await asyncio.sleep(1.5)
                finally:
                    ended.append("closed")
                return Note("waited")

            actor.run_body("loop", wait)

        actor = stage.actor()
        stage.do(actor, work)
        assert run(stage) == []
        system = stage.system
        kill_system(system)
        assert ended == ["closed"]
        with pytest.raises(ActorDeadError, match="its engine is closed"):
            tell(system, actor, Note("too late"))


def test_an_engine_with_threads_is_not_killed() -> None:
    with Stage() as stage, pytest.raises(TypeError, match="has threads, it was not opened with stepped=True"):
        kill_system(stage.system)


@pytest.mark.parametrize("deaf_to", [asyncio.CancelledError, BaseException])
def test_closing_ends_although_a_coroutine_swallows_every_cancel(deaf_to: type[BaseException]) -> None:
    told = 0
    with Stage(clock=ManualClock(), stepped=True) as stage:

        def work(actor: Scripted) -> None:
            async def deaf() -> Note:
                nonlocal told
                while told < 9:
                    try:
                        await asyncio.sleep(1000)
                    except deaf_to:
                        told += 1
                return Note("heard")

            actor.run_body("loop", deaf)

        stage.do(stage.actor(), work)
        assert run(stage) == []
    assert told > 0
