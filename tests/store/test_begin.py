"""The beginning of a run and of a step: once, with its time limit, for those that wait for it."""

import msgspec
import pytest

from actors.job import OnError, Page
from actors.messages import NameChildren, Settle
from actors.seams import ManualClock
from tests.store.driver import StoreDriver, definition, spec, specs, step
from tests.store.retrying import retried


@pytest.mark.parametrize(("run_seconds", "step_seconds"), [(0, 0), (9, 0), (0, 4), (9, 4)])
def test_a_time_limit_counts_from_the_beginning_and_only_where_there_is_one(
    store: StoreDriver, clock: ManualClock, run_seconds: int, step_seconds: int
) -> None:
    what = definition(step(timeout_seconds=step_seconds))
    run_id = store.submit(msgspec.structs.replace(what, timeout_seconds=run_seconds))
    step_id = store.steps(run_id)["only"]
    clock.advance(1)
    begun = clock.wall_ms()
    done = store.commit(starts=1)
    limits = [seconds for seconds in (run_seconds, step_seconds) if seconds]
    assert store.parent(run_id)["deadline"] == (begun + run_seconds * 1000 if run_seconds else None)
    assert store.parent(step_id)["deadline"] == (begun + step_seconds * 1000 if step_seconds else None)
    assert done.timed is bool(limits)
    assert done.next_due_ms == (begun + min(limits) * 1000 if limits else None)
    assert store.status_events(run_id) == store.status_events(step_id) == ["pending", "running"]


def test_a_further_page_begins_nothing_again_and_grants_no_more_time(
    store: StoreDriver, clock: ManualClock
) -> None:
    run_id = store.submit(definition(step(timeout_seconds=60)))
    step_id = store.steps(run_id)["only"]
    store.name(store.start(), *specs(1), cursor="2")
    deadline = store.parent(step_id)["deadline"]
    clock.advance(5)
    done = store.commit(starts=1)
    assert (len(done.starts), done.timed) == (1, False)
    assert store.parent(step_id)["deadline"] == deadline
    assert store.status_events(step_id) == ["pending", "running"]


def test_a_second_step_begins_in_a_run_that_has_begun(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("a"), step("b")))
    first, second = store.start(), store.start()
    assert store.states(run_id) == ["running", "running"]
    assert store.status_events(run_id) == ["pending", "running"]
    store.commit(NameChildren(first, Page(specs(1))), NameChildren(second, Page()))
    assert store.states(run_id) == ["running", "completed"]


def test_a_step_that_a_retry_made_wait_goes_on_with_its_children_when_its_time_has_come(
    store: StoreDriver, clock: ManualClock
) -> None:
    """Its limit counts anew from then, and its jobs are leased in the same commit."""
    run_id = store.submit(
        definition(step("a", on_error=OnError.CONTINUE), step("b", depends=("a",), timeout_seconds=60))
    )
    first, second = store.steps(run_id)["a"], store.steps(run_id)["b"]
    for _ in "ab":
        store.name(store.start(), spec())
        store.fail(*store.lease())
    assert store.states(run_id) == ["failed", "failed"]
    retried(store, run_id)
    clock.advance(5)
    (job,) = store.lease()
    assert (job.step_id, store.states(run_id)) == (first, ["running", "pending"])
    assert store.parent(second)["deadline"] is None
    done = store.commit(Settle(1, (store.attempt(job),)), lease={"work": 9})
    assert [each.step_id for each in done.jobs] == [second]
    assert (done.timed, store.states(run_id)) == (True, ["completed", "running"])
    assert store.parent(second)["deadline"] == clock.wall_ms() + 60_000
    store.complete(*done.jobs)
    assert store.state(run_id) == "completed"


def test_a_step_that_goes_on_tells_of_the_types_of_its_jobs_that_are_ready(store: StoreDriver) -> None:
    """Whoever was told that nothing of that type is ready would not look."""
    run_id = store.submit(definition(step("a", on_error=OnError.CONTINUE), step("b", depends=("a",))))
    for job_type in ("work", "other"):
        store.name(store.start(), spec(type=job_type))
        store.fail(*store.lease(job_type=job_type))
    retried(store, run_id)
    (job,) = store.lease()
    assert store.commit(Settle(1, (store.attempt(job),))).more == {"other"}
    store.complete(*store.lease(job_type="other"))
    assert store.state(run_id) == "completed"


def test_a_step_of_which_nothing_is_open_begins_again_only_with_its_next_page(
    store: StoreDriver, clock: ManualClock
) -> None:
    """It was cancelled between two pages, and a retry made it wait; its limit counts from that page on."""
    run_id = store.submit(
        definition(step("a", on_error=OnError.CONTINUE), step("b", depends=("a",), timeout_seconds=60))
    )
    second = store.steps(run_id)["b"]
    store.name(store.start(), spec())
    store.fail(*store.lease())
    store.name(store.start(), spec(), cursor="2")
    store.complete(*store.lease())
    store.cancel(run_id)
    assert store.states(run_id) == ["failed", "cancelled"]
    retried(store, run_id)
    (job,) = store.lease()
    store.complete(job)
    assert store.states(run_id) == ["completed", "pending"]
    assert store.parent(second)["deadline"] is None
    clock.advance(5)
    start = store.start()
    assert (start.step_id, start.cursor) == (second, "2")
    assert store.states(run_id) == ["completed", "running"]
    assert store.parent(second)["deadline"] == clock.wall_ms() + 60_000
    store.name(start, *specs(1))
    store.complete(*store.lease())
    assert store.state(run_id) == "completed"
