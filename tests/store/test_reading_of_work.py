"""What is left to do, as who works until idle asks: what is waited for, and what nobody here can do."""

from collections.abc import Iterator

import pytest

from actors.job import OnError
from actors.messages import PauseJob, PauseType
from actors.webhooks.webhook import DELIVERY, MOST_WAITING
from runtime.store.reading.reader import StoreReader
from runtime.store.reading.waiting import LaterDeliveries
from tests.store.driver import StoreDriver, definition, spec, specs, step
from tests.store.test_reading import shown
from tests.store.webhooks import announced, hook, put, work


@pytest.fixture
def reader(store: StoreDriver) -> Iterator[StoreReader]:
    opened = StoreReader(store.path)
    yield opened
    opened.close()


def test_work_that_nobody_here_can_do_is_named_and_not_waited_for(
    store: StoreDriver, reader: StoreReader
) -> None:
    types, actions = ("work",), ("act",)
    assert not reader.has_work(types, actions)
    store.submit()
    assert reader.has_work(types, actions)
    assert not reader.has_work(types, ())
    assert reader.stranded(types, ()) == [
        "1 steps with action 'act' wait: no manager of that action is registered here"
    ]
    store.name(store.start(), *specs(2, type="other"))
    assert not reader.has_work(types, actions)
    assert reader.stranded(types, actions) == [
        "2 jobs of type 'other' wait: no worker of that type is registered here"
    ]
    assert reader.has_work(("other",), actions)
    store.complete(*store.lease(job_type="other"))
    assert not reader.has_work(("other",), actions)


def test_work_that_waits_for_a_time_or_runs_elsewhere_is_waited_for(
    store: StoreDriver, reader: StoreReader
) -> None:
    store.run_with(spec(delay_ms=60_000))
    assert reader.has_work(("work",), ("act",))
    store.clock.advance(60)
    (job,) = store.tend(lease={"work": 1})[0].jobs
    assert reader.has_work(("work",), ("act",))
    store.complete(job)
    assert not reader.has_work(("work",), ("act",))


def test_a_delivery_that_is_to_be_tried_again_later_is_left_if_one_says_what_time_it_is(
    store: StoreDriver, reader: StoreReader
) -> None:
    types, now = (DELIVERY, "work"), store.clock.wall_ms()
    store.run_with(spec(type=DELIVERY, delay_ms=60_000))
    assert reader.has_work(types, ("act",))
    assert not reader.has_work(types, ("act",), now_ms=now)
    assert reader.has_work(types, ("act",), now_ms=now + 60_000)
    assert reader.later_deliveries() == LaterDeliveries(1, now + 60_000)
    store.run_with(spec(delay_ms=60_000))
    assert reader.has_work(types, ("act",), now_ms=now), "of any other type is waited for"
    assert reader.later_deliveries() == LaterDeliveries(1, now + 60_000)


def test_events_that_wait_for_room_behind_deliveries_are_no_work(
    store: StoreDriver, reader: StoreReader
) -> None:
    put(store, hook())
    assert not reader.events_to_deliver()
    assert reader.later_deliveries() == LaterDeliveries(0, None)
    work(store, MOST_WAITING + 10)
    assert reader.events_to_deliver()
    announced(store)
    assert store.file.webhooks_behind()
    assert not reader.events_to_deliver()
    store.complete(*store.lease(job_type=DELIVERY))
    assert reader.events_to_deliver()


@pytest.mark.parametrize("kind", ["run", "step", "job", "type"])
@pytest.mark.parametrize("options", [{}, {"delay_ms": 1000}])
def test_what_is_paused_is_not_waited_for_and_is_named(
    store: StoreDriver, reader: StoreReader, kind: str, options: dict[str, int]
) -> None:
    store.run_with(spec(**options))
    if kind == "type":
        store.commit(PauseType("work"))
    else:
        ((job_id,),) = store.rows("SELECT id FROM job WHERE kind = ?", kind)
        store.commit(PauseJob(job_id))
        assert shown(reader.job(job_id))["paused"] is True
    assert not reader.has_work(("work",), ("act",))
    sentences = reader.stranded(("work",), ("act",))
    if kind != "type":
        what = "single jobs" if kind == "job" else "runs and steps"
        assert sentences == [f"1 {what} are paused; `quaero resume ID` lets them go on"]
    elif not options:
        assert sentences == ["1 jobs of type 'work' wait: the type is paused; `quaero resume --type work`"]


def test_what_runs_below_a_paused_run_is_waited_for(store: StoreDriver, reader: StoreReader) -> None:
    run_id = store.run_with(*specs(2))
    jobs = store.lease(1)
    store.commit(PauseJob(run_id))
    assert reader.has_work(("work",), ("act",))
    store.complete(*jobs)
    assert not reader.has_work(("work",), ("act",))


def test_a_step_that_waits_for_another_does_not_hide_that_nothing_can_go_on(
    store: StoreDriver, reader: StoreReader
) -> None:
    store.submit(
        definition(step("a", action="unknown"), step("b", depends=("a",), on_error=OnError.CONTINUE))
    )
    assert not reader.has_work(("work",), ("act",))
