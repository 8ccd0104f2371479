"""The asyncio loop: bodies are tasks in all that matters, though most of them never become one."""

import asyncio
from contextvars import ContextVar

import pytest

from actors.pace import FEWEST_BODIES, UNLIMITED
from actors.receive import Address
from runtime.engine import HandlerFailedError, ask, ask_async
from runtime.engine.loop import QUICK_BODIES, QUICK_IN_A_ROW
from runtime.engine.system import engine_of
from tests.engine import contract as c
from tests.engine.scripted import LoopScripted, Note, Scripted
from tests.engine.stage import WAIT_SECONDS, Stage

variable: ContextVar[str] = ContextVar("variable", default="unset")


def run_all(stage: Stage, *bodies: object) -> list[object]:
    stage.do(stage.actor(), lambda actor: [actor.run_body("loop", each) for each in bodies])
    return [stage.next() for _ in bodies]


def test_a_task_is_the_same_before_and_after_it_suspends() -> None:
    async def body() -> Note:
        before = asyncio.current_task()
        await asyncio.sleep(0)
        after = asyncio.current_task()
        return Note(f"{before is after} {before is not None}")

    with Stage() as stage:
        assert run_all(stage, body, body) == ["True True"] * 2


def test_a_timeout_entered_before_the_first_suspension_works() -> None:
    async def body() -> Note:
        try:
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        except TimeoutError:
            return Note("timed out")
        return Note("not timed out")

    with Stage() as stage:
        assert run_all(stage, body) == ["timed out"]


def test_what_a_body_leaves_in_its_context_is_not_seen_by_the_next() -> None:
    async def leaves() -> Note:
        variable.set("left")
        return Note("left")

    async def looks() -> Note:
        return Note(variable.get())

    async def keeps() -> Note:
        variable.set("kept")
        await asyncio.sleep(0)
        return Note(variable.get())

    with Stage() as stage:
        assert run_all(stage, leaves, looks) == ["left", "unset"]
        assert run_all(stage, keeps) == ["kept"]


def test_a_body_that_cancels_itself_harms_no_other() -> None:
    async def cancels_itself() -> Note:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        return Note("returned all the same")

    async def harmless() -> Note:
        await asyncio.sleep(0)
        return Note("unharmed")

    with Stage() as stage:
        assert run_all(stage, cancels_itself, harmless) == ["returned all the same", "unharmed"]


def test_while_no_body_suspends_few_of_each_step_are_worth_having_there() -> None:
    async def quick() -> Note:
        return Note("done")

    async def suspends() -> Note:
        await asyncio.sleep(0)
        return Note("done")

    with Stage() as stage:
        room = engine_of(stage.system).dispatchers.room
        assert room("loop", 1) == UNLIMITED
        run_all(stage, *[quick] * (QUICK_IN_A_ROW - 2))
        assert room("loop", 1) == UNLIMITED
        run_all(stage, *[quick] * 3)  # of the last it is not certain that it was counted
        assert [room("loop", sharing) for sharing in (1, 2, 1000)] == [
            QUICK_BODIES,
            QUICK_BODIES // 2,
            FEWEST_BODIES,
        ]
        assert {room(each, 1) for each in ("io", "cpu", "core")} == {UNLIMITED}
        run_all(stage, suspends)
        assert room("loop", 1) == UNLIMITED


def test_hundreds_of_bodies_wait_at_once() -> None:
    arrived, everybody = [0], asyncio.Event()

    async def body() -> Note:
        arrived[0] += 1
        if arrived[0] == 500:
            everybody.set()
        await asyncio.wait_for(everybody.wait(), WAIT_SECONDS)
        return Note("all were there")

    with Stage() as stage:
        assert set(run_all(stage, *[body] * 500)) == {"all were there"}


def test_more_bodies_than_a_burst_all_run() -> None:
    async def body() -> Note:
        return Note("ran")

    with Stage() as stage:
        assert run_all(stage, *[body] * 1000) == ["ran"] * 1000


def test_a_mailbox_waits_for_the_coroutine_of_its_handler() -> None:
    with Stage() as stage:
        actor = stage.actor(LoopScripted)

        async def slow(scripted: Scripted) -> None:
            for _ in range(5):
                await asyncio.sleep(0)
            scripted.saw("slow")

        stage.do(actor, slow)
        stage.do(actor, lambda scripted: scripted.saw("after"))
        assert [stage.next(), stage.next()] == ["slow", "after"]


def test_what_a_coroutine_handler_raises_is_answered() -> None:
    class Waiter(LoopScripted):
        async def receiveMsg_Ping(self, message: c.Ping, sender: Address) -> None:
            await asyncio.sleep(0)
            if message.number == 0:
                raise asyncio.CancelledError("by its own doing")
            self.reply(c.Pong(message.number))

    with Stage() as stage:
        actor = stage.actor(Waiter)
        assert ask(stage.system, actor, c.Ping(1), WAIT_SECONDS) == c.Pong(1)
        with pytest.raises(HandlerFailedError, match="by its own doing"):
            ask(stage.system, actor, c.Ping(0), WAIT_SECONDS)
        assert ask(stage.system, actor, c.Ping(2), WAIT_SECONDS) == c.Pong(2)


def test_a_coroutine_of_the_host_can_ask() -> None:
    async def host(stage: Stage) -> list[object]:
        worker = stage.system.createActor(c.Worker)
        asks = [ask_async(stage.system, worker, c.Ping(each), WAIT_SECONDS) for each in range(50)]
        return list(await asyncio.gather(*asks))

    with Stage() as stage:
        assert asyncio.run(host(stage)) == [c.Pong(each) for each in range(50)]


def test_closing_cancels_a_handler_that_waits() -> None:
    with Stage() as stage:
        actor = stage.actor(LoopScripted)

        async def wait(scripted: Scripted) -> None:
            scripted.saw("waiting")
            await asyncio.Event().wait()

        def begin(scripted: Scripted) -> object:
            return wait(scripted)

        stage.do(actor, begin)
        assert stage.next() == "waiting"
    assert stage.system._systemBase is None
