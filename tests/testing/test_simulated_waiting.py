"""Who waits in vain in a simulated runtime is told so, and in which order bodies run."""

import asyncio
from datetime import timedelta

import pytest

from actors.worker import JobContext, Snooze, worker
from runtime.run import WaitTimeoutError
from runtime.settings import RuntimeSettings
from runtime.testing import MakeRuntime, SimulatedRuntime, StuckError
from tests.testing.service import WORKERS, Order, inline, item, order


def test_a_wait_ends_with_its_time_limit(quaero: MakeRuntime) -> None:
    runtime = quaero(workers=WORKERS)
    run = runtime.fan_out(item, [{"order": 1, "place": 2}])
    with pytest.raises(WaitTimeoutError, match="had not ended after 60 s of virtual time"):
        run.wait(60)
    assert run.wait(7200).counts.completed == 1
    with pytest.raises(TypeError, match="timeout_seconds is a number of seconds"):
        run.wait("60")  # type: ignore[arg-type]


def test_who_waits_for_a_paused_run_is_told_so(quaero: MakeRuntime) -> None:
    runtime = quaero(workers=WORKERS)
    run = runtime.fan_out(order, [Order(1)])
    run.pause()
    with pytest.raises(
        StuckError, match=r"does not end: nothing is left that would bring it further\n.*paused"
    ):
        run.wait()


def test_who_waits_for_what_nobody_does_is_told_so(quaero: MakeRuntime) -> None:
    @worker("ordering")
    def ordering(payload: Order, context: JobContext) -> None:
        context.spawn_child_job("itm", payload)

    runtime = quaero(workers=[ordering])
    run = runtime.fan_out(ordering, [Order(1)])
    runtime.run_until_idle()
    with pytest.raises(StuckError, match=r"no .*'itm'"):
        run.wait()


def test_who_waits_for_a_body_that_never_ends_is_told_so(quaero: MakeRuntime) -> None:
    @worker("endless")
    async def endless(payload: Order, context: JobContext) -> None:
        await asyncio.Event().wait()

    runtime = quaero(workers=[endless])
    run = runtime.fan_out(endless, [Order(1)])
    with pytest.raises(StuckError, match=r"nothing will ever happen again\n.*1 job is running"):
        run.wait()
    with pytest.raises(StuckError, match="the runtime is not idle: nothing will ever happen again"):
        runtime.run_until_idle()


def test_who_waits_for_a_job_that_snoozes_for_ever_is_told_so(quaero: MakeRuntime) -> None:
    @worker("dozing")
    def dozing(payload: Order, context: JobContext) -> Snooze:
        return Snooze(86_400.0)

    runtime = quaero(workers=[dozing])
    run = runtime.fan_out(dozing, [Order(1)])
    with pytest.raises(StuckError, match=r"does not end: 7 days have passed\n.*1 job waits for a time"):
        run.wait()
    with pytest.raises(StuckError, match=r"after 2:00:00 the runtime is not idle"):
        runtime.run_until_idle(limit=timedelta(hours=2))


def test_time_does_not_go_back(quaero: MakeRuntime) -> None:
    with pytest.raises(ValueError, match="time does not go back, got -5 s"):
        quaero().advance(-5)


def order_of_bodies(seed: int) -> list[int]:
    began: list[int] = []

    @worker("telling")
    def telling(payload: Order, context: JobContext) -> None:
        began.append(payload.number)

    with SimulatedRuntime(workers=[telling], seed=seed) as runtime:
        runtime.fan_out(telling, [Order(number) for number in range(10)]).wait()
    return began


def test_without_a_seed_who_is_ready_first_goes_first() -> None:
    assert order_of_bodies(0) == list(range(10))


def test_with_a_seed_the_order_is_drawn_and_is_the_same_again() -> None:
    first = order_of_bodies(1)
    assert sorted(first) == list(range(10)) != first
    assert order_of_bodies(1) == first != order_of_bodies(2)


def test_many_jobs_are_done_in_the_tests_thread(quaero: MakeRuntime) -> None:
    runtime = quaero(RuntimeSettings(lease_seconds=5.0), workers=WORKERS)
    run = runtime.fan_out(inline, [Order(number) for number in range(2500)])
    assert run.wait().counts.completed == 2500
