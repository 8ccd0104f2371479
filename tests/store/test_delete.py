"""What is deleted is seen by nobody from the commit on; its rows go in slices, and counts equal rows all the while."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from actors.documents import DocumentFilter, DocumentSpec
from actors.ids import id_text
from actors.job import LogLevel, LogLine
from actors.messages import (
    CancelJob,
    DeleteAcknowledged,
    DeleteJob,
    Refused,
    Settle,
    Settled,
    StagedPage,
    StagePage,
    Submit,
)
from actors.seams import ManualClock
from runtime.store import pruning
from runtime.store.reading.jobs import JobFilter
from runtime.store.reading.reader import StoreReader
from runtime.store.verbs import erase
from tests.store.driver import StoreDriver, definition, encoded_page, spec, specs, step

TABLES = ("job", "parent", "lane", "dependency", "log_entry", "document_save", "staged_page", "submit_key")


@pytest.fixture
def reader(store: StoreDriver) -> Iterator[StoreReader]:
    opened = StoreReader(store.path)
    yield opened
    opened.close()


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slice takes one batch of two jobs or three records."""
    monkeypatch.setattr(pruning, "SLICE_BATCHES", 1)
    monkeypatch.setattr(erase, "BATCH", 2)
    monkeypatch.setattr(erase, "RECORDS", 3)


def ended_run(store: StoreDriver, jobs: int = 3, *, key: str | None = None) -> int:
    """A run of two steps that has ended, each of whose jobs left a document and two lines."""
    run_id = store.submit(definition(step("a"), step("b", depends=("a",))), key=key)
    for number in (jobs, 1):
        store.name(store.start(), *specs(number, rate_key="host"))
        leased = store.lease()
        lines = (LogLine(1, LogLevel.INFO, "one"), LogLine(2, LogLevel.INFO, "two"))
        for job in leased:
            page = DocumentSpec("web", f"{job.id}", f"http://x/{job.id}", "Title", "yeast")
            store.settle(store.attempt(job, documents=(page,), logs=lines))
    assert store.state(run_id) == "completed"
    return run_id


def rows_left(store: StoreDriver) -> dict[str, int]:
    return {table: number for table in TABLES if (number := store.value(f"SELECT count(*) FROM {table}"))}


def test_a_deleted_run_is_gone_for_every_reader_at_once(store: StoreDriver, reader: StoreReader) -> None:
    run_id, other = ended_run(store), ended_run(store)
    job_id = store.value("SELECT max(id) FROM job WHERE root_id = ? AND kind = 'job'", run_id)
    step_id = store.steps(run_id)["a"]
    assert store.delete(run_id) == DeleteAcknowledged(run_id, 4)
    assert store.value("SELECT count(*) FROM job WHERE root_id = ?", run_id) == 7, "nothing is erased yet"
    for gone in (run_id, step_id, job_id):
        assert reader.job(gone) is None
        assert reader.tree(gone) is None
        assert reader.logs(gone) == []
    assert reader.run(run_id) is None
    assert reader.run_state(run_id) is None
    assert reader.jobs(JobFilter(run_id=run_id)) == []
    assert reader.counts(run_id, "run").total == 0
    assert reader.documents(DocumentFilter(run_id=run_id)) == []
    assert {job["root_id"] for job in reader.jobs(JobFilter())} == {id_text(other)}
    assert len(reader.logs(other)) == 8


def test_the_rows_go_and_the_documents_stay(store: StoreDriver, reader: StoreReader) -> None:
    run_id = ended_run(store, key="once")
    store.delete(run_id)
    store.prune()
    assert rows_left(store) == {}
    assert store.value("SELECT count(*) FROM deletion") == 0
    while store.file.index_documents():
        pass
    documents = reader.documents(DocumentFilter())
    assert [(each["run_id"], each["job_id"]) for each in documents] == [(None, None)] * 4
    assert len(reader.search("yeast", DocumentFilter())) == 4
    assert reader.document(store.value("SELECT min(id) FROM document")) is not None
    assert reader.documents(DocumentFilter(run_id=run_id)) == []


@pytest.mark.usefixtures("small_slices")
def test_counts_equal_rows_after_every_slice(store: StoreDriver) -> None:
    run_id = ended_run(store, jobs=9)
    store.delete(run_id)
    totals = [10]
    while store.prune_slice():  # the oracle judges each
        totals.append(store.value("SELECT count(*) FROM job WHERE kind = 'job'"))
    assert {before - after for before, after in pairwise(totals)} == {0, 1, 2}
    assert rows_left(store) == {}


@pytest.mark.usefixtures("small_slices")
def test_two_runtimes_erase_the_same_run_between_them(store: StoreDriver, clock: ManualClock) -> None:
    run_id, kept = ended_run(store, jobs=9), ended_run(store)
    other = StoreDriver(store.path, clock)
    store.delete(run_id)
    while store.prune_slice() and other.prune_slice():
        pass
    other.close()
    assert store.value("SELECT count(*) FROM job WHERE root_id = ?", run_id) == 0
    assert store.value("SELECT count(*) FROM job WHERE root_id = ?", kept) == 7


@pytest.mark.usefixtures("small_slices")
def test_the_next_runtime_goes_on_where_one_died(store: StoreDriver, clock: ManualClock) -> None:
    other = StoreDriver(store.path, clock)
    run_id = ended_run(store, jobs=9)
    other.delete(run_id)
    other.prune_slice()
    other.prune_slice()
    other.die()
    assert 0 < store.value("SELECT count(*) FROM job WHERE root_id = ?", run_id) < 13
    store.tend()
    store.prune()
    assert rows_left(store) == {}


def test_what_is_open_is_refused_and_stays(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(2))
    step_id = store.steps(run_id)["only"]
    done, waiting = store.lease(1), store.rows("SELECT id FROM job WHERE state = 'pending'")
    store.complete(*done)
    for job_id, told in ((run_id, "run"), (step_id, "step"), (waiting[0][0], "job"), (done[0].id, "run")):
        reply = store.delete(job_id)
        assert isinstance(reply, Refused)
        assert reply.message.startswith(told)
        assert "only what" in reply.message
        assert reply.hint == "cancel it first, or wait for its end"
    assert store.value("SELECT count(*) FROM deletion") == 0


def test_a_job_of_an_ended_run_goes_at_once_and_is_counted_no_longer(
    store: StoreDriver, reader: StoreReader
) -> None:
    run_id = ended_run(store)
    step_id = store.steps(run_id)["a"]
    job_id = store.value("SELECT min(id) FROM job WHERE parent_id = ?", step_id)
    assert store.delete(job_id) == DeleteAcknowledged(job_id, 1)
    assert (store.parent(step_id)["total"], store.parent(step_id)["completed"]) == (2, 2)
    assert reader.counts(run_id, "run").total == 3
    assert reader.logs(job_id) == []
    assert (store.state(step_id), store.state(run_id)) == ("completed", "completed")


def test_a_job_that_ends_and_is_deleted_in_one_commit_leaves_no_log(store: StoreDriver) -> None:
    store.run_with(spec())
    (job,) = store.lease()
    attempt = store.attempt(job, logs=(LogLine(1, LogLevel.INFO, "the last words"),))
    replies = store.commit(Settle(1, (attempt,)), DeleteJob(job.id)).replies
    assert replies == [Settled(1), DeleteAcknowledged(job.id, 1)]
    assert store.rows("SELECT text FROM log_entry WHERE job_id = ?", job.id) == []


def test_a_step_of_an_ended_run_goes_and_the_run_counts_the_others(
    store: StoreDriver, reader: StoreReader
) -> None:
    run_id = ended_run(store)
    step_id = store.steps(run_id)["a"]
    assert store.delete(step_id) == DeleteAcknowledged(step_id, 3)
    for _ in ("marked", "erased"):
        shown = reader.run(run_id)
        assert shown is not None
        assert [each["name"] for each in shown["steps"]] == ["b"]
        assert (shown["counts"]["total"], shown["documents"], len(reader.logs(run_id))) == (1, 1, 2)
        store.prune()
    assert store.value("SELECT count(*) FROM job WHERE root_id = ?", run_id) == 3
    store.delete(run_id)
    store.prune()
    assert rows_left(store) == {}


def test_what_was_deleted_is_not_there_for_any_other_verb(store: StoreDriver) -> None:
    run_id = ended_run(store)
    job_id = store.value("SELECT min(id) FROM job WHERE kind = 'job'")
    store.delete(run_id)
    for gone in (run_id, store.steps(run_id)["a"], job_id):
        for request in (store.delete(gone), store.commit(CancelJob(gone)).replies[0]):
            assert request == Refused("there is no such job", "`quaero jobs` lists them")
    assert store.delete(12345) == Refused("there is no such job", "`quaero jobs` lists them")


def test_a_submit_that_comes_twice_after_its_run_was_deleted_takes_no_key(store: StoreDriver) -> None:
    request = store.submission(definition(step("a")), key="nightly")
    run_id = store.submitted(request).run_id
    store.name(store.start(), spec())
    store.complete(store.lease()[0])
    store.delete(run_id)
    assert (run_id,) in store.rows("SELECT id FROM deletion")
    assert store.submitted(request).run_id == run_id
    assert store.rows("SELECT key FROM submit_key") == []
    assert store.submit(key="nightly") != run_id


def test_deleting_a_run_frees_its_key(store: StoreDriver) -> None:
    first = ended_run(store, key="nightly")
    assert store.submit(key="nightly") == first
    store.delete(first)
    second = store.submit(key="nightly")
    assert second != first
    store.prune()
    assert store.submit(key="nightly") == second


def test_an_outcome_told_again_after_the_deletion_is_refused(store: StoreDriver) -> None:
    run_id = store.run_with(spec())
    (job,) = store.lease()
    store.complete(job)
    store.delete(run_id)
    store.prune()
    assert store.complete(job).refused == (job.id,)
    assert rows_left(store) == {}


def test_the_pages_of_a_run_that_was_cancelled_before_it_named_them_go_too(store: StoreDriver) -> None:
    ids = store.file.ids
    run_id = ids.next()
    for number in range(3):
        page = StagedPage(number, encoded_page([(ids.next(), "{}", 0, None)]), 1)
        store.commit(StagePage(run_id, page))
    store.submitted(_fan_out(store, run_id))
    store.cancel(run_id)
    store.delete(run_id)
    store.prune()
    assert rows_left(store) == {}


def test_a_page_staged_again_after_its_run_was_submitted_leaves_nothing(store: StoreDriver) -> None:
    ids = store.file.ids
    run_id = ids.next()
    again = StagePage(run_id, StagedPage(0, encoded_page([(ids.next(), "{}", 0, None)]), 1))
    store.commit(again)
    store.submitted(_fan_out(store, run_id))
    store.commit(again)
    assert store.value("SELECT count(*) FROM staged_page") == 1
    store.cancel(run_id)
    store.delete(run_id)
    store.prune()
    assert rows_left(store) == {}


def test_every_deletion_leaves_one_event(store: StoreDriver, reader: StoreReader) -> None:
    run_id = ended_run(store)
    job_id = store.value("SELECT min(id) FROM job WHERE kind = 'job'")
    store.delete(job_id)
    store.delete(run_id)
    store.delete(run_id)
    store.prune()
    found, _ = reader.events()
    assert [(each.job_id, each.data) for each in found if each.type == "job_deleted"] == [
        (job_id, {"kind": "job"}),
        (run_id, {"kind": "run"}),
    ]


def _fan_out(store: StoreDriver, run_id: int) -> Submit:
    made = definition(step(action="fan_out", config={"job_type": "work", "pages": 3}))
    return Submit(made, run_id, (store.file.ids.next(),))
