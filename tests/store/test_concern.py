from actors.job import LeasedJob
from actors.messages import CancelJob, Settle
from runtime.store.commit import Commit
from runtime.store.concern import EVERYTHING, Concern, concern_of
from tests.store.driver import StoreDriver, definition, specs, step


def test_work_that_was_left_over_concerns_others_and_what_was_leased_does_not(store: StoreDriver) -> None:
    request = store.submission()
    left = store.commit(request)
    assert concern_of([request], [left]) == Concern.WORK
    start = store.start()
    store.name(start, *specs(3))
    assert concern_of([], [store.commit(lease={"work": 2})]) == Concern.WORK
    assert concern_of([], [store.commit(lease={"work": 2})]) == Concern(0)


def test_a_commit_that_finds_every_slot_taken_concerns_nobody(store: StoreDriver) -> None:
    """Two runtimes, each with jobs for more than its slots, would else ring each other for ever."""
    store.run_with(*specs(3))
    store.lease(1)
    done = store.commit(lease={"work": 0})
    assert done.more == {"work"}
    assert concern_of([], [done]) == Concern(0)


def test_the_end_of_a_run_concerns_others_and_the_end_of_one_of_its_steps_does_not(
    store: StoreDriver,
) -> None:
    store.submit(definition(step("a"), step("b", depends=("a",))))
    store.name(store.start(), *specs(1))
    (job,) = store.lease()
    done = store.commit(settlement(store, job), starts=1)
    assert concern_of([], [done]) == Concern(0)
    store.name(done.starts[0], *specs(1))
    assert concern_of([], [store.commit(settlement(store, *store.lease()))]) == Concern.END


def test_a_parent_that_closes_with_children_running_concerns_others(store: StoreDriver) -> None:
    run = store.run_with(*specs(2))
    store.lease(1)
    requests = [CancelJob(run)]
    assert concern_of(requests, [store.commit(*requests)]) == EVERYTHING
    assert concern_of([], [store.commit(sweep=tuple(store.unsweeped))]) == Concern.STOP


def test_nothing_done_concerns_nobody() -> None:
    assert concern_of([], []) == concern_of([], [Commit()]) == Concern(0)


def settlement(store: StoreDriver, *jobs: LeasedJob) -> Settle:
    return Settle(1, tuple(store.attempt(job) for job in jobs))
