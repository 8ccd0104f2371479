"""Nothing new below what is paused is leased, what runs goes on; a resume gives back exactly what its pause took."""

import pytest

from actors.job import JobState
from actors.messages import (
    PauseAcknowledged,
    PauseJob,
    PauseType,
    Refused,
    ResumeJob,
    ResumeType,
    TypePauseAcknowledged,
)
from actors.seams import ManualClock
from tests.store.driver import StoreDriver, definition, only, spec, specs, step
from tests.store.pausing import paused, resumed


@pytest.mark.parametrize("kind", ["run", "step"])
def test_from_the_pausing_commit_on_nothing_below_is_leased_until_it_is_resumed(
    store: StoreDriver, kind: str
) -> None:
    run_id = store.run_with(*specs(5))
    job_id = run_id if kind == "run" else only(store, run_id)
    done = store.commit(PauseJob(job_id), lease={"work": 9})
    assert done.replies == [PauseAcknowledged(job_id, True, JobState.RUNNING)]
    assert done.jobs == []
    assert done.more == set()
    assert store.tend(lease={"work": 9}, starts=9)[0].jobs == []
    done = store.commit(ResumeJob(job_id), lease={"work": 9})
    assert done.replies == [PauseAcknowledged(job_id, True, JobState.RUNNING)]
    assert len(done.jobs) == 5
    store.complete(*done.jobs)
    assert store.state(run_id) == "completed"


def test_what_runs_goes_on_to_its_end_and_may_end_the_paused_run(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(2))
    jobs = store.lease()
    paused(store, run_id)
    store.complete(*jobs)
    assert store.state(run_id) == "completed"
    assert resumed(store, run_id) == PauseAcknowledged(run_id, False, JobState.COMPLETED)


@pytest.mark.parametrize("kind", ["run", "step"])
def test_what_has_completed_is_neither_paused_nor_resumed(store: StoreDriver, kind: str) -> None:
    run_id = store.run_with(spec())
    store.complete(*store.lease())
    job_id = run_id if kind == "run" else only(store, run_id)
    for reply in (paused(store, job_id), resumed(store, job_id)):
        assert reply == PauseAcknowledged(job_id, False, JobState.COMPLETED)


@pytest.mark.parametrize("kind", ["run", "step", "job"])
def test_what_is_not_paused_is_not_resumed(store: StoreDriver, kind: str) -> None:
    run_id = store.run_with(spec())
    ((job_id,),) = store.rows("SELECT id FROM job WHERE kind = ?", kind)
    state = JobState.PENDING if kind == "job" else JobState.RUNNING
    assert resumed(store, job_id) == PauseAcknowledged(job_id, False, state)
    paused(store, run_id)
    if kind != "run":
        assert resumed(store, job_id) == PauseAcknowledged(job_id, False, state, held=True)


def test_the_children_of_a_paused_step_are_not_named(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("a"), step("b")))
    steps = store.steps(run_id)
    paused(store, steps["a"])
    assert [start.step_id for start in store.commit(starts=9).starts] == [steps["b"]]
    done = store.commit(ResumeJob(steps["a"]), starts=9)
    assert [start.step_id for start in done.starts] == [steps["a"]]


def test_a_page_that_was_being_named_when_its_step_was_paused_is_kept_and_nothing_of_it_starts(
    store: StoreDriver,
) -> None:
    run_id = store.submit()
    start = store.start()
    paused(store, run_id)
    assert store.name(start, *specs(3), cursor="next").accepted
    done = store.commit(lease={"work": 9}, starts=9)
    assert (done.jobs, done.starts) == ([], [])
    done = store.commit(ResumeJob(run_id), lease={"work": 9}, starts=9)
    assert (len(done.jobs), [each.cursor for each in done.starts]) == (3, ["next"])


def test_a_step_that_becomes_startable_while_its_run_is_paused_waits(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("a"), step("b", depends=("a",))))
    store.name(store.start(), spec())
    (job,) = store.lease()
    paused(store, run_id)
    store.complete(job)
    assert store.commit(starts=9).starts == []
    (start,) = store.commit(ResumeJob(run_id), starts=9).starts
    assert start.step_id == store.steps(run_id)["b"]


def test_resuming_a_run_leaves_a_step_that_was_paused_by_itself_paused(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("a"), step("b")))
    for start in store.commit(starts=2).starts:
        store.name(start, *specs(2))
    steps = store.steps(run_id)
    paused(store, steps["a"])
    paused(store, run_id)
    assert store.lease() == []
    assert resumed(store, steps["b"]) == PauseAcknowledged(steps["b"], False, JobState.RUNNING, held=True)
    resumed(store, run_id)
    assert {job.step_id for job in store.lease()} == {steps["b"]}
    resumed(store, steps["a"])
    assert {job.step_id for job in store.lease()} == {steps["a"]}


def test_a_step_that_is_resumed_while_its_run_is_paused_waits_for_that(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(2))
    paused(store, run_id)
    paused(store, only(store, run_id))
    assert resumed(store, only(store, run_id)) == PauseAcknowledged(
        only(store, run_id), True, JobState.RUNNING, held=True
    )
    assert store.lease() == []
    resumed(store, run_id)
    assert len(store.lease()) == 2


@pytest.mark.parametrize("options", [{}, {"delay_ms": 1000}])
def test_cancel_reaches_what_is_paused(store: StoreDriver, options: dict[str, int]) -> None:
    run_id = store.run_with(*specs(3, **options))
    ids = [row[0] for row in store.rows("SELECT id FROM job WHERE kind = 'job' ORDER BY id")]
    for job_id in ids[:2]:
        paused(store, job_id)
    paused(store, run_id)
    store.cancel(ids[0])
    store.cancel(run_id)
    store.sweep()
    assert store.state(run_id) == "cancelled"
    assert store.states(only(store, run_id)) == ["cancelled"] * 3


def test_a_time_limit_goes_on_while_the_run_is_paused(store: StoreDriver, clock: ManualClock) -> None:
    run_id = store.run_with(spec(), of=definition(timeout_seconds=5.0))
    paused(store, run_id)
    clock.advance(6)
    store.tend()
    store.sweep()
    assert store.state(run_id) == "failed"
    assert store.column("error", run_id) == "timed out after 5 s"


@pytest.mark.parametrize("kind", ["run", "step", "job"])
def test_pause_and_resume_change_nothing_a_second_time(store: StoreDriver, kind: str) -> None:
    run_id = store.run_with(spec())
    ((job_id,),) = store.rows("SELECT id FROM job WHERE kind = ?", kind)
    assert [paused(store, job_id).changed for _ in range(3)] == [True, False, False]
    assert [resumed(store, job_id).changed for _ in range(3)] == [True, False, False]
    assert [kind for _, kind, run, job, _ in store.oracle.events if (run, job) == (run_id, job_id)][-2:] == [
        "job_paused",
        "job_resumed",
    ]
    assert store.logs(job_id) == ["paused", "resumed"]


@pytest.mark.parametrize("kind", ["run", "step", "job"])
def test_what_has_ended_or_is_closing_is_not_paused(store: StoreDriver, kind: str) -> None:
    run_id = store.run_with(spec())
    (job,) = store.lease()
    job_id = {"run": run_id, "step": only(store, run_id), "job": job.id}[kind]
    store.cancel(run_id)
    assert paused(store, job_id) == PauseAcknowledged(job_id, False, JobState.RUNNING)
    store.complete(job)
    state = JobState.COMPLETED if kind == "job" else JobState.CANCELLED
    assert paused(store, job_id) == PauseAcknowledged(job_id, False, state)
    assert resumed(store, job_id) == PauseAcknowledged(job_id, False, state)


def test_an_unknown_job_is_refused(store: StoreDriver) -> None:
    refused = Refused("there is no such job", "`quaero jobs` lists them")
    assert store.commit(PauseJob(99), ResumeJob(99)).replies == [refused, refused]


def test_a_paused_type_is_not_leased_by_any_runtime_and_others_are(
    store: StoreDriver, clock: ManualClock
) -> None:
    other = StoreDriver(store.path, clock, judged=False)
    store.run_with(*specs(3), spec(type="other"))
    done = store.commit(PauseType("work"), lease={"work": 9, "other": 9})
    assert done.replies == [TypePauseAcknowledged("work", True)]
    assert [job.type for job in done.jobs] == ["other"]
    assert done.more == set()
    assert other.lease() == []
    assert store.commit(PauseType("work")).replies == [TypePauseAcknowledged("work", False)]
    done = other.commit(ResumeType("work"), lease={"work": 2})
    assert (len(done.jobs), done.more) == (2, {"work"})
    assert other.commit(ResumeType("work")).replies == [TypePauseAcknowledged("work", False)]
    store.oracle.check()
    assert [(kind, data) for _, kind, run, _, data in store.oracle.events if run == 0] == [
        ("type_paused", {"type": "work"}),
        ("type_resumed", {"type": "work"}),
    ]
    other.close()


def test_a_paused_type_stays_paused_when_the_store_is_opened_again(
    store: StoreDriver, clock: ManualClock
) -> None:
    store.run_with(spec())
    store.commit(PauseType("work"))
    again = StoreDriver(store.path, clock)
    assert again.lease() == []
    again.close()


def test_a_pause_is_an_event_that_tells_what_is_above(store: StoreDriver) -> None:
    run_id = store.run_with(spec())
    step_id = only(store, run_id)
    ((job_id,),) = store.rows("SELECT id FROM job WHERE kind = 'job'")
    for each in (run_id, step_id, job_id):
        assert paused(store, each).changed
    told = {job_id: data for _, kind, _, job_id, data in store.oracle.events if kind == "job_paused"}
    assert told == {run_id: {}, step_id: {"parent_id": run_id}, job_id: {"parent_id": step_id}}


def test_a_resume_tells_of_what_is_ready_beside_a_key_that_waits_for_its_rate(store: StoreDriver) -> None:
    run_id = store.run_with(*(spec(each, rate_key="a", rate_ms=1000) for each in range(2)), *specs(5))
    store.lease(2)
    assert store.rows("SELECT not_before > 0, pending FROM lane ORDER BY id") == [(1, 1), (0, 4)]
    assert paused(store, run_id).changed
    store.ready.clear()
    assert resumed(store, run_id).changed
    assert store.ready == {"work"}


@pytest.mark.parametrize("kind", ["run", "step"])
def test_a_resume_tells_of_what_is_ready_beside_what_was_all_taken(store: StoreDriver, kind: str) -> None:
    run_id = store.run_with(spec(0, rate_key="a", rate_ms=0), *specs(2))
    job_id = run_id if kind == "run" else only(store, run_id)
    store.lease(1)
    assert store.rows("SELECT not_before, pending FROM lane ORDER BY id") == [(0, 0), (0, 2)]
    assert paused(store, job_id).changed
    store.ready.clear()
    assert resumed(store, job_id).changed
    assert store.ready == {"work"}


def test_a_run_is_paused_in_the_batch_of_its_submit(store: StoreDriver) -> None:
    request = store.submission()
    done = store.commit(request, PauseJob(request.run_id), starts=1)
    assert done.replies[1] == PauseAcknowledged(request.run_id, True, JobState.PENDING)
    assert done.starts == []
