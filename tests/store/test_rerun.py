"""A rerun is a new run of what the old one was asked to do; the old one stays as it is."""

from typing import Any

import pytest

from actors.ids import id_text
from actors.job import JobDefinition, Page, Step, StepStart, WaitRole
from actors.messages import (
    DeleteJob,
    LinkedRun,
    NameChildren,
    Refused,
    RerunGoesOn,
    RerunJob,
    RunWait,
    StagedPage,
    StagePage,
    Submit,
    Submitted,
)
from actors.seams import ManualClock
from runtime.store.checksum import job_checksum
from runtime.store.verbs import copying
from tests.store.driver import StoreDriver, definition, encoded_page, spec, specs, step


def rerun(store: StoreDriver, job_id: int) -> int:
    """Ask until the copy is whole; the new run's id."""
    run_id = store.file.ids.next()
    reply = store.commit(RerunJob(job_id, run_id)).replies[0]
    while isinstance(reply, RerunGoesOn):
        assert not store.value("SELECT count(*) FROM job WHERE id = ?", run_id)
        reply = store.commit(RerunJob(job_id, run_id, reply.progress)).replies[0]
    assert reply == Submitted(run_id, created=True)
    return run_id


def refused(store: StoreDriver, job_id: int) -> Refused:
    run_id = store.file.ids.next()
    reply = store.commit(RerunJob(job_id, run_id)).replies[0]
    while isinstance(reply, RerunGoesOn):
        reply = store.commit(RerunJob(job_id, run_id, reply.progress)).replies[0]
    assert isinstance(reply, Refused), reply
    assert not store.value("SELECT count(*) FROM job WHERE root_id = ?", run_id)
    assert not store.value("SELECT count(*) FROM staged_page WHERE run_id = ?", run_id)
    return reply


def payload(store: StoreDriver, job_id: int) -> Any:
    return store.column("payload", job_id)


def fan_out(store: StoreDriver, *pages: int, **config: Any) -> tuple[int, int]:
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
    made = Step("work", "fan_out", {"job_type": "work", "pages": len(pages), **config})
    store.submitted(Submit(JobDefinition("work", "Work", (made,)), run_id, (step_id,)))
    return run_id, step_id


def name_page(store: StoreDriver, start: StepStart) -> None:
    """As the manager ``fan_out`` does."""
    number, pages = int(start.cursor or 0), int(start.step.config["pages"])
    cursor = str(number + 1) if number + 1 < pages else None
    page = Page(stored=number, next_cursor=cursor) if number < pages else Page()
    assert store.commit(NameChildren(start, page)).replies[0].accepted


def name_all(store: StoreDriver) -> None:
    while starts := store.commit(starts=1).starts:
        name_page(store, starts[0])


def handed_over(store: StoreDriver, run_id: int) -> list[tuple[str, str | None, int]]:
    return store.rows(
        "SELECT payload, unique_key, max_attempts FROM job WHERE root_id = ? AND kind = 'job' ORDER BY id",
        run_id,
    )


def test_a_run_is_made_again_of_its_own_definition(store: StoreDriver) -> None:
    what = definition(
        step("a", config={"x": [1]}), step("b", depends=("a",)), tags=("t",), timeout_seconds=9.0
    )
    old = store.submit(what)
    store.cancel(old)
    before = store.rows("SELECT * FROM job WHERE root_id = ?", old)
    new = rerun(store, old)
    assert payload(store, new) == payload(store, old)
    assert list(store.steps(new)) == ["a", "b"]
    assert store.rows("SELECT * FROM job WHERE root_id = ?", old) == before
    start = store.start()
    assert (start.run_id, start.step.config) == (new, {"x": [1]})
    assert store.parent(store.steps(new)["b"])["waiting"] == 1
    assert store.logs(new) == [f"made again of {id_text(old)}"]


def test_a_step_is_made_again_alone(store: StoreDriver) -> None:
    old = store.submit(
        definition(
            step("a"),
            step("b", depends=("a",), condition="a.completed > 0", config={"x": 1}),
            pre_jobs=("p",),
        )
    )
    new = rerun(store, store.steps(old)["b"])
    (start,) = [each for each in store.commit(starts=9).starts if each.run_id == new]
    assert (start.step.name, start.step.config, start.step.depends, start.step.condition) == (
        "b",
        {"x": 1},
        (),
        None,
    )
    assert start.definition.pre_jobs == ()


def test_a_job_is_made_again_as_a_run_of_one(store: StoreDriver) -> None:
    old = store.run_with(spec(7, name="seven", max_attempts=5, depth=3), of=definition(tags=("t",)))
    (job,) = store.lease()
    store.fail(job)
    new = rerun(store, job.id)
    (again,) = store.lease()
    assert (again.root_id, again.type, again.payload, again.max_attempts) == (new, "work", job.payload, 5)
    assert store.rows("SELECT type, name FROM job WHERE id = ?", new) == [("work", "seven")]
    assert b'"tags":["t"]' in payload(store, new).encode()
    store.complete(again)
    assert (store.state(new), store.state(old)) == ("completed", "failed")


def test_a_job_that_is_made_again_keeps_its_rate(store: StoreDriver, clock: ManualClock) -> None:
    run_id = store.run_with(spec(1, rate_key="host", rate_ms=60_000), spec(2))
    limited, _ = store.lease()
    store.complete(limited)
    new = rerun(store, limited.id)
    name_all(store)
    assert store.lease() == []
    again = rerun(store, new)  # as a whole: what it was asked to do is the same
    name_all(store)
    assert store.lease() == []
    clock.advance(60)
    assert [job.root_id for job in store.tend(lease={"work": 5})[0].jobs] == [new]
    clock.advance(60)
    assert [job.root_id for job in store.tend(lease={"work": 5})[0].jobs] == [again]
    assert run_id not in (new, again)


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


@pytest.mark.parametrize("kind", ["run", "step", "job"])
@pytest.mark.parametrize("value", [b"{\xff", "{}"])
def test_a_damaged_row_is_refused(store: StoreDriver, kind: str, value: object) -> None:
    store.run_with(spec())
    ((job_id,),) = store.rows("SELECT id FROM job WHERE kind = ?", kind)
    store.damage(job_id, "payload", value)
    found = refused(store, job_id)
    assert found.message == f"the row of {kind} {id_text(job_id)} is damaged: its checksum does not match"
    assert found.hint


def test_a_damaged_child_that_was_handed_over_is_refused_and_nothing_is_left(
    store: StoreDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "PAGE", 2)
    monkeypatch.setattr(copying, "SLICE_PAGES", 1)
    old, _ = fan_out(store, 5)
    name_all(store)
    last = store.value("SELECT max(id) FROM job")
    store.damage(last, "payload", "{}")
    assert id_text(last) in refused(store, old).message


def test_the_children_of_a_deleted_step_are_not_known_any_more(store: StoreDriver) -> None:
    old, step_id = fan_out(store, 2)
    name_all(store)
    store.complete(*store.lease())
    store.commit(DeleteJob(step_id))
    assert "step 'work'" in refused(store, old).message
    store.commit(DeleteJob(old))
    assert refused(store, old) == Refused("there is no such job", "`quaero jobs` lists them")


def test_an_unknown_job_is_refused(store: StoreDriver) -> None:
    assert refused(store, 99) == Refused("there is no such job", "`quaero jobs` lists them")


def test_the_runs_that_are_linked_are_made_again_with_it(store: StoreDriver) -> None:
    ids = store.file.ids
    main, pre, post = (definition(id=name, name=name) for name in ("main", "pre", "post"))
    runs = {each.id: LinkedRun(each, ids.next(), (ids.next(),)) for each in (main, pre, post)}
    old = {name: run.run_id for name, run in runs.items()}
    waits = (
        RunWait(old["main"], old["pre"], WaitRole.PRE),
        RunWait(old["post"], old["main"], WaitRole.POST),
    )
    store.submitted(
        Submit(main, old["main"], runs["main"].step_ids, linked=(runs["pre"], runs["post"]), waits=waits)
    )
    for _ in runs:
        store.name(store.start())
    assert [store.state(each) for each in old.values()] == ["completed"] * 3
    rerun(store, old["main"])
    done = []
    for _ in runs:
        start = store.start()
        done.append(start.definition.id)
        store.name(start)
    assert done == ["pre", "main", "post"]
    rerun(store, old["pre"])
    assert [start.definition.id for start in store.commit(starts=9).starts] == ["pre"]


def test_an_open_run_is_made_again_beside_it(store: StoreDriver) -> None:
    old = store.run_with(*specs(2))
    new = rerun(store, old)
    assert (store.state(old), store.state(new)) == ("running", "pending")
