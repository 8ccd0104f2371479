"""A sweep cancels what waits below its own step, whatever it waits for, and says so once."""

import pytest

from actors.job import ChildSpec
from actors.messages import PauseJob
from runtime.store.verbs import sweep as sweeping
from tests.store.driver import StoreDriver, only, spec, specs
from tests.store.retrying import retried

WAITING = {
    "pending": specs(25),
    "scheduled": specs(25, delay_ms=1000),
    "as many of both": (*specs(12), *specs(12, delay_ms=1000)),
    "few pending": (*specs(2), *specs(20, delay_ms=1000)),
    "one": (spec(),),
}


@pytest.mark.parametrize("children", WAITING.values(), ids=WAITING)
def test_what_a_canceller_left_is_found_and_swept_to_the_last_whatever_it_waits_for(
    store: StoreDriver, monkeypatch: pytest.MonkeyPatch, children: tuple[ChildSpec, ...]
) -> None:
    monkeypatch.setattr(sweeping, "SLICE", 10)
    run_id = store.run_with(*children)
    store.cancel(run_id, "enough")
    store.unsweeped.clear()
    assert store.tend()[0].unsweeped == {only(store, run_id)}
    assert store.sweep() == -(-len(children) // 10)
    assert store.state(run_id) == "cancelled"
    assert store.rows("SELECT DISTINCT error, finished_at FROM job WHERE kind = 'job'") == [
        ("cancelled: enough", store.clock.wall_ms())
    ]


def test_a_sweep_leaves_what_waits_below_other_steps_as_it_was(store: StoreDriver) -> None:
    kept, swept = (
        store.run_with(*specs(2), spec(delay_ms=1000), spec(2, type="other"), spec(3, type="other"))
        for _ in range(2)
    )
    for step_id in (only(store, kept), only(store, swept)):
        ((paused,),) = store.rows(
            "SELECT id FROM job WHERE parent_id = ? AND payload = ?", step_id, '{"n":3}'
        )
        store.commit(PauseJob(paused))
    store.cancel(swept)
    store.sweep()
    assert store.states(only(store, swept)) == ["cancelled"] * 5
    assert store.states(only(store, kept)) == ["pending", "pending", "scheduled", "pending", "pending"]
    assert len(store.commit(lease={"work": 9, "other": 9}).jobs) == 3


def test_a_closing_step_of_which_only_running_jobs_are_left_is_not_swept(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(2))
    jobs = store.lease()
    assert store.commit(sweep=(only(store, run_id),)).touched == []
    store.cancel(run_id)
    assert store.tend()[0].unsweeped == set()
    assert store.commit(sweep=(only(store, run_id),)).touched == []
    store.complete(*jobs)
    assert store.state(run_id) == "cancelled"
    assert store.tend()[0].unsweeped == set()


def test_the_lane_of_swept_jobs_is_empty_and_of_use_after_a_retry(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(3))
    (job,) = store.lease(1)
    store.cancel(run_id)
    assert store.commit(sweep=(only(store, run_id),)).unsweeped == set()
    assert store.rows("SELECT pending, ready FROM lane") == [(0, 0)]
    assert store.parent(only(store, run_id))["cancelled"] == 2
    store.complete(job)
    retried(store, run_id)
    again = store.lease()
    assert len(again) == 2
    store.complete(*again)
    assert store.state(run_id) == "completed"


def test_a_step_that_goes_on_is_not_looked_at_for_a_sweep(store: StoreDriver) -> None:
    store.run_with(*specs(2), spec(delay_ms=1000))
    store.lease(1)
    assert store.tend()[0].unsweeped == set()
