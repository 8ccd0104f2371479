"""When steps and runs end, and what follows: sequences, branches, joins, failures, with and without going on."""

import pytest

from actors.job import Attempt, Cancelled, Closing, Completed, Lease, OnError, Page
from actors.messages import CloseParent, NameChildren, Refused, Settle
from tests.store.driver import StoreDriver, definition, failed, spec, specs, step

CONTINUE = OnError.CONTINUE


def let_run(store: StoreDriver, **fates: str) -> dict[str, str]:
    """Start whatever may start; a step's one child ends as said. Returns the steps that started, with their fates."""
    met: dict[str, str] = {}
    while starts := store.commit(starts=10).starts:
        for start in starts:
            fate = fates.get(start.step.name, "completed")
            met[start.step.name] = fate
            store.name(start, *(() if fate == "no children" else (spec(),)))
        jobs = store.lease()
        for job in jobs:
            name = store.column("name", job.step_id)
            if fates.get(name) == "failed":
                store.fail(job)
            elif fates.get(name) != "left running":
                store.complete(job)
    return met


def test_a_step_without_children_ends_at_once(store: StoreDriver) -> None:
    run_id = store.run_with()
    assert store.states(run_id) == ["completed"]
    assert store.state(run_id) == "completed"
    assert store.status_events(run_id) == ["pending", "running", "completed"]


def test_a_step_ends_in_the_commit_that_settles_its_last_child(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(3))
    *others, last = store.lease()
    store.complete(*others)
    assert store.state(run_id) == "running"
    store.complete(last)
    assert store.state(run_id) == "completed"
    events = [(event[3], event[4].get("state")) for event in store.oracle.events[-3:]]
    assert events == [(last.id, "completed"), (last.step_id, "completed"), (run_id, "completed")]


def test_a_step_whose_children_are_not_all_named_does_not_end(store: StoreDriver) -> None:
    run_id = store.submit()
    store.name(store.start(), spec(), cursor="2")
    store.complete(*store.lease())
    assert store.state(run_id) == "running"
    store.name(store.start())
    assert store.state(run_id) == "completed"


@pytest.mark.parametrize(
    ("fates", "state"),
    [
        ((True, True), "completed"),
        ((True, False), "completed_with_failures"),
        ((False, False), "failed"),
    ],
)
def test_a_step_ends_as_its_children_did(store: StoreDriver, fates: tuple[bool, ...], state: str) -> None:
    run_id = store.run_with(*specs(2))
    for job, good in zip(store.lease(), fates, strict=True):
        (store.complete if good else store.fail)(job)
    assert store.states(run_id) == [state]
    assert store.state(run_id) == state


def test_steps_run_one_after_the_other(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("a"), step("b", depends=("a",)), step("c", depends=("b",))))
    assert list(let_run(store)) == ["a", "b", "c"]
    assert store.state(run_id) == "completed"


def test_a_step_starts_only_when_all_it_depends_on_has_ended(store: StoreDriver) -> None:
    run_id = store.submit(
        definition(
            step("a"), step("b"), step("join", depends=("a", "b")), step("last", depends=("join", "a"))
        )
    )
    first, second = store.commit(starts=9).starts
    store.name(first)
    assert store.commit(starts=9).starts == []
    store.name(second)
    (join,) = store.commit(starts=9).starts
    assert join.step.name == "join"
    store.name(join)
    store.name(store.start())
    assert store.state(run_id) == "completed"


def test_a_failed_step_closes_the_run_and_cancels_what_has_not_begun(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("a"), step("b", depends=("a",)), step("c", depends=("b",))))
    assert list(let_run(store, a="failed")) == ["a"]
    assert store.states(run_id) == ["failed", "cancelled", "cancelled"]
    assert store.state(run_id) == "failed"
    assert store.column("error", run_id) == "step 'a' failed"


def test_a_failed_step_closes_parallel_branches_whose_running_jobs_still_count(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("a"), step("b"), step("c", depends=("b",))))
    a, b = store.commit(starts=2).starts
    store.commit(NameChildren(a, Page((spec(),))), NameChildren(b, Page(specs(3))))
    jobs = {job.step_id: job for job in store.lease(2)}
    jobs = {job.step_id: job for job in [*jobs.values(), *store.lease(2)]}
    store.fail(jobs[a.step_id])
    assert store.state(a.step_id) == "failed"
    assert store.state(run_id) == "running"
    assert store.lease() == []
    store.sweep()
    assert store.states(run_id) == ["failed", "running", "cancelled"]
    running = store.rows("SELECT id FROM job WHERE parent_id = ? AND state = 'running'", b.step_id)
    held = store.rows("SELECT id, token, parent_id FROM job WHERE state = 'running' AND kind = 'job'")
    assert len(running) == len(held)
    store.settle(*(Attempt(Lease(*row[:2]), row[2], Completed()) for row in held))
    assert store.states(run_id) == ["failed", "failed", "cancelled"]
    assert store.state(run_id) == "failed"
    assert "completed" in store.states(b.step_id)


def test_a_step_that_may_fail_lets_the_run_go_on(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("a", on_error=CONTINUE), step("b", depends=("a",))))
    assert list(let_run(store, a="failed")) == ["a", "b"]
    assert store.states(run_id) == ["failed", "completed"]
    assert store.state(run_id) == "completed_with_failures"


def test_a_run_whose_every_step_failed_is_failed_though_it_went_on(store: StoreDriver) -> None:
    run_id = store.submit(
        definition(step("a", on_error=CONTINUE), step("b", depends=("a",), on_error=CONTINUE))
    )
    let_run(store, a="failed", b="failed")
    assert store.state(run_id) == "failed"
    assert store.parent(run_id)["closing"] is None


def test_a_step_with_some_failures_does_not_trigger_on_error(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(2), of=definition(step("a"), step("b", depends=("a",))))
    good, bad = store.lease()
    store.complete(good)
    store.fail(bad)
    let_run(store)
    assert store.states(run_id) == ["completed_with_failures", "completed"]
    assert store.state(run_id) == "completed_with_failures"


def test_a_cancelled_step_cancels_the_run_and_nothing_behind_it_starts(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("a"), step("b", depends=("a",))))
    store.cancel(store.steps(run_id)["a"], "not wanted")
    assert let_run(store) == {}
    assert store.states(run_id) == ["cancelled", "cancelled"]
    assert store.state(run_id) == "cancelled"
    assert store.column("error", run_id) == "step 'a' was cancelled: cancelled: not wanted"


def test_a_cancelled_step_cancels_parallel_branches(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("a"), step("b")))
    a, b = store.commit(starts=2).starts
    store.commit(NameChildren(a, Page((spec(),))), NameChildren(b, Page(specs(3))))
    running = store.lease(3)
    assert {job.step_id for job in running} == {a.step_id, b.step_id}
    store.cancel(a.step_id)
    assert store.parent(run_id)["closing"] is None  # it has not ended yet
    store.fail(*(job for job in running if job.step_id == a.step_id))
    assert store.parent(run_id)["closing"] == store.parent(b.step_id)["closing"] == "cancel"
    store.sweep()
    store.fail(*(job for job in running if job.step_id == b.step_id))
    assert store.states(run_id) == ["cancelled", "cancelled"]
    assert store.state(run_id) == "cancelled"


def test_a_cancelled_step_that_may_fail_lets_the_run_go_on(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("a", on_error=CONTINUE), step("b", depends=("a",))))
    store.cancel(store.steps(run_id)["a"])
    assert list(let_run(store)) == ["b"]
    assert store.states(run_id) == ["cancelled", "completed"]
    assert store.state(run_id) == "completed_with_failures"


def test_a_step_whose_jobs_all_gave_up_counts_as_cancelled(store: StoreDriver) -> None:
    run_id = store.run_with(spec(), of=definition(step("a"), step("b", depends=("a",))))
    (job,) = store.lease()
    store.settle(store.attempt(job, Cancelled("nothing to do")))
    assert store.states(run_id) == ["cancelled", "cancelled"]
    assert store.state(run_id) == "cancelled"


def test_a_run_that_takes_too_long_fails_and_what_never_began_is_cancelled(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(2), of=definition(step("a"), step("b", depends=("a",))))
    jobs = store.lease(1)
    store.commit(CloseParent(run_id, Closing.TIMEOUT, "took longer than 5 s"))
    store.sweep()
    assert store.state(run_id) == "running"
    store.complete(*jobs)
    assert store.states(run_id) == ["failed", "cancelled"]
    assert store.rows("SELECT state, error FROM job WHERE id = ?", run_id) == [
        ("failed", "took longer than 5 s")
    ]


def test_the_first_closing_reason_wins(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(2))
    jobs = store.lease(1)
    store.commit(CloseParent(run_id, Closing.TIMEOUT, "too long"))
    assert not store.cancel(run_id).changed
    store.sweep()
    store.complete(*jobs)
    assert (store.state(run_id), store.column("error", run_id)) == ("failed", "too long")


def test_a_step_that_ends_cancelled_in_a_failing_run_stops_none_of_the_others(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("a"), step("b"), step("c")))
    for start in store.commit(starts=3).starts:
        store.name(start, spec())
    steps = store.steps(run_id)
    jobs = {job.step_id: job for job in store.lease()}
    store.cancel(steps["b"])
    store.fail(jobs[steps["a"]])
    done = store.commit(Settle(1, (store.attempt(jobs[steps["b"]], Cancelled("as told")),)))
    assert done.cancelled_jobs == []
    store.complete(jobs[steps["c"]])
    assert store.state(jobs[steps["c"]].id) == "completed"
    assert [store.state(run_id), *store.states(run_id)] == ["failed", "failed", "cancelled", "failed"]


def test_a_run_is_closed_in_the_batch_of_its_submit(store: StoreDriver) -> None:
    request = store.submission(definition(step("a"), step("b", depends=("a",))))
    store.commit(request, CloseParent(request.run_id, Closing.FAILED, "they kept dying"))
    assert [store.state(request.run_id), *store.states(request.run_id)] == [
        "failed",
        "cancelled",
        "cancelled",
    ]


def test_closing_a_step_that_has_ended_changes_nothing(store: StoreDriver) -> None:
    run_id = store.run_with()
    store.commit(CloseParent(run_id, Closing.FAILED, "late"))
    store.commit(CloseParent(store.steps(run_id)["only"], Closing.FAILED, "late"))
    assert store.state(run_id) == "completed"
    assert store.rows("SELECT DISTINCT closing, reason FROM parent") == [(None, None)]


def test_closing_what_is_no_parent_is_refused(store: StoreDriver) -> None:
    store.run_with(spec())
    (job,) = store.lease()
    for job_id in (job.id, 77):
        assert isinstance(store.commit(CloseParent(job_id, Closing.FAILED, "x")).replies[0], Refused)


def test_the_ends_of_two_runs_in_one_commit_do_not_touch_each_other(store: StoreDriver) -> None:
    first = store.run_with(spec())
    second = store.run_with(spec())
    one, other = store.lease()
    store.settle(store.attempt(one), store.attempt(other))
    assert store.state(first) == store.state(second) == "completed"


def test_a_wide_join_of_a_hundred_steps_starts_once(store: StoreDriver) -> None:
    names = [f"s{number}" for number in range(100)]
    run_id = store.submit(definition(*(step(name) for name in names), step("join", depends=tuple(names))))
    assert list(let_run(store, **dict.fromkeys(names, "no children"))) == [*names[:10], *names[10:], "join"]
    assert store.state(run_id) == "completed"
    assert store.status_events(store.steps(run_id)["join"]) == ["pending", "running", "completed"]


def test_times_are_those_of_the_first_beginning_and_of_the_end(store: StoreDriver) -> None:
    """A job begins with its first attempt, and what never began has no beginning."""
    begun = store.clock.wall_ms()
    run_id = store.run_with(spec(), of=definition(step("a"), step("b", depends=("a",))))
    store.clock.advance(1)
    store.settle(store.attempt(store.lease()[0], failed()))
    store.clock.advance(1)
    (job,) = store.lease()
    store.cancel(run_id)
    store.clock.advance(1)
    store.complete(job)
    times = [
        store.rows("SELECT started_at - ?1, finished_at - ?1 FROM job WHERE id = ?2", begun, each)[0]
        for each in (run_id, *store.steps(run_id).values(), job.id)
    ]
    assert times == [(0, 3000), (0, 3000), (None, 2000), (1000, 3000)]
