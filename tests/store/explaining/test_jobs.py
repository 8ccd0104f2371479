"""Every reason for which a job does not move is named with its values."""

import os

import pytest

from actors.ids import id_text
from actors.job import Page, Snoozed
from actors.messages import NameChildren, PauseJob, PauseType
from actors.seams import ManualClock
from runtime.store.explaining.reason import ReasonCode
from runtime.store.reading.reader import StoreReader
from tests.store.driver import StoreDriver, definition, failed, spec, specs, step
from tests.store.explaining.asking import codes, job_ids, offers, only, why


@pytest.fixture(autouse=True)
def _there(store: StoreDriver) -> None:
    """One runtime, which takes two jobs of each type."""
    offers(store)


def test_ended_and_how(store: StoreDriver) -> None:
    store.run_with(*specs(2))
    good, bad = store.lease()
    store.complete(good)
    store.fail(bad)
    assert only(store, good.id, ReasonCode.ENDED).text == "it has ended: completed"
    assert only(store, bad.id, ReasonCode.ENDED).text == "it has ended: failed (broken)"
    assert only(store, bad.id, ReasonCode.ENDED).until_ms == store.clock.wall_ms()


def test_running_and_leased_by_whom_until_when(store: StoreDriver, clock: ManualClock) -> None:
    store.run_with(spec())
    (job,) = store.lease()
    clock.advance(10)
    reason = only(store, job.id, ReasonCode.LEASED)
    me = f"runtime {store.file.owner} (process {os.getpid()} on {os.uname().nodename})"
    assert (
        reason.text
        == f"attempt 1 of 3 is running, leased by {me} for another 20 s, and longer while its worker lives"
    )
    assert reason.until_ms == clock.wall_ms() + 20_000


def test_leased_by_a_runtime_that_has_died_or_let_its_lease_run_out(
    store: StoreDriver, clock: ManualClock
) -> None:
    store.run_with(*specs(2))
    other = StoreDriver(store.path, clock, judged=False)
    (job,) = other.lease(1)
    clock.advance(31)
    assert "the lease ran out 1.0 s ago" in only(store, job.id, ReasonCode.LEASED).text
    other.die()
    assert (
        "has died: it is given back as soon as a runtime looks" in only(store, job.id, ReasonCode.LEASED).text
    )


def test_all_slots_are_in_use_and_by_whom(store: StoreDriver) -> None:
    busy = store.run_with(*specs(2))
    store.lease(2)
    store.run_with(*specs(1))
    waiting = job_ids(store)[-1]
    reason = only(store, waiting, ReasonCode.SLOTS_FULL)
    assert (
        f"all slots for jobs of type 'work' are in use: 2 of 2 in runtime {store.file.owner}" in reason.text
    )
    assert f"(2 by run {id_text(busy)})" in reason.text
    assert "`[workers.work] slots`" in reason.hint


def test_the_steps_concurrency_is_reached(store: StoreDriver) -> None:
    offers(store, slots={"work": 9})
    store.run_with(*specs(3), of=definition(step(concurrency=2)))
    store.lease()
    reason = only(store, job_ids(store)[-1], ReasonCode.CONCURRENCY)
    assert reason.text == "2 jobs of the step run, and no more than 2 may at once"


def test_the_rate_of_its_key_until_when(store: StoreDriver, clock: ManualClock) -> None:
    store.run_with(*(spec(each, rate_key="host", rate_ms=4000) for each in range(2)))
    store.lease(1)
    clock.advance(1)
    reason = only(store, job_ids(store)[-1], ReasonCode.RATE)
    assert reason.text == "jobs of 'host' start 4.0 s apart; the next one may in 3.0 s"
    assert reason.until_ms == clock.wall_ms() + 3000


def test_paused_itself_or_by_its_step_its_run_and_its_type(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(2))
    first, _ = job_ids(store)
    step_id = store.steps(run_id)["only"]
    for paused in (PauseJob(first), PauseJob(step_id), PauseJob(run_id), PauseType("work")):
        store.commit(paused)
    reasons = why(store, first)
    assert {reason.code for reason in reasons} == {ReasonCode.PAUSED}
    assert [(reason.text, reason.hint) for reason in reasons] == [
        ("the job is paused", "`quaero resume ID` lets it go on"),
        ("its run is paused", f"`quaero resume {id_text(run_id)}` lets it go on"),
        ("the step is paused", f"`quaero resume {id_text(step_id)}` lets it go on"),
        ("the worker type 'work' is paused", "`quaero resume --type work` lets it go on"),
    ]


def test_not_before_a_time_by_a_delay_a_snooze_or_a_backoff(store: StoreDriver, clock: ManualClock) -> None:
    store.run_with(spec(0, delay_ms=90_000), spec(1), spec(2))
    delayed = job_ids(store)[0]
    snoozed, failing = store.lease()
    store.settle(store.attempt(snoozed, Snoozed(5000)))
    store.settle(store.attempt(failing, failed("no route to host", retry_in_ms=2500)))
    assert only(store, delayed, ReasonCode.NOT_BEFORE).text == "it was delayed: it begins in 1 min 30 s"
    assert only(store, snoozed.id, ReasonCode.NOT_BEFORE).text == "it asked to be run again later: in 5.0 s"
    reason = only(store, failing.id, ReasonCode.NOT_BEFORE)
    assert reason.text == "attempt 1 of 3 failed (no route to host); the next one begins in 2.5 s"
    assert reason.until_ms == clock.wall_ms() + 2500


def test_no_worker_of_its_type_in_any_living_runtime(store: StoreDriver, clock: ManualClock) -> None:
    store.run_with(spec(type="rare"))
    (job,) = job_ids(store)
    reason = only(store, job, ReasonCode.NO_WORKER)
    assert f"no worker of type 'rare' is registered in runtime {store.file.owner}" in reason.text
    other = StoreDriver(store.path, clock, judged=False)
    offers(other, slots={"rare": 1})
    assert only(store, job, ReasonCode.READY).text == "nothing holds it: it is the next of its step"
    other.die()
    assert codes(store, job) == ["no_worker"]


def test_no_runtime_on_the_store_or_only_one_that_stops(store: StoreDriver) -> None:
    store.run_with(spec())
    (job,) = job_ids(store)
    offers(store, slots={}, actions=(), draining=True)
    reason = only(store, job, ReasonCode.NO_RUNTIME)
    assert reason.text.startswith("no runtime takes work: runtime ")
    assert reason.text.endswith("is stopping")
    store.file.connection.execute("UPDATE owner SET offers = NULL")
    reason = only(store, job, ReasonCode.NO_RUNTIME)
    assert (reason.text, reason.hint) == ("no runtime works on this store", "`quaero work` starts one")


def test_its_type_is_held_back_for_bodies_that_do_not_end(store: StoreDriver) -> None:
    store.run_with(spec())
    offers(
        store,
        slots={"other": 2},
        held_back={"work": "8 bodies of it go on although they were told to end, 8 may"},
    )
    reason = only(store, job_ids(store)[0], ReasonCode.HELD_BACK)
    assert "no runtime takes jobs of type 'work' any more" in reason.text
    assert "8 bodies of it go on" in reason.text


def test_deeper_than_what_runs_in_a_step_that_goes_level_by_level(store: StoreDriver) -> None:
    store.submit(definition())
    page = Page((spec(0, depth=1), spec(1, depth=2)), level_by_level=True)
    store.commit(NameChildren(store.start(), page))
    store.lease()
    reason = only(store, job_ids(store)[-1], ReasonCode.LEVEL)
    assert reason.text == "the step goes level by level: jobs of depth 1 still run, this one has depth 2"


def test_cancelled_before_and_while_it_runs(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(3))
    running, alone = store.lease(2)
    store.cancel(alone.id, "not this one")
    assert next((each.code, each.text) for each in why(store, alone.id)) == (
        ReasonCode.CLOSING,
        "its attempt was told to end (cancelled: not this one)",
    )
    store.cancel(run_id, "enough")
    assert codes(store, running.id) == ["closing", "leased"]
    reason = only(store, job_ids(store)[-1], ReasonCode.CLOSING)
    assert reason.text == (
        "its step takes no more work (cancelled: enough): the job is about to be cancelled"
    )


def test_its_step_waits_for_another(store: StoreDriver) -> None:
    """A job that was named with its submit waits with its step."""
    store.run_with(spec())
    (job,) = job_ids(store)
    parent = store.column("parent_id", job)
    run_id = store.run_with(spec(type="other"))
    needed = store.steps(run_id)["only"]
    store.file.connection.execute("UPDATE parent SET waiting = 1 WHERE id = ?", (parent,))
    store.file.connection.execute("INSERT INTO dependency VALUES (?, ?, 'step')", (parent, needed))
    (reason,) = why(store, job)
    assert reason.code is ReasonCode.WAITING_FOR_STEP
    store.file.connection.execute("DELETE FROM dependency WHERE step_id = ?", (parent,))
    store.file.connection.execute("UPDATE parent SET waiting = 0 WHERE id = ?", (parent,))


def test_who_could_do_it_has_not_committed_for_long(store: StoreDriver, clock: ManualClock) -> None:
    """It lives, by its lock, and its heartbeats do not reach the store."""
    store.run_with(spec())
    (job,) = job_ids(store)
    store.tend()
    clock.advance(21.9)
    assert codes(store, job) == ["ready"]
    clock.advance(0.2)
    reason = only(store, job, ReasonCode.STORE_UNAVAILABLE)
    assert f"nothing has been committed by runtime {store.file.owner}" in reason.text
    assert "for 22 s" in reason.text


def test_nothing_but_its_turn(store: StoreDriver) -> None:
    store.run_with(*specs(1100))
    jobs = job_ids(store)
    texts = [only(store, jobs[index], ReasonCode.READY).text for index in (0, 1, 1000, 1099)]
    assert texts == [
        "nothing holds it: it is the next of its step",
        "nothing holds it but its turn: 1 job of its step goes first",
        "nothing holds it but its turn: 1000 jobs of its step go first",
        "nothing holds it but its turn: more than 1000 jobs of its step go first",
    ]


def test_what_is_not_there_has_no_explanation(store: StoreDriver) -> None:
    reader = StoreReader(store.path)
    assert reader.explain(77, store.clock) is None
    reader.close()
