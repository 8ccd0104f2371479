"""What becomes of a naming that was lost with its runtime: whose it was, what it counts for, who may still use it."""

from collections.abc import Iterator

import pytest

from actors.job import AttemptError, ErrorTolerance
from actors.messages import GiveBack, NamingFailed
from actors.seams import ManualClock
from tests.store.driver import StoreDriver, definition, spec, specs, step


@pytest.fixture
def other(store: StoreDriver, clock: ManualClock) -> Iterator[StoreDriver]:
    """A second runtime on the same store, which the test lets die or freeze."""
    driver = StoreDriver(store.path, clock, judged=False)
    yield driver
    driver.oracle.close()


@pytest.mark.parametrize("boot", ["this one", "another"])
def test_ones_own_naming_stays_when_a_frozen_runtimes_runs_out(
    store: StoreDriver, other: StoreDriver, clock: ManualClock, boot: str
) -> None:
    store.submit()
    theirs = other.start()
    store.submit()
    mine = store.start()
    if boot == "another":
        store.file.connection.execute("UPDATE owner SET boot_id = 'before' WHERE id = ?", (other.file.owner,))
    else:
        clock.advance(31)
    (again,) = store.tend(starts=9)[0].starts
    assert again.step_id == theirs.step_id
    assert store.name(mine, spec()).accepted
    other.close()


def test_a_lost_naming_uses_no_attempt_up_and_gives_none_back(
    store: StoreDriver, other: StoreDriver, clock: ManualClock
) -> None:
    store.submit()
    error = AttemptError("ValueError", "no page")
    for failures in (1, 2):
        store.commit(NamingFailed(store.start(), error, permanent=False, retry_in_ms=1000))
        clock.advance(1)
        lost = other.start()
        assert lost.attempt == failures + 1
        other.commit(GiveBack(None, "its manager died", namings_only=True))
    lost = other.start()
    other.die()
    store.tend()
    assert store.start().attempt == lost.attempt == 3


def test_a_naming_that_was_given_back_is_refused_before_and_after_it_is_begun_again(
    store: StoreDriver,
) -> None:
    """Its token is void from then on, as that of a job is."""
    store.submit()
    stale = store.start()
    store.commit(GiveBack(None, "its manager died", namings_only=True))
    assert store.parent(stale.step_id)["token"] > stale.token
    assert not store.name(stale, spec()).accepted
    fresh = store.start()
    assert fresh.token > stale.token
    assert not store.name(stale, spec()).accepted
    assert store.name(fresh, spec()).accepted


def test_a_step_that_closes_with_its_dead_runtimes_jobs_is_named_no_further(
    store: StoreDriver, other: StoreDriver
) -> None:
    """The runtime had the naming of its next page, and a job that is now lost too often for its tolerance."""
    tolerance = ErrorTolerance(max_child_failures=1)
    run_id = store.submit(definition(step(error_tolerance=tolerance)))
    store.name(store.start(), *specs(2), cursor="next")
    (job,) = other.lease(1)
    other.start()
    store.file.connection.execute("UPDATE job SET lost = 20 WHERE id = ?", (job.id,))
    other.die()
    store.tend()
    row = store.parent(store.steps(run_id)["only"])
    assert (row["closing"], row["naming"]) == ("tolerance", "idle")
    assert store.commit(starts=1).starts == []
    store.sweep()
    assert store.state(run_id) == "failed"
