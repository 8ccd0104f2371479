"""One body alone: what it did is caught, judged as in production, and recorded nowhere."""

import asyncio
import subprocess
import sys
from typing import Any

import msgspec
import pytest

from actors.job import LogLevel
from actors.seams import ManualClock
from actors.worker import InvalidPayloadError, JobContext, JobWorker, worker
from runtime.testing import Performed, name_all, perform, perform_async
from tests.testing.service import Greeting, Item, Order, Shop, ShopManager, inline, item, moody, order


def test_all_that_a_body_leaves_is_caught() -> None:
    done = perform(order, Order(7, items=2), config=Greeting("hi"), depth=4)

    assert done.completed
    assert done.result == {"number": 7, "greeting": "hi"} == done.value
    assert done.log_texts() == done.log_texts(LogLevel.INFO) == ["order 7"]
    assert [document.title for document in done.documents] == ["Order 7"]
    assert [(child.type, child.payload) for child in done.children] == [
        ("item", {"order": 7, "place": 0}),
        ("item", {"order": 7, "place": 1}),
    ]
    assert [(child.spec.unique_key, child.spec.depth) for child in done.children] == [("7/0", 5), ("7/1", 5)]
    assert done.error is None


def test_a_body_on_the_loop_sleeps_for_an_hour_at_once() -> None:
    clock = ManualClock()
    assert perform(item, Item(1, 5), clock=clock).result == 5
    assert clock.monotonic() == pytest.approx(3600.0, abs=0.01)


def test_a_coroutine_may_perform_a_body_that_is_one() -> None:
    async def test() -> Any:
        return perform(item, Item(1, 5)).result

    assert asyncio.run(test()) == 5


def test_a_body_can_talk_to_what_else_runs_on_the_tests_loop() -> None:
    @worker("asking")
    async def asking(payload: Order, context: JobContext) -> str:
        questions: asyncio.Queue[str] = context.resource("questions")
        answers: asyncio.Queue[str] = context.resource("answers")
        await questions.put("how many?")
        return await answers.get()

    async def test() -> Any:
        questions, answers = asyncio.Queue[str](), asyncio.Queue[str]()

        async def answer() -> None:
            await answers.put(f"{await questions.get()} {payload.number}")

        payload = Order(3)
        helper = asyncio.create_task(answer())
        done = await perform_async(asking, payload, resources={"questions": questions, "answers": answers})
        await helper
        return done.result

    assert asyncio.run(test()) == "how many? 3"


def test_a_body_waits_for_threads_and_sockets_in_real_time() -> None:
    @worker("outside")
    async def outside(payload: Order, context: JobContext) -> list[Any]:
        server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            got = await reader.read()
            writer.close()
            await writer.wait_closed()
        in_thread = await asyncio.to_thread(subprocess.check_output, [sys.executable, "-c", "print(5)"])
        return [got.decode(), in_thread.decode().strip()]

    clock = ManualClock()
    assert perform(outside, Order(1), clock=clock).result == ["", "5"]
    assert clock.monotonic() < 1.0


def test_a_body_that_waits_for_what_never_comes_is_told_of() -> None:
    @worker("waiting")
    async def waiting(payload: Order, context: JobContext) -> None:
        await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="waits for what never comes"):
        perform(waiting, Order(1))


def moods(number: int, **options: Any) -> Performed:
    return perform(moody, Order(1, number), **options)


def test_every_way_to_end_is_told_as_the_store_would_be() -> None:
    assert moods(1).snoozed_seconds == 600.0
    assert moods(2).cancel_reason == "not today"
    assert moods(3).retry_in_seconds == 90.0
    assert moods(4).permanent
    assert moods(5).retry_in_seconds == 60.0
    assert moods(5, attempt=2).retry_in_seconds == 120.0
    assert moods(5, attempt=3).retry_in_seconds is None
    assert not moods(5, attempt=3).permanent
    assert isinstance(moods(5).error, ValueError)
    assert not moods(7).completed
    assert moods(9, attempt=2).result == 2


def test_what_a_failed_attempt_spawned_is_not_there_and_its_log_is() -> None:
    failed = moods(5)
    assert failed.children == ()
    assert failed.log_texts(LogLevel.WARNING) == ["moody"]
    assert moods(1).log_texts()[-1].startswith("1 child jobs and 0 documents were not recorded")


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (1, "it snoozed for 600 s"),
        (2, "it cancelled its job: not today"),
        (5, "ValueError: broken"),
        (6, "ResultError: the result, a object, can not be written as JSON"),
        (7, "SystemExit: 3"),
    ],
)
def test_the_result_of_what_did_not_complete_says_why_there_is_none(number: int, sentence: str) -> None:
    done = moods(number)
    with pytest.raises(AssertionError, match=f"the attempt did not complete: {sentence}") as failed:
        _ = done.result
    assert failed.value.__cause__ is done.error


def test_a_cancelled_body_that_gives_up_ends_its_job_cancelled() -> None:
    assert moods(8, cancelled=True).cancel_reason == "the job is being cancelled"
    assert moods(9, cancelled=True).completed


def test_a_payload_is_checked_as_in_production() -> None:
    with pytest.raises(InvalidPayloadError, match=r"payload of 'order': .*`number`"):
        perform(order, {"items": 2})
    assert perform(order, {"number": 2}).result == {"number": 2, "greeting": "hello"}
    assert perform(inline, Order(4)).result == 4


def test_what_is_no_worker_is_refused() -> None:
    wrong: Any = Order
    with pytest.raises(TypeError, match="is not a JobWorker"):
        perform(wrong, Order(1))


def test_a_resource_that_was_not_given_is_named() -> None:
    @worker("needy")
    def needy(payload: Order, context: JobContext) -> Any:
        return context.resource("bank")

    failed = perform(needy, Order(1))
    assert isinstance(failed.error, KeyError)
    assert "there is no resource 'bank': give it with resources={'bank': …}" in str(failed.error)
    assert perform(needy, Order(1), resources={"bank": 5}).result == 5


class BankSettings(msgspec.Struct, frozen=True):
    address: str = "https://bank.example"


def test_settings_are_the_defaults_or_those_given() -> None:
    class Banking(JobWorker):
        worker_type = "banking"
        payload_type = Order
        settings_type = BankSettings

        def execute(self, job: Any, context: JobContext) -> str:
            return context.settings(BankSettings).address

    assert perform(Banking(), Order(1)).result == "https://bank.example"
    assert perform(Banking(), Order(1), settings=BankSettings("x")).result == "x"


def test_children_are_asserted_by_part_of_their_payload_or_all_of_it() -> None:
    done = perform(order, Order(7, items=2))
    assert len(done.assert_spawned(item, {"order": 7}, count=2)) == 2
    assert done.assert_spawned("item", Item(7, 1))[0].payload == {"order": 7, "place": 1}
    with pytest.raises(AssertionError) as failed:
        done.assert_spawned("item", {"order": 8})
    assert str(failed.value) == (
        "no child of type 'item' was spawned as asked; there are:\n"
        '  item {"order":7,"place":0}\n'
        '  item {"order":7,"place":1}'
    )
    with pytest.raises(AssertionError, match=r"0 children instead of 2 of type 'item'.*\n  none at all"):
        perform(order, Order(7)).assert_spawned("item", count=2)


def test_a_manager_names_all_pages_of_a_step() -> None:
    assert [child.payload["number"] for child in name_all(ShopManager, {"orders": 5})] == [0, 1, 2, 3, 4]
    assert name_all(ShopManager, Shop(0)) == []


def test_a_configuration_is_checked_before_a_manager_sees_it() -> None:
    with pytest.raises(AssertionError, match=r"is not what ShopManager takes: .*`orders`"):
        name_all(ShopManager)
    with pytest.raises(AssertionError, match="orders: must be 0 or more"):
        name_all(ShopManager, {"orders": -1})


def test_a_manager_whose_cursor_goes_in_a_circle_is_told_of() -> None:
    with pytest.raises(AssertionError, match="ShopManager named the page '0' twice"):
        name_all(ShopManager, {"orders": 1, "per_page": 0})
