"""An attempt is recorded whole, once, under its token; a stale one is refused and leaves one line."""

import pytest

from actors.documents import DocumentSpec
from actors.job import Attempt, Cancelled, Completed, Interrupted, Lease, LogLevel, LogLine, Snoozed
from actors.messages import GiveBack, Settle, Settled
from actors.seams import ManualClock
from tests.store.driver import StoreDriver, failed, spec, specs


def line(text: str) -> LogLine:
    return LogLine(5, LogLevel.INFO, text)


def document(name: str = "a", body: str = "text") -> DocumentSpec:
    return DocumentSpec("web", name, f"http://x/{name}", "Title", body, ("tag",), {"n": 1})


def test_a_success_is_recorded_with_its_result(store: StoreDriver, clock: ManualClock) -> None:
    run_id = store.run_with(spec())
    (job,) = store.lease()
    clock.advance(2)
    assert store.settle(store.attempt(job, Completed('{"found":"ä"}'))).refused == ()
    row = store.rows("SELECT state, result, attempt, finished_at - started_at FROM job WHERE id = ?", job.id)
    assert row == [("completed", '{"found":"ä"}', 1, 2000)]
    assert store.state(run_id) == "completed"


def test_neighbouring_successes_are_each_recorded_with_their_own_result(
    store: StoreDriver, clock: ManualClock
) -> None:
    store.run_with(*specs(3, max_attempts=2))
    store.fail(*store.lease(), permanent=False)
    jobs = store.lease()
    clock.advance(2)
    store.settle(*(store.attempt(job, Completed(f'{{"of":{job.id}}}')) for job in jobs))
    assert store.rows(
        "SELECT id, result, error, finished_at, owner, lease_expires FROM job WHERE kind = 'job'"
    ) == [(job.id, f'{{"of":{job.id}}}', None, clock.wall_ms(), None, None) for job in jobs]


def test_children_are_told_which_attempt_spawned_them_if_it_is_traced(store: StoreDriver) -> None:
    store.run_with(*specs(2))
    traced, untraced = store.lease()
    store.settle(
        store.attempt(traced, children=specs(2), trace_context="00-a-b-01"),
        store.attempt(untraced, children=specs(1)),
    )
    assert store.rows("SELECT spawned_by, trace_context FROM job WHERE kind = 'job' ORDER BY id") == [
        (None, None),
        (None, None),
        (traced.id, "00-a-b-01"),
        (traced.id, "00-a-b-01"),
        (untraced.id, None),
    ]


def test_children_documents_logs_counts_and_the_end_are_one_transaction(store: StoreDriver) -> None:
    run_id = store.run_with(spec(depth=1))
    (job,) = store.lease()
    before = store.oracle.value("SELECT max(first_seq) FROM event_batch")
    store.settle(
        store.attempt(
            job, children=specs(2, depth=2), documents=(document(),), logs=(line("one"), line("two"))
        )
    )
    batches = store.rows("SELECT first_seq FROM event_batch WHERE first_seq > ?", before)
    assert len(batches) == 1
    step_id = store.steps(run_id)["only"]
    assert store.states(step_id) == ["completed", "pending", "pending"]
    assert (
        store.rows("SELECT spawned_by, root_id, depth FROM job WHERE spawned_by IS NOT NULL")
        == [(job.id, run_id, 2)] * 2
    )
    assert store.logs(job.id) == ["one", "two"]
    assert store.rows("SELECT run_id, job_id, change FROM document_save") == [(run_id, job.id, "new")]
    kinds = [event[1] for event in store.oracle.events if event[0] > before]
    assert kinds.count("job_spawn") == 2
    assert kinds.count("document_saved") == 1
    assert store.state(run_id) == "running"


def test_nothing_of_an_attempt_is_there_before_its_commit_and_all_of_it_after(store: StoreDriver) -> None:
    """The last child spawns two: at no commit is the step without open children."""
    run_id = store.run_with(spec())
    for _ in range(3):
        (job, *rest) = store.lease()
        store.complete(*rest)
        store.settle(store.attempt(job, children=(spec(),)))
        assert store.state(run_id) == "running"
    store.complete(*store.lease())
    assert store.state(run_id) == "completed"


def test_the_same_settle_twice_is_accepted_and_counts_once(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(2))
    job, _ = store.lease()
    attempt = store.attempt(job, children=(spec(),), documents=(document(),), logs=(line("x"),))
    for _ in range(3):
        assert store.settle(attempt).refused == ()
    assert store.settle(attempt, attempt).refused == ()
    step_id = store.steps(run_id)["only"]
    assert store.parent(step_id)["completed"] == 1
    assert store.parent(step_id)["total"] == 3
    assert store.value("SELECT count(*) FROM document_save") == 1
    assert store.logs(job.id) == ["x"]
    assert store.status_events(job.id) == ["pending", "running", "completed"]


def test_two_outcomes_of_one_lease_count_as_the_first(store: StoreDriver) -> None:
    store.run_with(*specs(2))
    job, _ = store.lease()
    reply = store.settle(store.attempt(job), store.attempt(job, failed()))
    assert reply.refused == ()
    assert store.state(job.id) == "completed"


def test_a_stale_lease_cannot_complete_a_job_that_was_claimed_again(store: StoreDriver) -> None:
    store.run_with(spec())
    (stale,) = store.lease()
    store.commit(GiveBack(None, "its actor died"))
    (fresh,) = store.lease()
    attempt = store.attempt(stale, children=(spec(),), documents=(document(),), logs=(line("from the dead"),))
    assert store.settle(attempt).refused == (stale.id,)
    assert store.state(stale.id) == "running"
    assert store.value("SELECT count(*) FROM document_save") == 0
    assert store.logs(stale.id) == [
        "attempt 1 was given back: its actor died",
        (
            f"the outcome of an attempt under lease {stale.token} was refused: the lease was lost"
            f" to lease {fresh.token}"
        ),
    ]
    store.complete(fresh)
    assert store.settle(attempt).refused == (stale.id,)
    assert store.state(stale.id) == "completed"


def test_a_lease_that_was_given_back_can_settle_nothing(store: StoreDriver) -> None:
    store.run_with(spec())
    (job,) = store.lease()
    store.commit(GiveBack(None, "its actor died"))
    assert store.complete(job).refused == (job.id,)
    assert store.state(job.id) == "pending"


def test_the_settle_of_an_unknown_job_is_refused(store: StoreDriver) -> None:
    run_id = store.run_with(spec())
    assert store.settle(Attempt(Lease(12345, 1), 0, Cancelled("x"))).refused == (12345,)
    assert store.settle(Attempt(Lease(run_id, 0), 0, Cancelled("x"))).refused == (run_id,)
    assert store.state(run_id) == "running"


def test_one_stale_among_five_hundred_is_refused_alone(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(500))
    jobs = store.lease()
    stale = jobs[250]
    store.file.connection.execute("UPDATE job SET token = token + 1 WHERE id = ?", (stale.id,))
    store.file.connection.execute("UPDATE sequence SET token = token + 1")
    assert store.complete(*jobs).refused == (stale.id,)
    step_id = store.steps(run_id)["only"]
    assert (store.parent(step_id)["completed"], store.parent(step_id)["running"]) == (499, 1)
    assert len(store.logs(stale.id)) == 1


def test_a_stale_attempt_behind_a_failure_is_refused_once(store: StoreDriver) -> None:
    store.run_with(*specs(2))
    broken, stale = store.lease()
    store.file.connection.execute("UPDATE job SET token = token + 1 WHERE id = ?", (stale.id,))
    store.file.connection.execute("UPDATE sequence SET token = token + 1")
    refused = store.settle(store.attempt(broken, failed()), store.attempt(stale, failed())).refused
    assert refused == (stale.id,)
    assert len(store.logs(stale.id)) == 1


def test_settles_side_by_side_are_answered_each_with_its_own(store: StoreDriver) -> None:
    store.run_with(*specs(6))
    jobs = store.lease()
    lost = Attempt(Lease(jobs[2].id, 999_999), jobs[2].step_id, failed())
    requests = [
        Settle(10, tuple(store.attempt(job) for job in jobs[:2])),
        Settle(11, (lost,)),
        Settle(12, tuple(store.attempt(job) for job in jobs[3:])),
    ]
    assert store.commit(*requests).replies == [Settled(10), Settled(11, (jobs[2].id,)), Settled(12)]


def test_mixed_outcomes_in_one_batch_are_each_recorded_as_they_are(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(7, max_attempts=2))
    a, b, c, d, e, f, g = store.lease()
    store.settle(
        store.attempt(a),
        store.attempt(b, failed(permanent=True)),
        store.attempt(c, failed(retry_in_ms=1)),
        store.attempt(d, Snoozed(1)),
        store.attempt(e, Cancelled("why not")),
        store.attempt(f, Interrupted()),
        store.attempt(g),
    )
    assert store.states(store.steps(run_id)["only"]) == [
        "completed",
        "failed",
        "scheduled",
        "scheduled",
        "cancelled",
        "pending",
        "completed",
    ]


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Snoozed(500), "scheduled"),
        (Snoozed(1), "scheduled"),
        (Snoozed(0), "pending"),
        (Interrupted(), "pending"),
    ],
)
def test_an_attempt_that_does_not_count_is_given_back(
    store: StoreDriver, outcome: Snoozed, state: str
) -> None:
    store.run_with(spec(max_attempts=1))
    for _ in range(4):
        (job,) = store.lease()
        assert job.attempt == 1
        store.settle(store.attempt(job, outcome))
        assert store.state(job.id) == state
        assert store.column("attempt", job.id) == 0
        store.clock.advance(1)
        store.tend()


def test_a_cancelled_outcome_ends_the_job_with_its_reason(store: StoreDriver) -> None:
    run_id = store.run_with(spec())
    (job,) = store.lease()
    store.settle(store.attempt(job, Cancelled("nobody needs it")))
    assert store.column("error", job.id) == "nobody needs it"
    assert store.state(run_id) == "cancelled"


def test_an_end_without_a_word_tells_of_no_error(store: StoreDriver) -> None:
    store.run_with(*specs(2))
    given, silent = store.lease()
    store.settle(store.attempt(given, Cancelled("why not")), store.attempt(silent, Cancelled("")))
    told = {job_id: data for _, _, _, job_id, data in store.oracle.events if data.get("state") == "cancelled"}
    assert told[given.id]["error"] == "why not"
    assert "error" not in told[silent.id]


def test_a_spawn_under_a_closing_parent_is_refused_with_one_line_and_the_outcome_kept(
    store: StoreDriver,
) -> None:
    run_id = store.run_with(*specs(3))
    jobs = store.lease()
    store.cancel(run_id)
    store.settle(*(store.attempt(job, children=specs(4)) for job in jobs))
    assert store.states(store.steps(run_id)["only"]) == ["completed"] * 3
    assert store.logs(jobs[0].id) == ["4 child jobs were not made: the step is closing (cancelled)"]
    assert store.state(run_id) == "cancelled"


def test_an_attempt_without_children_says_nothing_of_them_under_a_closing_parent(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(2))
    done, broken = store.lease()
    store.cancel(run_id)
    store.settle(store.attempt(done), store.attempt(broken, failed()))
    assert store.logs(done.id) == store.logs(broken.id) == []


def test_a_retried_attempt_that_spawns_the_same_key_makes_no_second_child(store: StoreDriver) -> None:
    run_id = store.run_with(spec())
    (job,) = store.lease()
    store.settle(store.attempt(job, children=(spec(unique_key="a"),)))
    (child,) = store.lease()
    store.settle(store.attempt(child, children=(spec(unique_key="a"), spec(unique_key="b"))))
    assert store.parent(store.steps(run_id)["only"])["total"] == 3


def test_a_spawn_of_another_type_and_time_is_made_as_asked(store: StoreDriver, clock: ManualClock) -> None:
    store.run_with(spec())
    (job,) = store.lease()
    store.settle(store.attempt(job, children=(spec(type="other", delay_ms=2000),)))
    assert store.lease(job_type="other") == []
    clock.advance(2)
    assert len(store.tend(lease={"other": 1})[0].jobs) == 1


def test_text_with_a_nul_is_kept_to_its_end(store: StoreDriver) -> None:
    store.run_with(spec())
    (job,) = store.lease()
    store.settle(store.attempt(job, logs=(line("a\0b"),)))
    assert store.logs(job.id) == ["a\u2400b"]
