"""A runtime's place among the others on a store: its lock, its number, what its chores may cost."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.messages import ExtendLeases
from actors.seams import ManualClock
from runtime.store.owner import lock_directory, take_lock
from tests.store.driver import StoreDriver, spec, specs


@pytest.fixture
def other(store: StoreDriver, clock: ManualClock) -> Iterator[StoreDriver]:
    """A second runtime on the same store, which the test lets die or freeze."""
    driver = StoreDriver(store.path, clock, judged=False)
    yield driver
    driver.oracle.close()


def test_a_lock_is_held_by_one_and_free_after_its_release(tmp_path: Path) -> None:
    store = tmp_path / "jobs.db"
    lock = take_lock(store, 1)
    assert lock is not None
    assert take_lock(store, 1) is None
    assert take_lock(store, 2) is not None
    lock.release()
    again = take_lock(store, 1)
    assert again is not None
    again.drop()
    assert lock_directory(store).joinpath("owner-1").exists()
    assert take_lock(store, 1) is not None


def test_owner_numbers_are_never_used_again(store: StoreDriver, clock: ManualClock) -> None:
    seen = [store.file.owner]
    for _ in range(3):
        driver = StoreDriver(store.path, clock, judged=False)
        seen.append(driver.file.owner)
        driver.close()
    assert seen == sorted(set(seen))


def test_a_runtime_that_looks_at_others_leases_leaves_its_own_alone(
    store: StoreDriver, other: StoreDriver, clock: ManualClock
) -> None:
    store.run_with(*specs(2))
    (mine,) = store.lease(1)
    (theirs,) = other.lease(1)
    clock.advance(31)
    (again,) = store.tend(lease={"work": 9})[0].jobs
    assert again.id == theirs.id
    assert store.complete(mine).refused == ()
    other.close()


def test_a_lock_that_can_not_be_looked_at_costs_no_heartbeat_and_nobodys_leases(
    store: StoreDriver, other: StoreDriver, clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A file that is in the way of the lock's: whether that runtime lives is not known, that this one does is."""
    store.run_with(spec())
    other.lease()
    path = lock_directory(store.path) / f"owner-{other.file.owner}"
    path.unlink()
    path.mkdir()
    clock.advance(5)
    for _ in range(3):
        assert not store.file.dead_owners()
        assert store.tend(lease={"work": 9})[0].jobs == []
    beaten = store.value("SELECT heartbeat FROM owner WHERE id = ?", store.file.owner)
    told = [record.getMessage() for record in caplog.records if "can not be seen" in record.getMessage()]
    assert (beaten, len(told)) == (clock.boottime_ms(), 1)
    clock.advance(31)
    assert len(store.tend(lease={"work": 9})[0].jobs) == 1
    path.rmdir()


def test_a_chore_that_fails_costs_no_heartbeat(
    store: StoreDriver, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumble(_: object) -> None:
        raise ValueError("a row like no other")

    monkeypatch.setattr("runtime.store.file.wake_due", stumble)
    clock.advance(5)
    with pytest.raises(ValueError, match="a row like no other"):
        store.tend()
    assert store.value("SELECT heartbeat FROM owner WHERE id = ?", store.file.owner) == clock.boottime_ms()


def test_a_runtimes_row_says_when_and_where_it_began_and_lives(
    store: StoreDriver, clock: ManualClock
) -> None:
    clock.advance(7)
    clock.set_wall_ms(clock.wall_ms() + 3_600_000)
    second = StoreDriver(store.path, clock, judged=False)
    begun = clock.wall_ms(), os.getpid(), socket.gethostname()
    beat = clock.boottime_ms()
    look = "SELECT boot_id, heartbeat, started_at, pid, host FROM owner WHERE id = ?"
    assert store.rows(look, second.file.owner) == [(clock.boot_id(), beat, *begun)]
    clock.advance(3)
    store.tend()
    assert store.rows(look, second.file.owner) == [(clock.boot_id(), beat, *begun)]
    second.tend()
    assert store.rows(look, second.file.owner) == [(clock.boot_id(), beat + 3000, *begun)]
    second.close()


def test_leases_are_kept_for_another_lease_time_and_no_others_with_them(
    store: StoreDriver, other: StoreDriver, clock: ManualClock
) -> None:
    store.run_with(*specs(4))
    kept, left, done = store.lease(3)
    (theirs,) = other.lease(1)
    store.complete(done)
    clock.advance(10)
    before = clock.boottime_ms() - 10_000 + 30_000
    store.commit(ExtendLeases((kept.id, done.id, theirs.id)))
    expiries = [store.column("lease_expires", job.id) for job in (kept, left, done, theirs)]
    assert expiries == [before + 10_000, before, None, before]
    store.complete(kept, left)
    other.complete(theirs)
    other.close()


@pytest.mark.parametrize("end", ["it dies", "it stops"])
def test_what_others_staged_stays_when_a_runtime_goes(
    store: StoreDriver, other: StoreDriver, end: str
) -> None:
    submitted = store.submit()
    pages = "INSERT INTO staged_page VALUES (?, 0, ?, 0, x'5b5d')"
    for run_id, owner in ((1, other), (2, store), (submitted, other)):
        store.file.connection.execute(pages, (run_id, owner.file.owner))
    if end == "it dies":
        other.die()
        store.tend()
    else:
        other.file.close()
    assert store.rows("SELECT run_id FROM staged_page ORDER BY run_id") == [(2,), (submitted,)]
    assert store.rows("SELECT id FROM owner") == [(store.file.owner,)]
