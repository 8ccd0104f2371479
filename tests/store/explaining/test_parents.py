"""A run and a step are explained by how many of their jobs are held for which reason, and by what they wait for."""

import pytest

from actors.ids import id_text
from actors.job import AttemptError, OnError
from actors.messages import NamingFailed, PauseJob
from actors.seams import ManualClock
from runtime.store.explaining.reason import ReasonCode
from runtime.store.reading.reader import StoreReader
from tests.store.driver import StoreDriver, definition, failed, spec, specs, step
from tests.store.explaining.asking import asked, codes, job_ids, offers, only, why
from tests.store.test_links import MAIN, made, submit


@pytest.fixture(autouse=True)
def _there(store: StoreDriver) -> None:
    """One runtime, which takes two jobs of each type."""
    offers(store)


def held(store: StoreDriver, parent_id: int) -> dict[str, int]:
    """How many jobs for which reason."""
    return {reason.code.value: reason.jobs for reason in why(store, parent_id)}


def test_jobs_are_counted_by_reason_and_make_up_what_is_open(store: StoreDriver) -> None:
    run_id = store.run_with(
        *specs(5),
        *(spec(each, type="rare") for each in range(3)),
        *(spec(each, type="other", rate_key="host", rate_ms=60_000) for each in range(4)),
        spec(0, delay_ms=5000),
        of=definition(),
    )
    store.commit(lease={"work": 2, "other": 2})
    last = job_ids(store)[4]
    store.commit(PauseJob(last))
    step_id = store.steps(run_id)["only"]
    found = held(store, step_id)
    assert found == {"leased": 3, "not_before": 1, "paused": 1, "no_worker": 3, "rate": 3, "slots_full": 2}
    assert sum(found.values()) == 13
    assert held(store, run_id) == found
    assert {reason.step for reason in why(store, run_id)} == {"only"}
    answer = asked(store, run_id)
    assert (answer.id, answer.kind, answer.state) == (id_text(run_id), "run", "running")


def test_a_steps_jobs_wait_for_its_concurrency(store: StoreDriver) -> None:
    offers(store, slots={"work": 50})
    run_id = store.run_with(*specs(9), of=definition(step(concurrency=2)))
    store.lease()
    assert held(store, run_id) == {"leased": 2, "concurrency": 7}


def test_a_closing_step_tells_what_still_runs_and_what_is_about_to_be_cancelled(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(5))
    store.lease(1)
    store.cancel(run_id, "enough")
    step_id = store.steps(run_id)["only"]
    closing, leased = why(store, step_id)
    assert closing.text == (
        "it takes no more work (cancelled: enough); 1 job still runs and 4 waiting jobs about to be cancelled"
    )
    assert (leased.code, leased.jobs) == (ReasonCode.LEASED, 1)
    assert codes(store, run_id) == ["closing", "closing", "leased"]


def test_a_step_waits_for_another_and_is_told_what_that_one_waits_for(store: StoreDriver) -> None:
    first, second, third = step("a"), step("b", depends=("a",)), step("c", depends=("b",))
    run_id = store.submit(definition(first, second, third))
    steps = store.steps(run_id)
    assert only(store, steps["c"], ReasonCode.WAITING_FOR_STEP).text == (
        "it waits for step 'b', which is pending: it waits for step 'a', which is pending: nothing holds it: its"
        " children are about to be named"
    )
    store.name(store.start(), *specs(3))
    store.lease(1)
    assert only(store, steps["b"], ReasonCode.WAITING_FOR_STEP).text == (
        "it waits for step 'a', which is running: 2 pending, 1 running, 0 completed, 0 failed"
    )
    store.commit(PauseJob(steps["a"]))
    assert only(store, steps["b"], ReasonCode.WAITING_FOR_STEP).text.endswith("running: the step is paused")


def test_a_run_waits_for_its_pre_job_and_its_post_job_for_it(store: StoreDriver) -> None:
    runs = submit(store, MAIN, made("fetch"), made("report"))
    pre = only(store, runs["main"], ReasonCode.WAITING_FOR_RUN)
    assert pre.text.startswith(
        f"it waits for its pre-job, run {id_text(runs['fetch'])} of 'fetch', which is pending"
    )
    post = only(store, runs["report"], ReasonCode.WAITING_FOR_RUN)
    assert f"waits for run {id_text(runs['main'])} of 'main', after which it comes" in post.text


def test_the_children_of_a_step_are_being_named_by_whom(store: StoreDriver) -> None:
    run_id = store.submit()
    store.start()
    reason = only(store, run_id, ReasonCode.NAMING)
    assert f"are being named by runtime {store.file.owner} (process" in reason.text
    assert "(attempt 1 of 3); 0 jobs so far" in reason.text


def test_naming_failed_and_is_tried_again_when_and_why(store: StoreDriver, clock: ManualClock) -> None:
    run_id = store.submit()
    error = AttemptError("OSError", "no route to host")
    store.commit(NamingFailed(store.start(), error, permanent=False, retry_in_ms=2000))
    clock.advance(0.5)
    reason = only(store, run_id, ReasonCode.NAMING_BACKOFF)
    assert reason.text == (
        "naming its children failed (no route to host); the next attempt begins in 1.5 s, after attempt 1 of 3"
    )
    assert reason.until_ms == clock.wall_ms() + 1500


def test_no_manager_for_the_action_and_no_runtime_at_all(store: StoreDriver) -> None:
    run_id = store.submit(definition(step(action="exotic")))
    reason = only(store, run_id, ReasonCode.NO_MANAGER)
    assert f"no manager of the action 'exotic' is registered in runtime {store.file.owner}" in reason.text
    store.file.connection.execute("UPDATE owner SET offers = NULL")
    assert codes(store, run_id) == ["no_runtime"]


def test_as_many_steps_are_being_named_as_can_be(store: StoreDriver) -> None:
    offers(store, naming=1)
    store.submit()
    store.start()
    waiting = store.submit()
    reason = only(store, waiting, ReasonCode.SLOTS_FULL)
    assert reason.text.startswith("as many steps are being named as can be at once: 1 in runtime")


def test_a_paused_run_says_so_once(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(3))
    store.commit(PauseJob(run_id))
    reason = only(store, run_id, ReasonCode.PAUSED)
    assert (reason.text, reason.hint) == (
        "the run is paused",
        f"`quaero resume {id_text(run_id)}` lets it go on",
    )


def test_an_ended_run_says_how(store: StoreDriver) -> None:
    run_id = store.run_with(spec(), of=definition(step(on_error=OnError.FAIL)))
    (job,) = store.lease()
    store.settle(store.attempt(job, failed(permanent=True)))
    assert only(store, run_id, ReasonCode.ENDED).text.startswith("it has ended: failed (step 'only' failed")


def test_a_run_of_many_steps_names_some_and_counts_the_rest(store: StoreDriver) -> None:
    steps = [step("first"), *(step(f"s{number}", depends=("first",)) for number in range(40))]
    run_id = store.submit(definition(*steps))
    reasons = why(store, run_id)
    assert len(reasons) == 21
    assert reasons[0].step == "first"
    assert reasons[-1].text == "21 further steps not ended"


def test_what_it_costs_does_not_grow_with_the_children(store: StoreDriver) -> None:
    looked: list[int] = []
    costs = []
    for number in (500, 10_000):
        looked.clear()
        run_id = store.run_with(*specs(number))
        reader = StoreReader(store.path)
        with reader.snapshot() as connection:
            connection.set_progress_handler(lambda: looked.append(1), 100)
        reader.explain(run_id, store.clock)
        reader.explain(store.steps(run_id)["only"], store.clock)
        reader.close()
        costs.append(len(looked))
    assert 0 < costs[1] <= costs[0] + 20
