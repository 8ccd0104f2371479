"""Runs linked by pre_jobs and post_jobs: who waits for whom, and what one's end means for the others."""

from itertools import product

import pytest

from actors.ids import id_text
from actors.job import Closing, JobDefinition, OnError, Step
from actors.messages import CloseParent
from runtime.definitions import DefinitionLibrary
from runtime.submission import submission
from tests.store.driver import StoreDriver, definition, spec, step
from tests.store.test_ends import let_run

CONTINUE = OnError.CONTINUE


def made(name: str, *steps: Step, pre: tuple[str, ...] = (), post: tuple[str, ...] = ()) -> JobDefinition:
    """A definition whose one step has its name."""
    return definition(*(steps or (step(name),)), id=name, name=name, pre_jobs=pre, post_jobs=post)


def submit(
    store: StoreDriver, first: JobDefinition, *others: JobDefinition, key: str | None = None
) -> dict[str, int]:
    """Submit the first with all that is linked with it; returns the runs' ids by their definitions'."""
    together = DefinitionLibrary.of([first, *others]).linked(first)
    request = submission(together, store.file.ids, key)
    store.submitted(request)
    return {first.id: request.run_id} | {run.definition.id: run.run_id for run in request.linked}


def states(store: StoreDriver, runs: dict[str, int]) -> dict[str, str]:
    return {name: store.state(run_id) for name, run_id in runs.items()}


def error_of(store: StoreDriver, run_id: int) -> str:
    return str(store.column("error", run_id))


MAIN = made("main", pre=("fetch",), post=("report",))
ALL = (MAIN, made("fetch"), made("report"))


def test_a_run_starts_after_its_pre_job_and_its_post_job_after_it(store: StoreDriver) -> None:
    runs = submit(store, *ALL)
    assert store.states(runs["main"]) == ["pending"]
    assert list(let_run(store)) == ["fetch", "main", "report"]
    assert set(states(store, runs).values()) == {"completed"}
    order = [event[2] for event in store.oracle.events if event[4].get("state") == "completed"]
    assert list(dict.fromkeys(order)) == [runs["fetch"], runs["main"], runs["report"]]


def test_all_steps_wait_for_every_pre_job(store: StoreDriver) -> None:
    main = made("main", step("a"), step("b"), step("c", depends=("a", "b")), pre=("one", "two"))
    runs = submit(store, main, made("one"), made("two"))
    steps = store.steps(runs["main"])
    assert [store.parent(steps[name])["waiting"] for name in "abc"] == [2, 2, 4]
    assert list(let_run(store)) == ["one", "two", "a", "b", "c"]
    assert set(states(store, runs).values()) == {"completed"}


def test_a_first_step_that_is_cancelled_by_itself_does_not_let_the_others_begin_too_early(
    store: StoreDriver,
) -> None:
    main = made("main", step("a", on_error=CONTINUE), step("b", depends=("a",)), pre=("fetch",))
    runs = submit(store, main, made("fetch"))
    store.cancel(store.steps(runs["main"])["a"])
    assert store.start().step.name == "fetch"
    assert store.states(runs["main"]) == ["cancelled", "pending"]
    assert store.commit(starts=9).starts == []


def test_pre_jobs_run_recursively_and_each_once(store: StoreDriver) -> None:
    runs = submit(
        store,
        made("top", pre=("left", "right")),
        made("left", pre=("deep",)),
        made("right", pre=("deep",)),
        made("deep"),
    )
    assert len(runs) == 4
    assert list(let_run(store)) == ["deep", "left", "right", "top"]
    assert store.value("SELECT count(*) FROM parent WHERE kind = 'run'") == 4


def test_a_failed_pre_job_fails_the_run_whose_steps_never_start(store: StoreDriver) -> None:
    runs = submit(store, *ALL)
    assert list(let_run(store, fetch="failed")) == ["fetch"]
    assert states(store, runs) == {"main": "failed", "fetch": "failed", "report": "cancelled"}
    assert store.states(runs["main"]) == ["cancelled"]
    fetch = f"'fetch' (run {id_text(runs['fetch'])})"
    assert error_of(store, runs["main"]) == f"pre-job {fetch} failed: step 'fetch' failed"
    main = f"'main' (run {id_text(runs['main'])})"
    assert error_of(store, runs["report"]).startswith(
        f"not run: {main}, after which it was to run, failed: pre-job"
    )


def test_a_pre_job_that_failed_without_a_reason_of_its_own_is_said_to_have_failed(store: StoreDriver) -> None:
    runs = submit(store, made("main", pre=("fetch",)), made("fetch", step("fetch", on_error=CONTINUE)))
    let_run(store, fetch="failed")
    assert error_of(store, runs["main"]) == f"pre-job 'fetch' (run {id_text(runs['fetch'])}) failed"


def test_a_cancelled_pre_job_fails_the_run(store: StoreDriver) -> None:
    runs = submit(store, *ALL)
    store.cancel(runs["fetch"], "no network")
    assert states(store, runs) == {"main": "failed", "fetch": "cancelled", "report": "cancelled"}
    assert error_of(store, runs["main"]).endswith("was cancelled: cancelled: no network")


@pytest.mark.parametrize("fate", ["failed", "completed"])
def test_a_run_whose_first_step_may_fail_goes_on_without_its_pre_job(store: StoreDriver, fate: str) -> None:
    main = made("main", step("a", on_error=CONTINUE), step("b", depends=("a",)), pre=("fetch",))
    runs = submit(store, main, made("fetch"))
    assert list(let_run(store, fetch=fate)) == ["fetch", "a", "b"]
    assert states(store, runs) == {"main": "completed", "fetch": fate}


def test_a_pre_job_that_completed_with_failures_has_completed(store: StoreDriver) -> None:
    fetch = made("fetch", step("f", on_error=CONTINUE), step("g", depends=("f",)), post=())
    main = made(
        "main", step("m", on_error=CONTINUE), step("n", depends=("m",)), pre=("fetch",), post=("report",)
    )
    runs = submit(store, main, fetch, made("report"))
    let_run(store, f="failed", m="failed")
    assert states(store, runs) == {
        "main": "completed_with_failures",
        "fetch": "completed_with_failures",
        "report": "completed",
    }


def test_a_post_job_of_a_failed_run_ends_cancelled_and_its_failure_changes_nothing(
    store: StoreDriver,
) -> None:
    first = submit(store, *ALL)
    assert list(let_run(store, main="failed")) == ["fetch", "main"]
    assert states(store, first) == {"main": "failed", "fetch": "completed", "report": "cancelled"}
    second = submit(store, *ALL)
    let_run(store, report="failed")
    assert states(store, second) == {"main": "completed", "fetch": "completed", "report": "failed"}


def test_what_runs_before_a_post_job_is_not_run_for_nothing(store: StoreDriver) -> None:
    main, report = made("main", post=("report",)), made("report", pre=("layout",))
    good = submit(store, main, report, made("layout"))
    assert list(let_run(store)) == ["main", "layout", "report"]
    assert set(states(store, good).values()) == {"completed"}
    bad = submit(store, main, report, made("layout"))
    assert list(let_run(store, main="failed")) == ["main"]
    assert states(store, bad) == {"main": "failed", "report": "cancelled", "layout": "cancelled"}


def test_post_jobs_that_wait_for_each_other_too_are_all_cancelled_for_the_runs_reason(
    store: StoreDriver,
) -> None:
    main, report = made("main", post=("layout", "report")), made("report", pre=("layout",))
    runs = submit(store, main, report, made("layout"))
    let_run(store, main="failed")
    assert states(store, runs) == {"main": "failed", "layout": "cancelled", "report": "cancelled"}
    assert error_of(store, runs["report"]).startswith("not run: 'main'")


def test_cancelling_a_run_cancels_its_pre_jobs_and_its_post_jobs(store: StoreDriver) -> None:
    runs = submit(
        store,
        made("main", pre=("fetch",), post=("report",)),
        made("fetch", pre=("deep",)),
        *ALL[2:],
        made("deep"),
    )
    store.name(store.start())  # deep has ended; fetch may begin
    assert store.state(runs["deep"]) == "completed"
    assert store.cancel(runs["main"], "enough").changed
    assert states(store, runs) == {
        "main": "cancelled",
        "fetch": "cancelled",
        "report": "cancelled",
        "deep": "completed",
    }
    assert error_of(store, runs["fetch"]).startswith("cancelled: run")
    assert let_run(store) == {}


def two_that_wait_for_one(store: StoreDriver) -> dict[str, int]:
    return submit(
        store,
        made("top", step("top", on_error=CONTINUE), pre=("left", "right")),
        made("left", pre=("deep",)),
        made("right", pre=("deep",)),
        made("deep"),
    )


def test_a_pre_job_that_another_run_waits_for_is_not_cancelled_with_one(store: StoreDriver) -> None:
    runs = two_that_wait_for_one(store)
    store.cancel(runs["left"])
    assert states(store, runs) == {
        "top": "pending",
        "left": "cancelled",
        "right": "pending",
        "deep": "pending",
    }
    assert list(let_run(store)) == ["deep", "right", "top"]


def test_a_pre_job_is_cancelled_with_the_last_run_that_waits_for_it(store: StoreDriver) -> None:
    runs = two_that_wait_for_one(store)
    other = submit(store, made("main", pre=("fetch",)), made("fetch"))
    store.cancel(runs["left"])
    store.cancel(runs["right"])
    assert states(store, runs) == dict.fromkeys(("left", "right", "deep"), "cancelled") | {"top": "pending"}
    assert states(store, other) == {"main": "pending", "fetch": "pending"}


def test_a_post_job_can_be_cancelled_by_itself(store: StoreDriver) -> None:
    runs = submit(store, *ALL)
    store.name(store.start())
    store.name(store.start())
    assert states(store, runs) == {"main": "completed", "fetch": "completed", "report": "pending"}
    store.cancel(runs["report"])
    assert states(store, runs) == {"main": "completed", "fetch": "completed", "report": "cancelled"}


def test_a_run_that_is_too_late_before_its_pre_job_has_ended_gives_it_up(store: StoreDriver) -> None:
    runs = submit(store, *ALL)
    store.commit(CloseParent(runs["main"], Closing.TIMEOUT, "timed out"))
    assert states(store, runs) == {"main": "failed", "fetch": "cancelled", "report": "cancelled"}


def test_a_time_limit_counts_from_the_runs_own_beginning(store: StoreDriver) -> None:
    main = definition(id="main", name="main", pre_jobs=("fetch",), timeout_seconds=5)
    runs = submit(store, main, made("fetch"))
    store.clock.advance(60)
    store.tend()
    assert states(store, runs) == {"main": "pending", "fetch": "pending"}
    store.name(store.start())
    store.name(store.start(), spec())
    store.clock.advance(6)
    store.tend()
    store.sweep()
    assert states(store, runs) == {"main": "failed", "fetch": "completed"}


def test_the_same_key_makes_the_linked_runs_once(store: StoreDriver) -> None:
    together = DefinitionLibrary.of(ALL).linked(MAIN)
    first, second = (submission(together, store.file.ids, "key") for _ in range(2))
    assert store.submitted(first).created
    again = store.submitted(second)
    assert (again.run_id, again.created) == (first.run_id, False)
    assert store.value("SELECT count(*) FROM parent WHERE kind = 'run'") == 3


def test_a_chain_of_a_hundred_runs_ends_whole_when_the_first_fails(store: StoreDriver) -> None:
    chain = [made(f"d{number}", pre=(f"d{number - 1}",)) for number in range(99, 0, -1)]
    runs = submit(store, *chain, made("d0"))
    assert len(runs) == 100
    let_run(store, d0="failed")
    assert set(states(store, runs).values()) == {"failed"}
    again = submit(store, *chain, made("d0"))
    store.cancel(again["d99"])
    assert set(states(store, again).values()) == {"cancelled"}


def test_a_chain_of_runs_whose_steps_are_skipped_ends_with_the_submit(store: StoreDriver) -> None:
    off = {"enabled": False}
    chain = [made(f"d{n}", step("s", **off), pre=(f"d{n - 1}",)) for n in range(99, 0, -1)]
    runs = submit(store, *chain, made("d0", step("s", **off)))
    assert set(states(store, runs).values()) == {"completed"}


FATES = ("completed", "failed", "no children")


@pytest.mark.parametrize(("fetch", "main", "report"), list(product(FATES, repeat=3)))
def test_however_they_end_all_end_once(store: StoreDriver, fetch: str, main: str, report: str) -> None:
    runs = submit(store, *ALL)
    met = let_run(store, fetch=fetch, main=main, report=report)
    assert ("main" in met) is (fetch != "failed")
    assert ("report" in met) is ("failed" not in (fetch, main))
    for run_id in runs.values():
        ends = [state for state in store.status_events(run_id) if state not in ("pending", "running")]
        assert ends == [store.state(run_id)]
