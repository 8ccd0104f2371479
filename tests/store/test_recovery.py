"""Leases come back from dead, frozen and rebooted runtimes, unconsumed, and not for ever."""

import subprocess
import sys
from collections.abc import Iterator

import msgspec
import pytest

from actors.job import Closing
from actors.messages import CloseParent, ExtendLeases, GiveBack
from actors.seams import ManualClock
from runtime.store.owner import lock_directory
from tests.store.driver import StoreDriver, definition, only, spec, specs, step


@pytest.fixture
def other(store: StoreDriver, clock: ManualClock) -> Iterator[StoreDriver]:
    """A second runtime on the same store, which the test lets die or freeze."""
    driver = StoreDriver(store.path, clock, judged=False)
    yield driver
    driver.oracle.close()


def test_a_dead_runtimes_jobs_are_given_back_at_once_and_unconsumed(
    store: StoreDriver, other: StoreDriver
) -> None:
    store.run_with(*specs(3))
    jobs = other.lease(2)
    other.die()
    assert store.file.dead_owners()
    done, found = store.tend(lease={"work": 9})
    assert found == [f"runtime {other.file.owner} died; 2 jobs it was running were taken over"]
    again = {job.id: job for job in done.jobs}
    assert all(again[job.id].attempt == 1 and again[job.id].token > job.token for job in jobs)
    assert [store.column("lost", job.id) for job in jobs] == [1, 1]
    assert store.logs(jobs[0].id) == ["attempt 1 was given back: its runtime died"]
    assert store.value("SELECT count(*) FROM owner") == 1
    assert not store.file.dead_owners()
    assert store.settle(*(store.attempt(job) for job in jobs)).refused == tuple(job.id for job in jobs)


def test_a_living_runtime_keeps_what_it_holds(store: StoreDriver, other: StoreDriver) -> None:
    store.run_with(*specs(2))
    other.lease(1)
    assert not store.file.dead_owners()
    done, found = store.tend(lease={"work": 9})
    assert (len(done.jobs), found) == (1, [])
    other.close()


def test_a_process_that_is_killed_loses_its_jobs_to_the_next_that_looks(store: StoreDriver) -> None:
    """A real process: the kernel drops its lock, whatever it was doing."""
    run_id = store.run_with(*specs(3))
    script = """
import sys
from pathlib import Path
from actors.seams import SystemClock
from runtime.store.commit import Demand
from runtime.store.file import StoreFile
file = StoreFile(Path(sys.argv[1]), SystemClock())
(done,) = file.commit([], Demand({"work": 2}, {"work"}), sweep=[])
print(len(done.jobs), file.owner, flush=True)
sys.stdin.read()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(store.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    leased, owner = map(int, process.stdout.readline().split())
    assert leased == 2
    assert not store.file.dead_owners()
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()
    done, found = store.tend(lease={"work": 9})
    assert found == [f"runtime {owner} died; 2 jobs it was running were taken over"]
    assert {job.attempt for job in done.jobs} == {1}
    store.complete(*done.jobs)
    assert store.state(run_id) == "completed"


def test_a_frozen_runtimes_leases_run_out_by_the_time_since_boot(
    store: StoreDriver, other: StoreDriver, clock: ManualClock
) -> None:
    store.run_with(*specs(2))
    jobs = other.lease()
    clock.set_wall_ms(clock.wall_ms() + 10 * 3_600_000)
    assert store.tend(lease={"work": 9})[0].jobs == []
    clock.advance(30)
    assert store.tend(lease={"work": 9})[0].jobs == []
    clock.advance(0.001)
    assert len(store.tend(lease={"work": 9})[0].jobs) == 2
    assert other.settle(*(other.attempt(job) for job in jobs)).refused == tuple(job.id for job in jobs)
    other.close()


def test_an_extended_lease_does_not_run_out(
    store: StoreDriver, other: StoreDriver, clock: ManualClock
) -> None:
    store.run_with(*specs(2))
    first, second = other.lease()
    clock.advance(20)
    other.commit(ExtendLeases((first.id,)))
    clock.advance(15)
    (job,) = store.tend(lease={"work": 9})[0].jobs
    assert job.id == second.id
    other.close()


def test_a_runtime_extends_only_what_it_still_holds(
    store: StoreDriver, other: StoreDriver, clock: ManualClock
) -> None:
    store.run_with(spec())
    (job,) = other.lease()
    clock.advance(31)
    (again,) = store.tend(lease={"work": 1})[0].jobs
    other.commit(ExtendLeases((job.id,)))
    clock.advance(10)
    other.tend()
    assert store.column("lease_expires", again.id) == 31_000 + 30_000
    other.close()


def test_a_runtime_never_expires_its_own_leases(store: StoreDriver, clock: ManualClock) -> None:
    store.run_with(spec())
    (job,) = store.lease()
    clock.advance(3600)
    assert store.tend(lease={"work": 1})[0].jobs == []
    assert store.complete(job).refused == ()


def test_leases_of_another_boot_are_over(store: StoreDriver, other: StoreDriver) -> None:
    """The row is of the boot before; its boot time may well be larger than ours."""
    store.run_with(spec())
    other.lease()
    store.file.connection.execute("UPDATE owner SET boot_id = 'before' WHERE id = ?", (other.file.owner,))
    (job,) = store.tend(lease={"work": 1})[0].jobs
    assert (job.attempt, store.column("lost", job.id)) == (1, 1)
    other.close()


def test_a_job_that_is_lost_too_often_ends_failed(store: StoreDriver) -> None:
    run_id = store.run_with(spec())
    for lost in range(1, 22):
        (job,) = store.lease()
        assert job.attempt == 1
        store.file.connection.execute(
            "INSERT INTO owner (id, boot_id, heartbeat, started_at, pid, host) VALUES (?, 'x', 0, 0, 0, '')",
            (1000 + lost,),
        )
        store.file.connection.execute("UPDATE job SET owner = ? WHERE id = ?", (1000 + lost, job.id))
        store.tend()
        assert store.column("lost", job.id) == lost
    assert store.state(run_id) == "failed"
    text = "given up: the attempt was lost 21 times with its runtime"
    ((job_id, error, errors),) = store.rows("SELECT id, error, errors FROM job WHERE kind = 'job'")
    assert error == text
    assert [each["message"] for each in msgspec.json.decode(errors)] == [text]
    assert store.status_events(job_id)[-2:] == ["running", "failed"]


def test_a_lost_attempt_of_a_cancelled_run_ends_cancelled_however_often_it_was_lost(
    store: StoreDriver, other: StoreDriver
) -> None:
    run_id = store.run_with(spec())
    (job,) = other.lease()
    store.file.connection.execute("UPDATE job SET lost = 20 WHERE id = ?", (job.id,))
    store.cancel(run_id)
    other.die()
    store.tend()
    assert store.state(job.id) == "cancelled"
    assert store.state(run_id) == "cancelled"


@pytest.mark.parametrize("closing", [Closing.TIMEOUT, Closing.FAILED])
def test_a_lost_attempt_below_a_closing_parent_is_not_run_again(
    store: StoreDriver, other: StoreDriver, closing: Closing
) -> None:
    run_id = store.run_with(spec())
    (job,) = other.lease()
    store.commit(CloseParent(run_id, closing, "over"))
    other.die()
    store.tend()
    assert store.state(job.id) == "cancelled"
    assert store.column("error", job.id) == "over"
    assert store.state(run_id) == "failed"


def test_a_dead_runtimes_naming_is_given_back(store: StoreDriver, other: StoreDriver) -> None:
    store.submit()
    stale = other.start()
    other.die()
    store.tend()
    fresh = store.start()
    assert (fresh.step_id, fresh.attempt) == (stale.step_id, 1)
    assert not store.name(stale, spec()).accepted
    assert store.name(fresh, spec()).inserted == 1


def test_a_living_runtimes_naming_is_not_given_back_with_a_dead_ones(
    store: StoreDriver, other: StoreDriver
) -> None:
    store.submit()
    other.start()
    store.submit()
    mine = store.start()
    other.die()
    store.tend()
    assert store.name(mine, spec()).accepted


def test_a_frozen_runtimes_naming_runs_out_with_its_heartbeat(
    store: StoreDriver, other: StoreDriver, clock: ManualClock
) -> None:
    store.submit()
    stale = other.start()
    clock.advance(29)
    other.tend()
    clock.advance(29)
    assert store.tend(starts=1)[0].starts == []
    clock.advance(2)
    (fresh,) = store.tend(starts=1)[0].starts
    assert fresh.token > stale.token
    other.close()


def test_a_dead_runtimes_unsubmitted_pages_are_removed(store: StoreDriver, other: StoreDriver) -> None:
    submitted = store.submit()
    for run_id in (1, submitted):
        other.file.connection.execute(
            "INSERT INTO staged_page VALUES (?, 0, ?, 0, x'5b5d')", (run_id, other.file.owner)
        )
    other.die()
    store.tend()
    assert store.rows("SELECT run_id FROM staged_page") == [(submitted,)]


def test_what_is_given_back_by_choice_is_not_counted_as_lost(store: StoreDriver) -> None:
    first = store.run_with(*specs(2))
    second = store.run_with(*specs(2))
    store.lease()
    store.commit(GiveBack(only(store, first), "its orchestrator died"))
    assert store.states(only(store, first)) == ["pending"] * 2
    assert store.states(only(store, second)) == ["running"] * 2
    store.commit(GiveBack(second, "its orchestrator died"))
    assert store.states(only(store, second)) == ["pending"] * 2
    assert store.rows("SELECT DISTINCT attempt, lost FROM job WHERE kind = 'job'") == [(0, 0)]


def test_namings_alone_may_be_given_back(store: StoreDriver) -> None:
    store.run_with(spec(), of=definition(step("a"), step("b")))
    (job,) = store.lease()
    store.start()
    store.commit(GiveBack(None, "a manager died", namings_only=True))
    assert store.start().step.name == "b"
    assert store.state(job.id) == "running"


def test_a_runtime_that_stops_gives_everything_back_and_leaves_nothing(
    store: StoreDriver, clock: ManualClock
) -> None:
    stopping = StoreDriver(store.path, clock)
    run_id = store.run_with(*specs(3))
    jobs = stopping.lease(2)
    assert stopping.file.close() == 2
    stopping.oracle.close()
    assert store.states(only(store, run_id)) == ["pending"] * 3
    assert [store.column("attempt", job.id) for job in jobs] == [0, 0]
    assert store.value("SELECT count(*) FROM owner") == 1
    assert [path.name for path in lock_directory(store.path).iterdir()] == [f"owner-{store.file.owner}"]
