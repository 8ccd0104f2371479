"""A pre-job is cancelled once no run is left that waits for it: whose end does that, and whose does not."""

import pytest

from actors.job import Closing, OnError
from actors.messages import CancelJob, CloseParent
from tests.store.driver import StoreDriver, spec, specs, step
from tests.store.retrying import retried
from tests.store.test_links import made, states, submit


def test_a_pre_job_that_was_retried_by_itself_is_no_concern_of_other_runs(store: StoreDriver) -> None:
    runs = submit(store, made("main", pre=("fetch",)), made("fetch"))
    store.name(store.start(), spec())
    store.fail(*store.lease())
    retried(store, runs["fetch"])
    assert states(store, runs) == {"main": "failed", "fetch": "running"}
    others = submit(store, made("other", pre=("deep",)), made("deep"))
    store.cancel(others["other"])
    store.sweep()
    assert states(store, others) == {"other": "cancelled", "deep": "cancelled"}
    assert states(store, runs) == {"main": "failed", "fetch": "running"}


@pytest.mark.parametrize("left", ["completed", "closing"])
def test_a_retried_pre_job_is_given_up_when_nobody_needs_it_any_more(store: StoreDriver, left: str) -> None:
    runs = submit(
        store,
        made("top", step("top", on_error=OnError.CONTINUE), pre=("left", "right")),
        made("left", pre=("deep",)),
        made("right", pre=("deep",)),
        made("deep"),
    )
    store.name(store.start(), *specs(2))
    first, second = store.lease()
    store.complete(first)
    store.fail(second)
    starts = {start.run_id: start for start in store.commit(starts=9).starts}
    store.name(starts[runs["left"]], spec())
    (job,) = store.lease()
    if left == "completed":
        store.complete(job)
    store.name(starts[runs["right"]], spec())
    retried(store, runs["deep"])
    if left == "closing":
        store.cancel(runs["left"])
    assert states(store, runs)["deep"] == "running"
    store.cancel(runs["right"])
    store.sweep()
    assert states(store, runs) == {
        "top": "pending",
        "left": "running" if left == "closing" else "completed",
        "right": "cancelled",
        "deep": "cancelled",
    }


def test_who_only_follows_a_pre_job_does_not_keep_it_going(store: StoreDriver) -> None:
    runs = submit(store, made("main", pre=("fetch",)), made("fetch", post=("report",)), made("report"))
    store.cancel(runs["main"])
    assert states(store, runs) == dict.fromkeys(("main", "fetch", "report"), "cancelled")


def test_a_pre_job_that_fails_already_ends_as_it_would_have(store: StoreDriver) -> None:
    runs = submit(store, made("main", pre=("fetch",)), made("fetch"))
    store.name(store.start(), spec())
    (job,) = store.lease()
    store.commit(CloseParent(runs["fetch"], Closing.FAILED, "they kept dying"))
    assert store.commit(CancelJob(runs["main"])).cancelled_jobs == []
    store.complete(job)
    assert states(store, runs) == {"main": "cancelled", "fetch": "failed"}


def test_a_run_that_is_done_leaves_its_retried_pre_job_alone(store: StoreDriver) -> None:
    runs = submit(store, made("main", pre=("fetch",)), made("fetch"))
    store.name(store.start(), *specs(2))
    first, second = store.lease()
    store.complete(first)
    store.fail(second)
    store.name(store.start(), spec())
    (job,) = store.lease()
    retried(store, runs["fetch"])
    store.complete(job)
    store.sweep()
    assert states(store, runs) == {"main": "completed", "fetch": "running"}
