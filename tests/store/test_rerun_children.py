"""Children that were handed over with a submit are handed over again, by slices, whatever happens meanwhile."""

from typing import Any

import pytest

from actors.ids import id_text
from actors.job import JobDefinition, Step
from actors.messages import (
    DeleteJob,
    Refused,
    RerunGoesOn,
    RerunJob,
    StagedPage,
    StagePage,
    Submit,
    Submitted,
)
from actors.seams import ManualClock
from runtime.store.checksum import job_checksum
from runtime.store.verbs import copying
from tests.store.driver import StoreDriver, encoded_page, spec
from tests.store.rerunning import name_all, name_page, refused, rerun


def fan_out(store: StoreDriver, *pages: int, after: tuple[Step, ...] = (), **config: Any) -> tuple[int, int]:
    """A run whose children were handed over in pages of so many, and its step; nothing of it is named yet."""
    ids = store.file.ids
    run_id, step_id = ids.next(), ids.next()
    for number, size in enumerate(pages):
        rows = []
        for child_id in ids.block(size):
            text = f'{{"n":{child_id}}}'
            key = f"key {child_id}" if child_id % 2 else None
            rows.append((child_id, text, job_checksum(child_id, step_id, "work", text), key))
        store.commit(StagePage(run_id, StagedPage(number, encoded_page(rows), size)))
    depends = tuple(each.name for each in after)
    made = Step("work", "fan_out", {"job_type": "work", "pages": len(pages), **config}, depends=depends)
    step_ids = (*(ids.next() for _ in after), step_id)
    store.submitted(Submit(JobDefinition("work", "Work", (*after, made)), run_id, step_ids))
    return run_id, step_id


def handed_over(store: StoreDriver, run_id: int) -> list[tuple[str, str | None, int]]:
    return store.rows(
        "SELECT payload, unique_key, max_attempts FROM job WHERE root_id = ? AND kind = 'job' ORDER BY id",
        run_id,
    )


@pytest.mark.parametrize("pages", [(3,), (3, 2, 4)])
@pytest.mark.parametrize("kind", ["run", "step"])
def test_the_children_that_were_handed_over_are_handed_over_again(
    store: StoreDriver, pages: tuple[int, ...], kind: str
) -> None:
    old, step_id = fan_out(store, *pages, max_attempts=4)
    name_all(store)
    jobs = store.lease()
    store.settle(store.attempt(jobs[0], children=(spec(99),)))
    new = rerun(store, old if kind == "run" else step_id)
    name_all(store)
    spawned = ('{"n":99}', None, 2)
    assert handed_over(store, new) == [row for row in handed_over(store, old) if row[0] != spawned[0]]
    assert len(handed_over(store, new)) == sum(pages)
    assert {job.root_id for job in store.lease()} == {old, new}


def test_the_attempts_of_the_children_are_told_by_a_runtime_that_knows_their_type(
    store: StoreDriver, clock: ManualClock
) -> None:
    old, _ = fan_out(store, 2)
    new = rerun(store, old)
    knowing = StoreDriver(store.path, clock, judged=False, max_attempts={"work": 7})
    name_all(knowing)
    assert [row[2] for row in handed_over(store, new)] == [7, 7]
    again = knowing.file.ids.next()
    knowing.commit(RerunJob(old, again))
    assert [row[2] for row in handed_over(store, again)] == [7, 7]
    knowing.close()


def test_of_two_runs_of_one_definition_each_has_its_own_children_again(store: StoreDriver) -> None:
    first, second = (fan_out(store, size)[0] for size in (3, 2))
    name_all(store)
    for old in (first, second):
        new = rerun(store, old)
        name_all(store)
        assert handed_over(store, new) == handed_over(store, old)


@pytest.mark.parametrize("slice_pages", [1, 2, 9])
def test_all_children_of_known_attempts_are_handed_over_again_however_they_are_sliced(
    store: StoreDriver, monkeypatch: pytest.MonkeyPatch, slice_pages: int
) -> None:
    monkeypatch.setattr(copying, "PAGE", 2)
    monkeypatch.setattr(copying, "SLICE_PAGES", slice_pages)
    old, _ = fan_out(store, 5, max_attempts=4)
    name_all(store)
    new = rerun(store, old)
    name_all(store)
    assert handed_over(store, new) == handed_over(store, old)


def test_children_of_a_later_step_are_handed_over_to_that_step(store: StoreDriver) -> None:
    old, _ = fan_out(store, 3, after=(Step("before", "act"),), max_attempts=4)
    store.name(store.start())
    name_all(store)
    new = rerun(store, old)
    assert handed_over(store, new) == []
    store.name(store.start())
    name_all(store)
    assert handed_over(store, new) == handed_over(store, old)
    of_step = store.value("SELECT count(*) FROM job WHERE parent_id = ?", store.steps(new)["work"])
    assert of_step == 3


def test_what_was_not_named_yet_is_handed_over_too(store: StoreDriver) -> None:
    old, _ = fan_out(store, 3, 2, 4)
    name_page(store, store.start())
    new = rerun(store, old)
    store.cancel(old)
    name_all(store)
    assert len(handed_over(store, new)) == 9
    assert handed_over(store, new)[:3] == handed_over(store, old)[:3]


def test_a_copy_goes_by_slices_and_misses_nothing_that_is_named_meanwhile(
    store: StoreDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "PAGE", 2)
    monkeypatch.setattr(copying, "SLICE_PAGES", 1)
    old, _ = fan_out(store, 3, 3, 3, 3, 3)
    new, replies = store.file.ids.next(), 0
    request = RerunJob(old, new)
    while isinstance(reply := store.commit(request).replies[0], RerunGoesOn):
        replies += 1
        request = RerunJob(old, new, reply.progress)
        if replies % 2 and (starts := store.commit(starts=1).starts):
            name_page(store, starts[0])
    assert replies == 7
    name_all(store)
    assert handed_over(store, new) == handed_over(store, old)
    assert len(handed_over(store, new)) == 15


def test_a_page_is_bounded_by_the_size_of_its_payloads(
    store: StoreDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, _ = fan_out(store, 6)
    name_all(store)
    size = len(handed_over(store, old)[0][0])
    monkeypatch.setattr(copying, "PAGE_BYTES", 2 * size)
    monkeypatch.setattr(copying, "SLICE_BYTES", 4 * size)
    new = store.file.ids.next()
    reply = store.commit(RerunJob(old, new)).replies[0]
    assert (reply.progress.pages, store.value("SELECT count(*) FROM staged_page")) == (2, 2)
    assert isinstance(store.commit(RerunJob(old, new, reply.progress)).replies[0], Submitted)
    assert [row[0] for row in store.rows("SELECT children FROM staged_page ORDER BY number")] == [2, 2, 2]


def test_the_same_request_again_makes_one_run(store: StoreDriver) -> None:
    old = store.submit()
    new = store.file.ids.next()
    assert store.commit(RerunJob(old, new), RerunJob(old, new)).replies == [
        Submitted(new, created=True),
        Submitted(new, created=False),
    ]


def test_a_slice_that_is_asked_for_again_is_copied_once(
    store: StoreDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "PAGE", 2)
    monkeypatch.setattr(copying, "SLICE_PAGES", 1)
    old, _ = fan_out(store, 5)
    new = store.file.ids.next()
    request = RerunJob(old, new)
    while True:
        store.commit(request)
        reply = store.commit(request).replies[0]
        if not isinstance(reply, RerunGoesOn):
            break
        request = RerunJob(old, new, reply.progress)
    name_all(store)
    assert handed_over(store, new) == handed_over(store, old)


def test_pages_of_a_copy_that_was_given_up_go_with_its_owner(
    store: StoreDriver, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "PAGE", 2)
    monkeypatch.setattr(copying, "SLICE_PAGES", 1)
    old, _ = fan_out(store, 5)
    other = StoreDriver(store.path, clock, judged=False)
    assert isinstance(other.commit(RerunJob(old, other.file.ids.next())).replies[0], RerunGoesOn)
    assert store.value("SELECT count(*) FROM staged_page") == 2
    other.die()
    store.tend()
    assert store.value("SELECT count(*) FROM staged_page") == 1


def test_a_damaged_child_that_was_handed_over_is_refused_and_nothing_is_left(
    store: StoreDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "PAGE", 2)
    monkeypatch.setattr(copying, "SLICE_PAGES", 1)
    old, _ = fan_out(store, 5)
    name_all(store)
    last = store.value("SELECT max(id) FROM job")
    store.damage(last, "payload", "{}")
    fan_out(store, 2)  # another run, whose page is kept
    assert id_text(last) in refused(store, old).message
    assert store.value("SELECT count(*) FROM staged_page") == 1


def test_the_children_of_a_deleted_step_are_not_known_any_more(store: StoreDriver) -> None:
    old, step_id = fan_out(store, 2)
    name_all(store)
    store.complete(*store.lease())
    store.commit(DeleteJob(step_id))
    assert "step 'work'" in refused(store, old).message
    store.commit(DeleteJob(old))
    assert refused(store, old) == Refused("there is no such job", "`quaero jobs` lists them")
