"""A job whose row is damaged ends by itself, whatever it was doing, and stops nothing else."""

import msgspec
import pytest

from actors.job import Completed, ErrorTolerance
from actors.messages import GiveBack
from actors.seams import ManualClock
from tests.store.driver import StoreDriver, definition, specs, step


@pytest.mark.parametrize("lane_id", [None, 999])
def test_an_attempt_of_a_job_that_was_ended_as_damaged_is_refused(
    store: StoreDriver, lane_id: int | None
) -> None:
    run_id = store.run_with(*specs(2))
    damaged, other = store.lease()
    store.damage(damaged.id, "lane_id", lane_id)
    store.commit(GiveBack(store.steps(run_id)["only"], "its orchestrator died"))
    assert [store.state(job.id) for job in (damaged, other)] == ["failed", "pending"]

    late = store.settle(store.attempt(damaged, Completed("1")))

    assert late.refused == (damaged.id,)
    assert store.column("result", damaged.id) is None
    assert store.logs(damaged.id)[-1].startswith(
        f"the outcome of an attempt under lease {damaged.token} was refused"
    )
    store.complete(*store.lease())
    assert store.state(run_id) == "completed_with_failures"


def test_the_end_of_a_damaged_job_is_acknowledged_once_and_frees_its_slot(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(1))
    (damaged,) = store.lease()
    store.file.connection.execute("UPDATE job SET lane_id = 999 WHERE id = ?", (damaged.id,))
    store.commit(GiveBack(store.steps(run_id)["only"], "its orchestrator died"))
    assert store.column("token", damaged.id) > damaged.token
    assert store.column("owner", damaged.id) is None
    assert store.file.leased() == []
    assert store.status_events(damaged.id)[-1] == "failed"
    (error,) = msgspec.json.decode(store.column("errors", damaged.id))
    assert (error["type"], error["message"]) == ("DamagedRowError", store.column("error", damaged.id))


@pytest.mark.parametrize("lane_id", [None, 999])
def test_a_job_without_a_lane_ends_when_its_time_has_come_and_holds_nobody_up(
    store: StoreDriver, clock: ManualClock, lane_id: int | None
) -> None:
    run_id = store.run_with(*specs(2, delay_ms=1000))
    ((damaged,), _) = store.rows("SELECT id FROM job WHERE kind = 'job' ORDER BY id")
    store.damage(damaged, "lane_id", lane_id)
    clock.advance(1)
    store.complete(*store.tend(lease={"work": 9})[0].jobs)
    assert store.states(store.steps(run_id)["only"]) == ["failed", "completed"]
    assert store.state(run_id) == "completed_with_failures"


@pytest.mark.parametrize("lane_id", [None, 999])
def test_a_job_without_a_lane_that_waits_for_its_time_is_swept_like_any_other(
    store: StoreDriver, lane_id: int | None
) -> None:
    run_id = store.run_with(*specs(2, delay_ms=1000))
    ((damaged,), _) = store.rows("SELECT id FROM job WHERE kind = 'job' ORDER BY id")
    store.damage(damaged, "lane_id", lane_id)
    store.cancel(run_id)
    store.sweep()
    assert store.states(store.steps(run_id)["only"]) == ["cancelled"] * 2


def test_the_success_of_a_job_whose_lane_is_gone_counts(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(1))
    (job,) = store.lease()
    store.damage(job.id, "lane_id", None)
    assert store.complete(job).refused == ()
    assert store.state(run_id) == "completed"


def test_a_step_whose_row_is_damaged_fails_when_its_turn_comes_and_so_does_its_run(
    store: StoreDriver,
) -> None:
    run_id = store.submit(definition(step("a"), step("b", depends=("a",))))
    store.damage(store.steps(run_id)["b"], "payload", "{}")
    store.name(store.start())
    assert [store.state(run_id), *store.states(run_id)] == ["failed", "completed", "failed"]
    assert "damaged" in store.column("error", run_id)


def test_a_damaged_job_ends_now_with_one_error_in_its_row_its_log_and_its_event(
    store: StoreDriver, clock: ManualClock
) -> None:
    run_id = store.run_with(*specs(2))
    ((damaged,), _) = store.rows("SELECT id FROM job WHERE kind = 'job' ORDER BY id")
    store.damage(damaged, "payload", "{}")
    clock.advance(5)
    before = store.value("SELECT token FROM sequence")
    (other,) = store.lease()
    now, error = clock.wall_ms(), store.column("error", damaged)
    assert store.column("finished_at", damaged) == now
    assert store.column("token", damaged) > before
    (kept,) = msgspec.json.decode(store.column("errors", damaged))
    assert (kept["type"], kept["message"], kept["at_ms"]) == ("DamagedRowError", error, now)
    assert store.rows("SELECT run_id, time_ms, level, text FROM log_entry WHERE job_id = ?", damaged) == [
        (run_id, now, "error", error)
    ]
    (told,) = (data for *_, job_id, data in store.oracle.events if job_id == damaged and "error" in data)
    assert told == {"state": "failed", "parent_id": other.step_id, "error": error}
    store.complete(other)


@pytest.mark.parametrize("failures", [1, 2])
def test_a_damaged_job_that_is_the_last_of_its_step_is_judged_before_the_step_ends(
    store: StoreDriver, failures: int
) -> None:
    tolerance = ErrorTolerance(max_child_failures=failures)
    run_id = store.run_with(*specs(2), of=definition(step(error_tolerance=tolerance)))
    (good,) = store.lease(1)
    store.complete(good)
    store.file.connection.execute("UPDATE job SET payload = '{}' WHERE kind = 'job' AND state = 'pending'")
    assert store.lease() == []
    assert store.parent(store.steps(run_id)["only"])["closing"] == ("tolerance" if failures == 1 else None)
    assert store.state(run_id) == ("failed" if failures == 1 else "completed_with_failures")
    order = [
        kind for _, kind, _, _, data in store.oracle.events if kind == "parent_closing" or "error" in data
    ]
    assert order[:2] == (["job_status_change", "parent_closing"] if failures == 1 else ["job_status_change"])
