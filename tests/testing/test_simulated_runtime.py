"""The whole runtime in the test's thread: what production does, without threads and without waiting."""

import asyncio
import os
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from actors.job import JobDefinition, JobState, OnError, Step
from actors.seams import ManualClock
from actors.worker import JobContext, worker
from runtime.embedding import RefusedError
from runtime.store.database import StoreError
from runtime.testing import MakeRuntime, SimulatedRuntime
from tests.embedding.crashing import Act, act
from tests.testing.service import WORKERS, Order, ShopManager, inline, item, moody, order, shop

START = datetime(2026, 1, 1, tzinfo=UTC)


def since_start(runtime: SimulatedRuntime) -> float:
    return (runtime.now - START).total_seconds()


def test_workers_of_every_kind_do_their_jobs_without_a_thread(quaero: MakeRuntime) -> None:
    before = set(threading.enumerate())
    runtime = quaero(workers=WORKERS)
    orders = runtime.fan_out(order, [Order(1, items=2), Order(2)])
    counts = runtime.fan_out(inline, [Order(3)])

    assert orders.wait().counts.completed == 4
    assert counts.wait().state is JobState.COMPLETED
    assert [job.result for job in runtime.jobs("item")] == [0, 1]
    assert set(threading.enumerate()) <= before


def test_a_body_that_has_a_process_in_production_runs_in_this_one(quaero: MakeRuntime) -> None:
    runtime = quaero(workers=[act])
    assert runtime.fan_out(act, [Act()]).wait().state is JobState.COMPLETED
    assert [job.result for job in runtime.jobs(act)] == [os.getpid()]


def test_nothing_happens_before_somebody_waits(quaero: MakeRuntime) -> None:
    runtime = quaero(workers=WORKERS)
    run = runtime.fan_out(order, [Order(1)])
    other = runtime.fan_out(inline, [Order(1)])
    other.pause()

    assert not run.state.terminal
    assert runtime.documents() == []
    runtime.run_until_idle()
    assert run.state is JobState.COMPLETED
    assert [job.state for job in runtime.jobs(inline)] == [JobState.PENDING]
    assert [document.body for document in runtime.documents(run=run)] == ["paid"]


def test_waiting_for_an_hour_takes_none(quaero: MakeRuntime) -> None:
    runtime = quaero(workers=WORKERS)
    result = runtime.fan_out(order, [Order(1, items=1)]).wait()

    assert result.duration_seconds == pytest.approx(3600.0, abs=1.0)
    assert since_start(runtime) == pytest.approx(3600.0, abs=1.0)


def test_a_snooze_and_a_backoff_are_passed_over(quaero: MakeRuntime) -> None:
    ends: list[float] = []

    @worker("trying", max_attempts=3, backoff_seconds=60.0, jitter=0.0)
    def trying(payload: Order, context: JobContext) -> int:
        ends.append(context.clock.monotonic())
        if context.job.attempt < 3:
            raise ValueError("not yet")
        return context.job.attempt

    runtime = quaero(workers=[trying])
    run = runtime.fan_out(trying, [Order(1)])
    assert run.wait().counts.completed == 1
    assert [round(later - earlier) for earlier, later in pairwise(ends)] == [60, 120]
    assert runtime.jobs(trying)[0].result == 3


def test_a_body_is_told_when_its_time_is_over(quaero: MakeRuntime) -> None:
    @worker("slow", max_attempts=1, timeout_seconds=30.0)
    async def slow(payload: Order, context: JobContext) -> None:
        await asyncio.sleep(3600)

    runtime = quaero(workers=[slow])
    result = runtime.fan_out(slow, [Order(1)]).wait()
    assert (result.state, result.errors) == (
        JobState.FAILED,
        ("step 'slow' failed", "the attempt took longer than 30 s"),
    )
    assert since_start(runtime) == pytest.approx(30.0, abs=0.1)


def test_a_schedule_fires_while_time_is_let_pass(quaero: MakeRuntime) -> None:
    runtime = quaero(workers=WORKERS, managers=[ShopManager])
    runtime.schedule(shop(schedule="0 3 * * *", time_zone="Europe/Berlin"))

    runtime.advance(hours=1, minutes=59)
    assert runtime.runs("shop") == []
    runtime.advance(minutes=1)
    assert [run.state for run in runtime.runs("shop")] == [JobState.COMPLETED]
    runtime.advance(days=29)
    assert len(runtime.runs("shop")) == 30


def test_a_day_of_a_schedule_that_fires_every_five_minutes_is_288_runs(quaero: MakeRuntime) -> None:
    runtime = quaero(workers=WORKERS, managers=[ShopManager])
    runtime.schedule(shop(1, schedule="*/5 * * * *"))
    runtime.advance(hours=24)

    assert len(runtime.runs("shop")) == 288
    assert {run.state for run in runtime.runs("shop")} == {JobState.COMPLETED}
    assert {job.state for job in runtime.jobs(order)} == {JobState.COMPLETED}
    assert len(runtime.jobs(order)) == 288
    assert runtime.now == START + timedelta(days=1)


def test_definitions_begin_as_at_the_start_of_a_service(quaero: MakeRuntime) -> None:
    scheduled = shop(schedule="*/5 * * * *")
    begun = JobDefinition("once", "Once", (Step("orders", "shop", {"orders": 2}),), auto_start=True)
    runtime = quaero(workers=WORKERS, managers=[ShopManager], definitions=[scheduled, begun])

    runtime.run_until_idle()
    assert [run.type for run in runtime.runs()] == ["once"]
    runtime.advance(minutes=5)
    assert [run.type for run in runtime.runs()] == ["once", "shop"]


def test_the_clock_may_begin_anywhere() -> None:
    clock = ManualClock(wall_ms=int(datetime(2027, 3, 28, tzinfo=UTC).timestamp() * 1000))
    with SimulatedRuntime(workers=WORKERS, managers=[ShopManager], clock=clock) as runtime:
        runtime.schedule(
            shop(schedule="30 2 * * *", time_zone="Europe/Berlin")
        )  # an hour that is left out that day
        runtime.advance(days=2)
        assert len(runtime.runs("shop")) == 2


def test_every_verb_of_a_runtime_is_there(quaero: MakeRuntime) -> None:
    runtime = quaero(workers=WORKERS)
    run = runtime.fan_out(order, [Order(1)], key="k")
    assert runtime.fan_out(order, [Order(1)], key="k").id == run.id
    assert run.pause()
    runtime.run_until_idle()
    assert not run.state.terminal
    assert run.resume()
    assert run.wait().state is JobState.COMPLETED
    assert run.rerun().wait().state is JobState.COMPLETED

    failing = runtime.fan_out(moody, [Order(1, 4)])
    assert failing.wait().state is JobState.FAILED
    assert failing.retry() == 1
    assert failing.wait().state is JobState.FAILED
    cancelled = runtime.fan_out(order, [Order(1)])
    assert cancelled.cancel("not wanted")
    assert cancelled.wait().state is JobState.CANCELLED
    assert cancelled.delete() == 1
    with pytest.raises(RefusedError, match=r"payloads\[0\]: payload of 'order'"):
        runtime.fan_out(order, [{"n": 1}])


def test_the_same_verbs_for_asyncio() -> None:
    async def test() -> None:
        async with SimulatedRuntime(workers=WORKERS, managers=[ShopManager]) as runtime:
            run = await runtime.fan_out_async(order, [Order(1, items=1)])
            assert (await run.wait_async()).counts.completed == 2
            assert (await (await runtime.submit_async(shop())).wait_async()).counts.completed == 3
            assert (await run.explain_async()).state == "completed"

    asyncio.run(test())


def test_a_run_may_be_written_in_a_transaction_of_ones_own(tmp_path: Path) -> None:
    store = tmp_path / "jobs.db"
    with SimulatedRuntime(store=store, workers=WORKERS, managers=[ShopManager]) as runtime:
        connection = sqlite3.connect(store, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        run_id = runtime.enqueue(connection, shop())
        connection.execute("COMMIT")
        connection.close()
        runtime.ring()
        assert runtime.run(run_id).wait().counts.completed == 3


def test_events_are_those_of_production_and_end_with_the_last_one(quaero: MakeRuntime) -> None:
    runtime = quaero(workers=WORKERS)
    first = runtime.fan_out(inline, [Order(1)])
    first.wait()
    later = runtime.events()
    runtime.fan_out(inline, [Order(2)]).wait()

    events = list(runtime.events(0, run_id=first.number))
    jobs = [each.data["state"] for each in events if each.job_id == runtime.jobs(run=first)[0].number]
    assert jobs == ["pending", "running", "completed"]
    assert first.number not in {each.run_id for each in later}
    everything = [each.seq for each in runtime.events(0)]
    assert everything == list(range(1, len(everything) + 1))


def test_a_killed_runtime_loses_nothing_and_a_body_that_ran_runs_again(quaero: MakeRuntime) -> None:
    began: list[str] = []

    @worker("charging")
    async def charging(payload: Order, context: JobContext) -> str:
        began.append(context.idempotency_key)
        await asyncio.sleep(60)
        return context.idempotency_key

    runtime = quaero(workers=[charging])
    run = runtime.fan_out(charging, [Order(1)])
    runtime.advance(30)
    assert len(began) == 1
    runtime.restart()
    assert run.wait().counts.completed == 1
    assert len(began) == 2
    assert set(began) == {runtime.jobs(charging)[0].result}
    assert runtime.jobs(charging)[0].attempt == 1
    assert runtime.jobs(charging)[0].lost == 1


def test_a_closed_runtime_may_be_started_again(quaero: MakeRuntime) -> None:
    runtime = quaero(workers=WORKERS)
    run = runtime.fan_out(item, [{"order": 1, "place": 2}])
    runtime.advance(10)
    runtime.close(grace_seconds=0.0)
    runtime.close()
    runtime.start()
    assert run.wait().counts.completed == 1


def test_a_grace_lets_a_body_end(quaero: MakeRuntime) -> None:
    runtime = quaero(workers=WORKERS)
    run = runtime.fan_out(item, [{"order": 1, "place": 2}])
    runtime.advance(10)
    runtime.close(grace_seconds=7200.0)
    runtime.start()
    assert run.state is JobState.COMPLETED


def test_the_store_of_a_configuration_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "quaero.toml").write_text('[store]\npath = "production.db"\n', encoding="utf-8")
    with SimulatedRuntime(tmp_path / "quaero.toml", workers=WORKERS) as runtime:
        runtime.fan_out(order, [Order(1)]).wait()
        assert runtime.settings.store.parent != tmp_path
    assert [path.name for path in tmp_path.iterdir()] == ["quaero.toml"]


def test_a_store_that_can_not_be_used_is_refused(tmp_path: Path) -> None:
    (tmp_path / "jobs.db").write_text("no store", encoding="utf-8")
    with pytest.raises(StoreError, match="is not a store of this runtime"):
        SimulatedRuntime(store=tmp_path / "jobs.db").start()


def test_steps_react_to_failures_as_in_production(quaero: MakeRuntime) -> None:
    steps = (
        Step("first", "shop", {"orders": 1}),
        Step("second", "shop", {"orders": -1}, depends=("first",), on_error=OnError.CONTINUE),
        Step("third", "shop", {"orders": 2}, depends=("second",)),
    )

    class Broken(ShopManager):
        def create_children(self, step: Any, cursor: str | None) -> Any:
            if step.step.config["orders"] < 0:
                raise ConnectionError("the list can not be had")
            return super().create_children(step, cursor)

        @classmethod
        def problems(cls, step: Step) -> list[tuple[str, str]]:
            return []

    runtime = quaero(workers=WORKERS, managers=[Broken])
    run = runtime.submit(JobDefinition("shop", "Shop", steps))
    assert run.wait().state is JobState.COMPLETED_WITH_FAILURES
    assert [step.state.value for step in runtime.steps(run)] == ["completed", "failed", "completed"]


def test_a_body_may_ask_the_store_itself(quaero: MakeRuntime) -> None:
    runtime = quaero(workers=WORKERS)
    runtime.fan_out(order, [Order(1)]).wait()
    steps = (
        Step("care", "database_maintenance", {"operations": ["integrity_check", "vacuum"]}),
        Step("index", "reindex", {}, depends=("care",)),
    )
    assert runtime.submit(JobDefinition("care", "Care", steps)).wait().state is JobState.COMPLETED
    (index,) = runtime.jobs("reindex")
    assert index.result["documents"] == 1
