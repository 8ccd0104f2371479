"""Threads that switch every microsecond: nothing is lost, doubled, or left waiting."""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from runtime.engine import ActorDeadError, EngineConfig, ask, engine_statistics, tell
from tests.embedding.processes import until
from tests.engine import contract as c
from tests.engine.scripted import Do, IoScripted, LoopScripted, Note, Scripted, StoreScripted
from tests.engine.stage import WAIT_SECONDS, Stage

CLASSES = (Scripted, StoreScripted, IoScripted, LoopScripted)
THREADS = 4
TIMES = 250


@pytest.fixture(autouse=True)
def busy_switching() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def in_threads(work: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(THREADS) as threads:
        for done in [threads.submit(work, number) for number in range(THREADS)]:
            done.result(100)


def test_every_message_of_every_thread_is_handled_once() -> None:
    with Stage() as stage:
        actors = [stage.actor(each) for each in CLASSES for _ in range(3)]

        def send(thread: int) -> None:
            for number in range(TIMES):
                for place, actor in enumerate(actors):
                    tell(stage.system, actor, Note(f"{thread} {number} {place}"))

        in_threads(send)
        expected = THREADS * TIMES * len(actors)
        assert len({stage.next() for _ in range(expected)}) == expected
        assert stage.seen.empty()


@pytest.mark.parametrize("dispatcher", ["store", "io", "loop"])
def test_every_body_ends_with_one_message(dispatcher: str) -> None:
    with Stage(config=EngineConfig(io_threads=4)) as stage:
        actors = [stage.actor(each) for each in CLASSES]

        def start(actor: Scripted) -> None:
            for number in range(TIMES):
                note = Note(f"{type(actor).__name__} {number}")

                async def wait(note: Note = note) -> Note:
                    return note

                def plain(note: Note = note) -> Note:
                    return note

                actor.run_body(dispatcher, wait if dispatcher == "loop" else plain)

        for actor in actors:
            stage.do(actor, start)
        assert len({stage.next() for _ in range(len(CLASSES) * TIMES)}) == len(CLASSES) * TIMES
        assert stage.seen.empty()


def test_every_question_is_answered_while_actors_come_and_go() -> None:
    with Stage() as stage:

        def come_and_go(_thread: int) -> None:
            for number in range(TIMES):
                worker = stage.system.createActor(c.Worker)
                assert ask(stage.system, worker, c.Ping(number), WAIT_SECONDS) == c.Pong(number)
                tell(stage.system, worker, c.StopYourself())
                with pytest.raises(ActorDeadError):
                    ask(stage.system, worker, c.Ping(number), WAIT_SECONDS)

        in_threads(come_and_go)
        # Those who ask one that is ending are told before the engine has forgotten it.
        until(lambda: engine_statistics(stage.system).actors == (), what="the end of the last actor")


@pytest.mark.parametrize("child_class", CLASSES)
def test_every_child_is_mourned_once(child_class: Any) -> None:
    with Stage() as stage:
        stage.script["stop"] = lambda child: child.stop_self()
        parents = [stage.actor(each) for each in CLASSES]

        def make(parent: Scripted) -> None:
            for _ in range(TIMES):
                parent.spawn(child_class, Do("stop"))

        for parent in parents:
            stage.do(parent, make)
        seen = [stage.next() for _ in range(len(parents) * TIMES)]
        assert seen == ["exited normal"] * len(parents) * TIMES
        assert len(engine_statistics(stage.system).actors) == len(parents)


def test_timers_started_by_many_actors_all_fire() -> None:
    with Stage() as stage:

        def start(actor: Scripted) -> None:
            for number in range(TIMES):
                actor.timers.start(str(number), number % 7 / 1000, Note("due"))

        for each in CLASSES:
            stage.do(stage.actor(each), start)
        assert [stage.next() for _ in range(len(CLASSES) * TIMES)] == ["due"] * len(CLASSES) * TIMES


def test_closing_under_fire_answers_everybody() -> None:
    stage = Stage()
    workers = [stage.system.createActor(c.Worker) for _ in range(THREADS)]
    firing, told = threading.Barrier(THREADS + 1), list[int]()

    def fire(thread: int) -> None:
        firing.wait(WAIT_SECONDS)
        try:
            while True:
                ask(stage.system, workers[thread], c.Ping(1), WAIT_SECONDS)
        except ActorDeadError:
            told.append(thread)

    with ThreadPoolExecutor(THREADS) as threads:
        running = [threads.submit(fire, number) for number in range(THREADS)]
        firing.wait(WAIT_SECONDS)
        stage.__exit__()
        for each in running:
            each.result(100)
    assert sorted(told) == list(range(THREADS))
