"""What happens when a commit fails: of one request, of the disk, of the lock, of the process."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator

import pytest

from actors.documents import DocumentSpec
from actors.job import Attempt, AttemptError, ChildSpec, Completed, Failed, LogLevel, LogLine
from actors.messages import CancelJob, Refused, Settle, Settled
from runtime.store.commit import Demand
from runtime.store.failure import StoreUnavailableError
from runtime.store.transaction import Transaction
from tests.store.driver import StoreDriver, failed, spec, specs

BAD: dict[str, dict[str, object]] = {
    "a result that is no text": {"outcome": Completed("\ud800")},
    "a child whose payload is no text": {"children": (spec(payload="\ud800"),)},
    "a child with a number no integer holds": {"children": (spec(priority=1 << 70),)},
    "a document that is no text": {"documents": (DocumentSpec("web", "a", None, "\udfff", "b"),)},
    "metadata that is no JSON": {
        "documents": (DocumentSpec("web", "a", None, "T", "b", metadata={"x": object()}),)
    },
    "a log line that is no text": {"logs": (LogLine(1, LogLevel.INFO, "\ud800"),)},
    "an error that is no text": {"outcome": failed("\ud800")},
    "a child that is none": {"children": (None,)},
}


@pytest.mark.parametrize("what", BAD)
def test_an_attempt_that_can_not_be_stored_ends_failed_and_its_neighbours_are_kept(
    store: StoreDriver, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "quaero.store")
    run_id = store.run_with(*specs(5, max_attempts=3))
    jobs = store.lease()
    left = dict(BAD[what])
    outcome = left.pop("outcome", Completed())
    bad = Attempt(jobs[2].lease, jobs[2].step_id, outcome, **left)  # type: ignore[arg-type]
    settle = Settle(7, (*(store.attempt(job, children=(spec(),)) for job in jobs[:2]), bad))
    other = Settle(8, tuple(store.attempt(job) for job in jobs[3:]))
    done = store.commit(settle, CancelJob(99), other)
    assert done.replies == [
        Settled(7),
        Refused("there is no such job", "`quaero jobs` lists them"),
        Settled(8),
    ]
    states = store.states(store.steps(run_id)["only"])
    assert states == ["completed", "completed", "failed", "completed", "completed", "pending", "pending"]
    assert store.value("SELECT count(*) FROM document") == 0
    assert store.column("error", jobs[2].id).startswith("what the attempt left could not be recorded: ")
    ((error,),) = store.rows("SELECT errors FROM job WHERE id = ?", jobs[2].id)
    (shown,) = json.loads(error)
    assert shown["at_ms"] == store.clock.wall_ms()
    assert "Traceback" in shown["traceback"]


def test_a_bad_attempt_under_a_lost_lease_is_only_refused(store: StoreDriver) -> None:
    store.run_with(spec())
    (job,) = store.lease()
    stale = Attempt(job.lease.__class__(job.id, job.token - 1), job.step_id, Completed("\ud800"))
    assert store.settle(stale).refused == (job.id,)
    assert store.state(job.id) == "running"


def test_a_request_the_store_does_not_know_is_refused_alone(store: StoreDriver) -> None:
    run_id = store.run_with(spec())
    (job,) = store.lease()
    replies = store.commit("nonsense", Settle(1, (store.attempt(job),))).replies
    assert replies == [Refused("str: the store does not know str", "see the runtime's log"), Settled(1)]
    assert store.state(run_id) == "completed"


def test_a_reason_that_is_no_text_is_refused_and_changes_nothing(store: StoreDriver) -> None:
    run_id = store.run_with(spec())
    assert isinstance(store.commit(CancelJob(run_id, "\ud800")).replies[0], Refused)
    assert store.parent(run_id)["closing"] is None


# -- a full disk -------------------------------------------------------------------------------------------------


def fill(store: StoreDriver) -> None:
    """From now on the file can not grow by a page."""
    pages = store.file.connection.execute("PRAGMA page_count").fetchone()[0]
    assert store.file.connection.execute(f"PRAGMA max_page_count = {pages}").fetchone()[0] == pages


def big(number: int) -> ChildSpec:
    return spec(number, payload=json.dumps("x" * 50_000))


def test_on_a_full_disk_nothing_is_answered_and_the_same_works_once_there_is_space(
    store: StoreDriver,
) -> None:
    run_id = store.run_with(*specs(2))
    first, second = store.lease()
    fill(store)
    requests = (
        Settle(1, (store.attempt(first, children=tuple(map(big, range(20)))),)),
        Settle(2, (store.attempt(second),)),
    )
    for _ in range(3):
        with pytest.raises(StoreUnavailableError, match="full"):
            store.commit(*requests)
        store.oracle.check()
        assert not store.file.connection.in_transaction
        assert store.state(first.id) == "running"
    store.file.connection.execute("PRAGMA max_page_count = 1000000")
    assert store.commit(*requests).replies == [Settled(1), Settled(2)]
    assert store.parent(store.steps(run_id)["only"])["total"] == 22


def test_a_disk_that_fills_while_requests_are_done_singly_loses_and_doubles_nothing(
    store: StoreDriver,
) -> None:
    """The batch fails on one bad attempt; then, done singly, the disk is full behind the first request."""
    run_id = store.run_with(*specs(3))
    first, second, third = store.lease()
    requests = (
        Settle(1, (store.attempt(first, children=(spec(),)),)),
        Settle(2, (Attempt(second.lease, second.step_id, Completed("\ud800")),)),
        Settle(3, (store.attempt(third, children=tuple(map(big, range(40)))),)),
    )
    fill(store)
    with pytest.raises(StoreUnavailableError):
        store.commit(*requests)
    store.oracle.check()
    assert store.state(third.id) == "running"
    store.file.connection.execute("PRAGMA max_page_count = 1000000")
    assert store.commit(*requests).replies == [Settled(1), Settled(2), Settled(3)]
    step_id = store.steps(run_id)["only"]
    assert store.parent(step_id)["total"] == 3 + 1 + 40
    assert [store.state(job.id) for job in (first, second, third)] == ["completed", "failed", "completed"]


def test_requests_that_are_done_are_answered_though_leasing_behind_them_can_not_commit(
    store: StoreDriver,
) -> None:
    """What is ready stays known as ready, so that it is leased once there is space."""
    store.run_with(*specs(2))
    first, _ = store.lease()
    store.run_with(*specs(5))
    calls: list[Transaction] = []

    def chore(transaction: Transaction) -> None:
        calls.append(transaction)
        if len(calls) == 1:
            raise ValueError("a fault of the batch, so that its requests are done singly")
        fill(store)
        transaction.connection.execute("CREATE TABLE filler AS SELECT randomblob(10000000) AS bytes")

    demand = Demand({"work": 5}, {"work"})
    requests = (Settle(1, (store.attempt(first),)),)
    done = store.seen(store.file.committer.commit(requests, demand, before=(chore,)), demand)
    assert len(calls) == 2
    assert done.replies == [Settled(1)]
    assert done.jobs == []
    assert "work" in store.ready
    store.file.connection.execute("PRAGMA max_page_count = 1000000")
    assert len(store.lease()) == 5


# -- a lock held elsewhere ---------------------------------------------------------------------------------------


@pytest.fixture
def holder(store: StoreDriver) -> Iterator[subprocess.Popen[str]]:
    """Another process inside a write transaction, until its stdin closes."""
    script = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
connection.execute("COMMIT")
"""
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(store.path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


def test_a_lock_held_by_another_process_is_a_stall_and_fails_no_request(
    store: StoreDriver, holder: subprocess.Popen[str]
) -> None:
    store.file.connection.execute("PRAGMA busy_timeout = 20")
    request = store.submission()
    with pytest.raises(StoreUnavailableError, match="locked"):
        store.commit(request)
    assert store.value("SELECT count(*) FROM job") == 0
    holder.communicate()
    assert store.submitted(request).created


def test_a_process_killed_inside_its_transaction_frees_the_lock(
    store: StoreDriver, holder: subprocess.Popen[str]
) -> None:
    store.file.connection.execute("PRAGMA busy_timeout = 20")
    with pytest.raises(StoreUnavailableError):
        store.commit(store.submission())
    holder.kill()
    holder.wait()
    store.submit()


def test_errors_of_a_failed_attempt_name_what_could_not_be_recorded(store: StoreDriver) -> None:
    store.run_with(spec())
    (job,) = store.lease()
    error = AttemptError("ValueError", "fine", traceback="\ud800")
    store.settle(Attempt(job.lease, job.step_id, Failed(error)))
    assert store.state(job.id) == "failed"
