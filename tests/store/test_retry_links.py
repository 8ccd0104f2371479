"""A retry among linked runs: who waits for whom, and who is refused until another was retried."""

from actors.ids import id_text
from actors.job import JobState, Step, WaitRole
from actors.messages import (
    LinkedRun,
    RunWait,
    Submit,
)
from tests.store.driver import StoreDriver, definition, spec, specs, step
from tests.store.retrying import fail_first, refused, retried


def linked(store: StoreDriver, role: WaitRole, *steps: Step) -> tuple[int, int]:
    """A run of "first" and one of "second" that waits for it, which may have other steps than one."""
    ids = store.file.ids
    first, second = definition(id="first", name="first"), definition(*steps, id="second", name="second")
    runs = [LinkedRun(each, ids.next(), tuple(ids.next() for _ in each.steps)) for each in (first, second)]
    store.commit(
        Submit(
            first,
            runs[0].run_id,
            runs[0].step_ids,
            linked=(runs[1],),
            waits=(RunWait(runs[1].run_id, runs[0].run_id, role),),
        )
    )
    return runs[0].run_id, runs[1].run_id


def test_a_run_whose_pre_job_failed_is_refused_until_that_was_retried(store: StoreDriver) -> None:
    before, run_id = linked(store, WaitRole.PRE)
    fail_first(store)
    assert store.state(run_id) == "failed"
    found = refused(store, run_id)
    assert f"pre-job 'first' (run {id_text(before)}) failed" in found.message
    assert found.hint == "retry that run first"
    retried(store, before)
    retried(store, run_id)
    assert store.commit(starts=9).starts == []
    store.complete(*store.lease())
    assert store.state(before) == "completed"
    store.name(store.start())
    assert store.state(run_id) == "completed"


def test_a_run_that_waits_for_its_retried_pre_job_fails_with_it_again(store: StoreDriver) -> None:
    before, run_id = linked(store, WaitRole.PRE)
    fail_first(store)
    retried(store, before)
    retried(store, run_id)
    store.fail(*store.lease())
    assert [store.state(before), store.state(run_id)] == ["failed", "failed"]


def test_a_run_that_has_begun_waits_while_its_pre_job_is_retried(store: StoreDriver) -> None:
    before, run_id = linked(store, WaitRole.PRE)
    store.name(store.start(), *specs(2))
    good, bad = store.lease()
    store.complete(good)
    store.fail(bad)
    assert store.state(before) == "completed_with_failures"
    store.name(store.start(), *specs(2), cursor="more")
    start = store.start()
    retried(store, before)
    assert not store.name(start, *specs(2)).accepted
    again = store.lease()
    assert [job.id for job in again] == [bad.id]
    store.complete(*again)
    done = store.commit(lease={"work": 9}, starts=9)
    assert ([each.cursor for each in done.starts], len(done.jobs)) == (["more"], 2)
    store.name(done.starts[0])
    store.complete(*done.jobs)
    assert store.state(run_id) == "completed"


def test_a_retried_run_that_was_cancelled_while_it_waited_does_not_begin_before_it_ends(
    store: StoreDriver,
) -> None:
    before, run_id = linked(store, WaitRole.PRE)
    store.name(store.start(), *specs(2))
    good, bad = store.lease()
    store.complete(good)
    store.fail(bad)
    store.name(store.start(), spec())
    store.fail(*store.lease())
    retried(store, before)
    retried(store, run_id)
    store.cancel(run_id)
    store.complete(*store.lease())
    assert [store.state(before), *store.states(run_id)] == ["completed", "pending"]
    store.sweep()
    assert [store.state(run_id), *store.states(run_id)] == ["cancelled", "cancelled"]


def test_a_post_job_that_was_given_up_with_its_run_is_run_after_the_retry(store: StoreDriver) -> None:
    run_id, after = linked(store, WaitRole.POST)
    fail_first(store)
    assert store.state(after) == "cancelled"
    retried(store, run_id)
    assert store.state(after) == "pending"
    store.complete(*store.lease())
    store.name(store.start(), spec())
    store.complete(*store.lease())
    assert [store.state(run_id), store.state(after)] == ["completed", "completed"]


def test_a_post_job_whose_run_failed_is_refused_until_that_was_retried(store: StoreDriver) -> None:
    run_id, after = linked(store, WaitRole.POST)
    fail_first(store)
    found = refused(store, after)
    assert f"'first' (run {id_text(run_id)}), after which it was to run, failed" in found.message
    assert found.hint == "retry that run first"
    assert store.state(after) == "cancelled"


def test_a_post_job_of_several_steps_comes_back_once(store: StoreDriver) -> None:
    run_id, after = linked(store, WaitRole.POST, step("a"), step("b"))
    fail_first(store)
    assert store.states(after) == ["cancelled"] * 2
    retried(store, run_id)
    assert store.states(after) == ["pending"] * 2


def test_a_post_job_that_was_deleted_is_not_run_after_the_retry(store: StoreDriver) -> None:
    run_id, after = linked(store, WaitRole.POST)
    fail_first(store)
    store.delete(after)
    retried(store, run_id)
    assert store.rows("SELECT id FROM parent WHERE id = ? AND state <> 'cancelled'", after) == []
    store.complete(*store.lease())
    assert store.state(run_id) == "completed"


def test_a_post_job_that_was_cancelled_by_itself_stays_so(store: StoreDriver) -> None:
    run_id, after = linked(store, WaitRole.POST)
    store.cancel(after)
    fail_first(store)
    retried(store, run_id)
    assert store.state(after) == "cancelled"
    store.complete(*store.lease())
    assert store.state(run_id) == "completed"


def test_a_post_job_whose_pre_job_was_not_done_is_not_run_after_the_retry(store: StoreDriver) -> None:
    ids = store.file.ids
    first, before, after = (definition(id=name, name=name) for name in ("first", "before", "after"))
    runs = [LinkedRun(each, ids.next(), (ids.next(),)) for each in (first, before, after)]
    run_id, pre_id, post_id = (each.run_id for each in runs)
    waits = RunWait(post_id, run_id, WaitRole.POST), RunWait(post_id, pre_id, WaitRole.PRE)
    store.commit(Submit(first, run_id, runs[0].step_ids, linked=tuple(runs[1:]), waits=waits))
    fail_first(store)
    assert [store.state(each) for each in (run_id, pre_id, post_id)] == ["failed", "cancelled", "cancelled"]
    retried(store, run_id)
    store.complete(*store.lease())
    assert [store.state(each) for each in (run_id, pre_id, post_id)] == [
        "completed",
        "cancelled",
        "cancelled",
    ]
    retried(store, pre_id)
    retried(store, post_id)
    for _ in (pre_id, post_id):
        store.name(store.start())
    assert [store.state(each) for each in (pre_id, post_id)] == ["completed", "completed"]


def test_a_post_job_without_a_step_that_was_not_deleted_stays_as_it_is(store: StoreDriver) -> None:
    run_id, after = linked(store, WaitRole.POST)
    fail_first(store)
    store.delete(store.steps(after)["only"])
    retried(store, run_id)
    assert store.state(after) == "cancelled"
    store.complete(*store.lease())
    assert (store.state(run_id), store.state(after)) == ("completed", "cancelled")


def test_a_post_job_is_not_run_if_the_retried_run_fails_in_the_same_commit(store: StoreDriver) -> None:
    run_id, after = linked(store, WaitRole.POST)
    store.cancel(run_id)
    store.damage(store.steps(run_id)["only"], "payload", "{}")
    assert retried(store, run_id).state is JobState.FAILED
    assert (store.state(run_id), store.state(after)) == ("failed", "cancelled")
    assert store.commit(starts=9).starts == []


def test_a_post_job_of_a_run_and_of_its_post_job_comes_back_once(store: StoreDriver) -> None:
    ids = store.file.ids
    first, second, third = (definition(id=name, name=name) for name in ("first", "second", "third"))
    runs = [LinkedRun(each, ids.next(), (ids.next(),)) for each in (first, second, third)]
    run_id, middle, last = (each.run_id for each in runs)
    waits = tuple(
        RunWait(after, before, WaitRole.POST)
        for after, before in ((middle, run_id), (last, run_id), (last, middle))
    )
    store.commit(Submit(first, run_id, runs[0].step_ids, linked=tuple(runs[1:]), waits=waits))
    fail_first(store)
    assert [store.state(each) for each in (middle, last)] == ["cancelled", "cancelled"]
    retried(store, run_id)
    assert [store.state(each) for each in (middle, last)] == ["pending", "pending"]
    store.complete(*store.lease())
    for each in (middle, last):
        (start,) = store.commit(starts=9).starts
        assert start.run_id == each
        store.name(start)
    assert store.state(last) == "completed"
