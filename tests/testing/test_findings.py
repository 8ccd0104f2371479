"""What a test reads back, and what it is told when something is not there."""

import pytest

from actors.job import Counts, JobState
from actors.worker import JobContext, worker
from runtime.testing import MakeRuntime, SimulatedRuntime
from tests.testing.service import WORKERS, Item, Order, ShopManager, inline, item, moody, order, shop


@pytest.fixture
def runtime(quaero: MakeRuntime) -> SimulatedRuntime:
    return quaero(workers=WORKERS, managers=[ShopManager])


def test_what_was_submitted_is_enqueued_and_not_begun(runtime: SimulatedRuntime) -> None:
    runtime.fan_out(order, [Order(1, items=2), Order(2)])

    (one,) = runtime.assert_enqueued(order, {"number": 1})
    assert (one.state, one.attempt, one.payload) == (JobState.PENDING, 0, {"number": 1, "items": 2})
    assert runtime.assert_enqueued(order, Order(2))
    assert len(runtime.assert_enqueued("order", count=2, state="pending")) == 2
    runtime.refute_enqueued(item)
    assert runtime.documents() == []
    runtime.run_until_idle()
    assert len(runtime.assert_enqueued(item, {"order": 1}, count=2)) == 2


def test_what_a_managers_step_would_do_is_enqueued_page_by_page(runtime: SimulatedRuntime) -> None:
    run = runtime.submit(shop(5))
    other = runtime.submit(shop(1))
    assert len(runtime.assert_enqueued(order, run=run, count=5)) == 5
    assert len(runtime.assert_enqueued(order, run=other.id)) == 1
    assert run.wait().counts.completed == 5


def test_to_look_at_what_is_enqueued_leaves_no_trace_in_the_events(runtime: SimulatedRuntime) -> None:
    run = runtime.fan_out(inline, [Order(1)])
    runtime.assert_enqueued(inline)
    run.wait()
    assert not [event for event in runtime.events(0) if "paused" in event.type or "resumed" in event.type]


def test_a_failed_assertion_lists_what_is_there_instead(runtime: SimulatedRuntime) -> None:
    with pytest.raises(AssertionError, match=r"^no job of type 'order'; there are no jobs at all$"):
        runtime.assert_enqueued(order)
    runtime.fan_out(order, [Order(number) for number in range(25)]).wait()
    with pytest.raises(AssertionError) as failed:
        runtime.assert_enqueued(order, {"number": 99})
    lines = str(failed.value).splitlines()
    assert lines[0] == "no job of type 'order' with payload {\"number\":99}; of that type there are:"
    assert lines[1].endswith('order completed attempt 1/3 {"number":0,"items":0}')
    assert (len(lines), lines[-1]) == (22, "  … and 5 more")
    with pytest.raises(AssertionError, match=r"there are jobs of type .order., did you mean .order.\?"):
        runtime.assert_enqueued("ordr")
    with pytest.raises(AssertionError, match=r"^25 jobs instead of 24 of type 'order' in state completed;"):
        runtime.assert_enqueued(order, state=JobState.COMPLETED, count=24)


def test_what_should_not_be_there_is_listed(runtime: SimulatedRuntime) -> None:
    runtime.fan_out(order, [Order(1), Order(2)])
    runtime.refute_enqueued(order, {"number": 3})
    with pytest.raises(
        AssertionError, match=r"^1 such jobs of type 'order':\n.* order pending \{\"number\":2"
    ):
        runtime.refute_enqueued(order, Order(2))


def test_jobs_that_have_not_completed_are_listed_with_their_errors(runtime: SimulatedRuntime) -> None:
    good = runtime.fan_out(order, [Order(1)])
    bad = runtime.fan_out(moody, [Order(1, 4)])
    runtime.run_until_idle()
    runtime.assert_all_completed(good)
    with pytest.raises(
        AssertionError, match=r"^1 jobs have not completed:\n.*moody failed attempt 1/3 .* never"
    ):
        runtime.assert_all_completed(bad)


def test_the_tree_is_read_from_the_run_down_to_what_jobs_spawned(runtime: SimulatedRuntime) -> None:
    @worker("planting")
    def planting(payload: Order, context: JobContext) -> None:
        for _ in range(payload.items):
            context.spawn_child_job("planting", Order(payload.number + 1, payload.items - 1))

    with SimulatedRuntime(workers=[planting]) as other:
        run = other.fan_out(planting, [Order(0, 2)])
        run.wait()
        (step,) = other.children(run)
        assert other.steps(run) == [step]
        assert len(other.children(step)) == 5
        assert step.counts == Counts(total=5, completed=5)
        (root,) = [job for job in other.jobs(run=run) if job.payload["number"] == 0]
        below = other.children(root)
        assert [job.payload["number"] for job in below] == [1, 1]
        assert [len(other.children(each)) for each in below] == [1, 1]
        assert other.children(other.children(below[0])[0]) == []
        assert {job.depth for job in below} == {2}
        other.assert_consistent()


def test_one_job_its_log_and_the_documents_of_a_run_are_read(runtime: SimulatedRuntime) -> None:
    run = runtime.fan_out(order, [Order(1), Order(2)])
    other = runtime.fan_out(order, [Order(3)])
    runtime.run_until_idle()

    first = runtime.jobs(order, run=run)[0]
    assert runtime.job(first) == runtime.job(first.id) == runtime.job(first.number) == first
    assert [(line.level, line.text) for line in runtime.logs(first)] == [("info", "order 1")]
    assert [line.text for line in runtime.logs(run, level="info")] == ["order 1", "order 2"]
    assert [document.title for document in runtime.documents(run=other)] == ["Order 3"]
    assert len(runtime.documents()) == 3
    assert [job.state for job in runtime.jobs(state="completed", run=run)] == [JobState.COMPLETED] * 2
    with pytest.raises(LookupError, match="there is no job 5 in"):
        runtime.job(5)


def test_a_payload_is_matched_by_part_or_whole(runtime: SimulatedRuntime) -> None:
    runtime.fan_out(item, [Item(1, 2)])
    runtime.assert_enqueued(item, {"place": 2})
    runtime.assert_enqueued(item, Item(1, 2))
    for wrong in ({"place": 3}, {"other": 1}, Item(1, 3), [1]):
        runtime.refute_enqueued(item, wrong)
