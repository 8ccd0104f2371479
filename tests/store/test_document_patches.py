"""Patches of metadata: with the outcome, under its token, and no save."""

import msgspec

from actors.documents import DocumentPatch, DocumentSpec
from tests.store.driver import StoreDriver, failed, spec


def saved(store: StoreDriver, **metadata: object) -> int:
    """A document with this metadata; its id."""
    store.run_with(spec())
    (job,) = store.lease()
    store.settle(
        store.attempt(job, documents=(DocumentSpec("web", "a", None, "A", "text", metadata=metadata),))
    )
    return int(store.value("SELECT id FROM document"))


def patch(store: StoreDriver, document_id: int, **metadata: object) -> int:
    """A job that patches the document; its id."""
    store.run_with(spec())
    (job,) = store.lease()
    store.settle(store.attempt(job, patches=(DocumentPatch(document_id, metadata),)))
    return job.id


def metadata_of(store: StoreDriver) -> object:
    return msgspec.json.decode(store.value("SELECT metadata FROM document"))


def test_a_patch_replaces_whole_values_and_removes_what_is_none(store: StoreDriver) -> None:
    document_id = saved(store, kept=1, gone=2, nested={"old": True})
    patch(store, document_id, gone=None, nested={"new": True}, added=["x"])
    assert metadata_of(store) == {"kept": 1, "nested": {"new": True}, "added": ["x"]}


def test_a_patch_is_no_save_and_leaves_text_and_index_alone(store: StoreDriver) -> None:
    document_id = saved(store)
    while store.file.index_documents():
        pass
    patch(store, document_id, words=["x"])
    assert store.value("SELECT count(*) FROM document_save") == 1
    assert store.value("SELECT count(*) FROM search_queue") == 0
    assert store.value("SELECT body FROM document") == "text"


def test_the_same_patch_twice_changes_nothing_the_second_time(store: StoreDriver) -> None:
    document_id = saved(store)
    store.clock.advance(1.0)
    patch(store, document_id, words=["x"])
    first = store.value("SELECT updated_at FROM document")
    store.clock.advance(1.0)
    patch(store, document_id, words=["x"])
    assert (
        store.value("SELECT updated_at FROM document")
        == first
        > store.value("SELECT created_at FROM document")
    )


def test_a_patch_of_an_attempt_whose_lease_was_lost_is_refused(store: StoreDriver) -> None:
    document_id = saved(store)
    store.run_with(spec())
    (job,) = store.lease()
    attempt = store.attempt(job, patches=(DocumentPatch(document_id, {"words": 1}),))
    stale = msgspec.structs.replace(
        attempt, lease=msgspec.structs.replace(attempt.lease, token=job.token + 1)
    )
    assert store.settle(stale).refused == (job.id,)
    assert metadata_of(store) == {}
    store.settle(attempt, attempt)
    assert metadata_of(store) == {"words": 1}


def test_a_failed_attempt_patches_nothing(store: StoreDriver) -> None:
    document_id = saved(store)
    store.run_with(spec())
    (job,) = store.lease()
    store.settle(
        store.attempt(job, failed(permanent=True), patches=(DocumentPatch(document_id, {"words": 1}),))
    )
    assert metadata_of(store) == {}


def test_a_patch_of_a_document_that_is_not_there_is_told_in_the_jobs_log(store: StoreDriver) -> None:
    job_id = patch(store, 4711, words=1)
    assert store.state(job_id) == "completed"
    (line,) = store.logs(job_id)
    assert "there is no such document" in line


def test_patches_of_one_commit_are_applied_in_order_after_its_documents(store: StoreDriver) -> None:
    document_id = saved(store)
    store.run_with(spec(), spec(1))
    jobs = store.lease()
    store.settle(
        *(
            store.attempt(job, patches=(DocumentPatch(document_id, {"last": number, str(number): True}),))
            for number, job in enumerate(jobs)
        )
    )
    assert metadata_of(store) == {"last": 1, "0": True, "1": True}
