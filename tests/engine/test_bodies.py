"""Bodies: work done elsewhere while the actor goes on receiving."""

import asyncio
import threading
from typing import Any

import msgspec
import pytest

from runtime.engine import EngineConfig, UnknownDispatcherError, close_system, engine_statistics, tell
from runtime.engine.system import engine_of
from tests.engine.scripted import Note, Scripted
from tests.engine.stage import WAIT_SECONDS, Stage


def test_an_actor_receives_while_its_body_runs() -> None:
    with Stage() as stage:
        gate = threading.Event()

        def body() -> Note:
            gate.wait(WAIT_SECONDS)
            return Note("body")

        actor = stage.actor()
        stage.do(actor, lambda scripted: scripted.run_body("io", body))
        tell(stage.system, actor, Note("meanwhile"))
        assert stage.next() == "meanwhile"
        gate.set()
        assert stage.next() == "body"


def test_a_result_that_is_no_message_is_a_failure() -> None:
    with Stage() as stage:
        stage.do(stage.actor(), lambda actor: actor.run_body("io", lambda: 5, key=3))
        assert stage.next() == "failed TypeError 3"


def test_a_body_of_an_unknown_dispatcher_is_refused() -> None:
    with Stage() as stage:

        def wrong(actor: Scripted) -> None:
            with pytest.raises(
                UnknownDispatcherError, match="names the dispatcher 'gpu'; there are: core, store"
            ):
                actor.run_body("gpu", lambda: Note("never"))
            actor.saw("refused")

        stage.do(stage.actor(), wrong)
        assert stage.next() == "refused"


def test_no_more_bodies_run_at_once_than_there_are_threads() -> None:
    with Stage(config=EngineConfig(io_threads=3)) as stage:
        gate, running, most = threading.Semaphore(0), [0], [0]
        lock = threading.Lock()

        def body() -> Note:
            with lock:
                running[0] += 1
                most[0] = max(most)
                most.append(running[0])
            gate.acquire(timeout=WAIT_SECONDS)
            with lock:
                running[0] -= 1
            return Note("done")

        stage.do(stage.actor(), lambda actor: [actor.run_body("io", body) for _ in range(9)])
        gate.release(9)
        assert [stage.next() for _ in range(9)] == ["done"] * 9
        assert max(most) <= 3
        assert engine_statistics(stage.system).io_threads <= 3


def test_blocking_bodies_get_a_thread_each() -> None:
    with Stage(config=EngineConfig(io_threads=8)) as stage:
        barrier = threading.Barrier(8)

        def body() -> Note:
            barrier.wait(WAIT_SECONDS)
            return Note("met")

        stage.do(stage.actor(), lambda actor: [actor.run_body("io", body) for _ in range(8)])
        assert [stage.next() for _ in range(8)] == ["met"] * 8


def test_an_abandoned_body_is_replaced_and_its_late_result_dropped() -> None:
    with Stage(config=EngineConfig(io_threads=1)) as stage:
        gate, started = threading.Event(), threading.Event()

        def stuck() -> Note:
            started.set()
            gate.wait(WAIT_SECONDS)
            return Note("late")

        bodies: list[Any] = []
        actor = stage.actor()
        stage.do(actor, lambda scripted: bodies.append(scripted.run_body("io", stuck)))
        assert started.wait(WAIT_SECONDS)
        stage.do(actor, lambda _: bodies[0].abandon())
        stage.do(actor, lambda scripted: scripted.run_body("io", lambda: Note("next")))
        assert stage.next() == "next"
        figures = engine_statistics(stage.system)
        assert (figures.io_threads, figures.abandoned_threads) == (1, 1)
        gate.set()
        stage.do(actor, lambda scripted: scripted.run_body("io", lambda: Note("last")))
        assert stage.next() == "last"


def test_the_body_of_an_actor_that_ends_is_abandoned() -> None:
    with Stage(config=EngineConfig(io_threads=1)) as stage:
        gate, started = threading.Event(), threading.Event()

        def stuck() -> Note:
            started.set()
            gate.wait(WAIT_SECONDS)
            return Note("late")

        first = stage.actor()
        stage.do(first, lambda actor: actor.run_body("io", stuck))
        assert started.wait(WAIT_SECONDS)
        stage.do(first, lambda actor: actor.stop_self())
        stage.do(stage.actor(), lambda actor: actor.run_body("io", lambda: Note("free")))
        assert stage.next() == "free"
        gate.set()


class Running(set[Any]):
    """What a pool runs: a thread does not come to note that its body has returned until the gate is open."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()

    def remove(self, body: Any) -> None:
        if "-core-" not in threading.current_thread().name:
            self.gate.wait(WAIT_SECONDS)
        super().remove(body)


def test_the_thread_of_a_body_whose_result_is_there_is_not_given_up() -> None:
    """Closing once named such a thread as one that does not end."""
    with Stage() as stage:
        pool = engine_of(stage.system).dispatchers.pool
        assert pool is not None
        running = pool._running = Running()
        actor, watcher = stage.actor(), stage.actor()
        stage.do(watcher, lambda scripted: [scripted.watch(actor), scripted.saw("watches")])
        assert stage.next() == "watches"
        stage.do(actor, lambda scripted: scripted.run_body("io", lambda: Note("done")))
        assert stage.next() == "done"
        stage.do(actor, lambda scripted: scripted.stop_self())
        assert stage.next() == "exited normal"
        assert engine_statistics(stage.system).abandoned_threads == 0
        running.gate.set()
        assert close_system(stage.system, WAIT_SECONDS) == []


def test_a_body_that_is_abandoned_after_its_result_came_is_told_of_at_once() -> None:
    with Stage() as stage:
        pool, bodies = engine_of(stage.system).dispatchers.pool, list[Any]()
        assert pool is not None
        running = pool._running = Running()
        actor = stage.actor()
        stage.do(actor, lambda scripted: bodies.append(scripted.run_body("io", lambda: Note("done"))))
        assert stage.next() == "done"
        stage.do(actor, lambda _: bodies[0].abandon((actor, Note("runs no more"))))
        assert stage.next() == "runs no more"
        running.gate.set()


def test_a_cancelled_task_is_a_failed_body() -> None:
    with Stage() as stage:
        bodies: list[Any] = []

        async def wait() -> Note:
            stage.seen.put("waiting")
            await asyncio.Event().wait()
            return Note("never")

        actor = stage.actor()
        stage.do(actor, lambda scripted: bodies.append(scripted.run_body("loop", wait, key=9)))
        assert stage.next() == "waiting"
        stage.do(actor, lambda _: bodies[0].cancel())
        assert stage.next() == "failed CancelledError 9"


def test_a_body_cancelled_before_it_starts_does_not_start() -> None:
    with Stage() as stage:

        async def never() -> Note:
            stage.seen.put("started")
            return Note("never")

        def start_and_cancel(actor: Scripted) -> None:
            gate = threading.Event()

            async def block() -> Note:
                gate.wait(WAIT_SECONDS)
                return Note("first")

            actor.run_body("loop", block)
            actor.run_body("loop", never, key=4).cancel()
            gate.set()

        stage.do(stage.actor(), start_and_cancel)
        assert [stage.next(), stage.next()] == ["first", "failed CancelledError 4"]


def test_the_task_of_an_actor_that_ends_is_cancelled() -> None:
    with Stage() as stage:

        async def wait() -> Note:
            try:
                stage.seen.put("waiting")
                await asyncio.Event().wait()
            finally:
                stage.seen.put("cancelled")
            return Note("never")

        actor = stage.actor()
        stage.do(actor, lambda scripted: scripted.run_body("loop", wait))
        assert stage.next() == "waiting"
        stage.do(actor, lambda scripted: scripted.stop_self())
        assert stage.next() == "cancelled"


class Loose(msgspec.Struct, frozen=True, tag=True):
    """A message whose field may hold what no other process would get."""

    found: Any


@pytest.mark.parametrize("dispatcher", ["io", "loop"])
def test_a_result_that_could_not_leave_the_process_is_a_failure_and_nobody_waits_for_it(
    dispatcher: str,
) -> None:
    with Stage(config=EngineConfig(encode_messages=True)) as stage:
        stage.do(
            stage.actor(), lambda actor: actor.run_body(dispatcher, lambda: Loose({"sizes": (1, 2)}), key=3)
        )
        assert stage.next() == "failed MessageEncodingError 3"


def test_a_failure_whose_words_could_not_leave_the_process_is_told_all_the_same() -> None:
    def body() -> Note:
        raise ValueError("caf\udce9")

    with Stage(config=EngineConfig(encode_messages=True)) as stage:
        stage.do(stage.actor(), lambda actor: actor.run_body("io", body, key=3))
        assert stage.next() == "failed ValueError 3"
