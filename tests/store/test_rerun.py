"""A rerun is a new run of what the old one was asked to do; the old one stays as it is."""

from pathlib import Path

import msgspec
import pytest

from actors.ids import id_text
from actors.job import Step, WaitRole
from actors.messages import (
    KeyTaken,
    LinkedRun,
    Refused,
    RerunJob,
    RunWait,
    Submit,
    Submitted,
)
from actors.seams import ManualClock
from tests.store.driver import StoreDriver, definition, spec, specs, step, with_a_lost_run
from tests.store.rerunning import name_all, payload, refused, rerun
from tests.store.test_ends import let_run
from tests.store.test_links import made, submit


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
            post_jobs=("q",),
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
    assert start.definition.pre_jobs == start.definition.post_jobs == ()


def test_a_job_is_made_again_as_a_run_of_one(store: StoreDriver) -> None:
    old = store.run_with(
        spec(7, name="seven", max_attempts=5, depth=3), of=definition(tags=("t",), priority=3)
    )
    (job,) = store.lease()
    store.fail(job)
    new = rerun(store, job.id)
    (again,) = store.lease()
    assert (again.root_id, again.type, again.payload, again.max_attempts) == (new, "work", job.payload, 5)
    assert store.rows("SELECT type, name FROM job WHERE id = ?", new) == [("work", "seven")]
    made_again = msgspec.json.decode(payload(store, new))
    assert (made_again["tags"], made_again["priority"]) == (["t"], 3)
    assert made_again["steps"][0]["config"]["pages"] == 1
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


@pytest.mark.parametrize("kind", ["run", "step", "job"])
@pytest.mark.parametrize("value", [b"{\xff", "{}"])
def test_a_damaged_row_is_refused(store: StoreDriver, kind: str, value: object) -> None:
    store.run_with(spec())
    ((job_id,),) = store.rows("SELECT id FROM job WHERE kind = ?", kind)
    store.damage(job_id, "payload", value)
    found = refused(store, job_id)
    assert found.message == f"the row of {kind} {id_text(job_id)} is damaged: its checksum does not match"
    assert found.hint


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
    number = store.value("SELECT count(*) FROM job WHERE kind = 'run'")
    rerun(store, old["pre"])
    assert [start.definition.id for start in store.commit(starts=9).starts] == ["pre"]
    rerun(store, store.steps(old["main"])["only"])
    assert store.value("SELECT count(*) FROM job WHERE kind = 'run'") == number + 2


@pytest.mark.parametrize("gone", ["fetch", "report"])
def test_a_linked_run_that_was_deleted_is_not_made_again(store: StoreDriver, gone: str) -> None:
    main = made("main", pre=("fetch",), post=("report",))
    old = submit(store, main, made("fetch"), made("report"))
    assert list(let_run(store)) == ["fetch", "main", "report"]
    store.delete(old[gone])
    rerun(store, old["main"])
    assert list(let_run(store)) == [each for each in ("fetch", "main", "report") if each != gone]


def test_what_linked_runs_are_linked_with_is_made_again_once(store: StoreDriver) -> None:
    top, left, right = (
        made("top", pre=("left", "right")),
        made("left", pre=("deep",)),
        made("right", pre=("deep",)),
    )
    old = submit(store, top, left, right, made("deep"))
    once = list(let_run(store))
    rerun(store, old["top"])
    assert list(let_run(store)) == once
    assert store.value("SELECT count(*) FROM job WHERE kind = 'run'") == 8


def test_a_request_with_a_known_key_makes_nothing_even_if_the_old_run_is_gone(store: StoreDriver) -> None:
    old = store.submit()
    store.cancel(old)
    new, other = store.file.ids.next(), store.file.ids.next()
    assert store.commit(RerunJob(old, new, submit_key="k")).replies == [Submitted(new, created=True)]
    store.delete(old)
    store.prune()
    for asked in (new, other):
        assert store.commit(RerunJob(old, asked, submit_key="k")).replies == [Submitted(new, created=False)]
    assert store.commit(RerunJob(old, new)).replies == [Submitted(new, created=False)]
    assert store.logs(new) == [f"made again of {id_text(old)}"]
    assert store.value("SELECT count(*) FROM log_entry WHERE job_id = ?", other) == 0


def test_a_key_that_came_with_a_rerun_is_not_that_of_another_request(store: StoreDriver) -> None:
    old, new, other = store.submit(), store.file.ids.next(), store.file.ids.next()
    store.commit(RerunJob(old, new, submit_key="k", fingerprint="this"))
    (refusal,) = store.commit(RerunJob(old, other, submit_key="k", fingerprint="another")).replies
    assert refusal == KeyTaken("k", new)


def test_a_run_of_the_same_batch_is_made_again(store: StoreDriver) -> None:
    request, new = store.submission(), store.file.ids.next()
    replies = store.commit(request, RerunJob(request.run_id, new)).replies
    assert replies == [Submitted(request.run_id, created=True), Submitted(new, created=True)]


def test_a_job_without_a_rate_gets_none_of_those_beside_it(store: StoreDriver) -> None:
    store.run_with(spec(1, rate_key="a", rate_ms=10), spec(2), spec(3, rate_key="b", rate_ms=20))
    of_jobs = [row[0] for row in store.rows("SELECT id FROM job WHERE kind = 'job' ORDER BY id")]
    made_again = [msgspec.json.decode(payload(store, rerun(store, each))) for each in of_jobs]
    configs = [each["steps"][0]["config"] for each in made_again]
    assert [(each.get("rate_key"), each.get("rate_ms")) for each in configs] == [
        ("a", 10),
        (None, None),
        ("b", 20),
    ]
    assert {each["name"] for each in made_again} == {"work"}


def test_a_job_whose_run_was_lost_is_refused_as_an_unknown_one(tmp_path: Path) -> None:
    store, _, job = with_a_lost_run(tmp_path / "damaged.db")
    assert refused(store, job.id) == Refused("there is no such job", "`quaero jobs` lists them")
    store.close()


def test_an_open_run_is_made_again_beside_it(store: StoreDriver) -> None:
    old = store.run_with(*specs(2))
    new = rerun(store, old)
    assert (store.state(old), store.state(new)) == ("running", "pending")


@pytest.mark.parametrize(
    "only", [step(config={"pages": 3}), step(action="fan_out", config={"job_type": "work", "items": [1]})]
)
def test_a_step_that_names_its_children_itself_is_made_again_as_it_was(
    store: StoreDriver, only: Step
) -> None:
    old = store.submit(definition(only))
    store.name(store.start(), spec())
    for each in (old, store.steps(old)["only"]):
        rerun(store, each)
        assert store.start().step == only
