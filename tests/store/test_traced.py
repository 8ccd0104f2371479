"""A store whose runs are traced hands out, with all work, where it is in its trace; another one does not look."""

from pathlib import Path

import msgspec

from actors.job import StepTrace
from actors.seams import ManualClock
from tests.store.driver import StoreDriver, spec, specs

RUN, ATTEMPT = "00-run-01", "00-attempt-01"


def test_work_of_a_traced_store_knows_its_run_and_its_spawner(tmp_path: Path, clock: ManualClock) -> None:
    ended: list[int] = []
    store = StoreDriver(tmp_path / "jobs.db", clock, on_end=ended.extend)
    run_id = store.submitted(msgspec.structs.replace(store.submission(), trace_context=RUN)).run_id
    start = store.start()
    assert start.trace == StepTrace(RUN, 0)
    store.name(start, *specs(2))
    one, other = store.lease()
    assert one.trace_context is other.trace_context is None
    store.settle(store.attempt(one, children=specs(2), trace_context=ATTEMPT))
    of_one_lane = store.lease()
    store.settle(
        store.attempt(other, children=(spec(), spec(rate_key="host", rate_ms=1)), trace_context=ATTEMPT)
    )
    of_two_lanes = store.lease()
    assert [job.trace_context for job in (*of_one_lane, *of_two_lanes)] == [ATTEMPT] * 4
    store.complete(*of_one_lane, *of_two_lanes)
    assert sorted(ended) == sorted([run_id, start.step_id])
    store.close()


def test_a_store_that_is_not_traced_does_not_look(store: StoreDriver) -> None:
    store.submitted(msgspec.structs.replace(store.submission(), trace_context=RUN))
    start = store.start()
    assert start.trace is None
    store.name(start, spec())
    (job,) = store.lease()
    store.settle(store.attempt(job, children=specs(1), trace_context=ATTEMPT))
    assert [job.trace_context for job in store.lease()] == [None]
