"""A submit is whole or not at all, and one key or one run id is one run."""

import msgspec
import pytest

from actors.job import JobDefinition, Page, Step
from actors.messages import NameChildren, Refused, StagedPage, StagePage, Submit
from runtime.store.checksum import job_checksum
from tests.store.driver import StoreDriver, definition, encoded_page, step


def everything(store: StoreDriver) -> list[int]:
    return [
        store.value(f"SELECT count(*) FROM {table}")
        for table in ("job", "parent", "dependency", "submit_key", "event_batch")
    ]


def test_a_submitted_run_has_all_its_steps_and_the_first_may_start(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("a"), step("b", depends=("a",)), step("c")))
    steps = store.steps(run_id)
    assert list(steps) == ["a", "b", "c"]
    assert store.states(run_id) == ["pending"] * 3
    assert [store.parent(steps[name])["naming"] for name in "abc"] == ["ready", "idle", "ready"]
    assert [store.parent(steps[name])["waiting"] for name in "abc"] == [0, 1, 0]


def test_the_same_request_again_makes_no_second_run(store: StoreDriver) -> None:
    request = store.submission(definition())
    assert store.submitted(request).created
    before = everything(store)
    again = store.submitted(request)
    assert (again.run_id, again.created) == (request.run_id, False)
    assert everything(store) == before


def test_the_same_key_gives_the_same_run_whatever_is_submitted_with_it(store: StoreDriver) -> None:
    first = store.submit(definition(), key="monday")
    other = store.submitted(store.submission(definition(step("x"), step("y")), key="monday"))
    assert (other.run_id, other.created) == (first, False)
    assert store.submit(definition(), key="tuesday") != first
    assert store.value("SELECT count(*) FROM job WHERE kind = 'run'") == 2


def test_two_submits_with_one_key_in_one_commit_make_one_run(store: StoreDriver) -> None:
    requests = [store.submission(definition(), key="k") for _ in range(2)]
    replies = store.commit(*requests).replies
    assert [(reply.run_id, reply.created) for reply in replies] == [
        (requests[0].run_id, True),
        (requests[0].run_id, False),
    ]


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (
            (step("a"), step("b", depends=("nobody",))),
            "step 'b' depends on 'nobody', which definition 'test' lacks",
        ),
        ((step("a", depends=("a",)),), "the steps 'a' wait for each other in a circle"),
        (
            (step("a"), step("b", depends=("c",)), step("c", depends=("b",))),
            "the steps 'b', 'c' wait for each other in a circle",
        ),
        ((step("a"), step("a")), "definition 'test' has two steps of one name"),
    ],
)
def test_a_definition_that_could_never_end_is_refused_and_leaves_nothing(
    store: StoreDriver, steps: tuple[Step, ...], message: str
) -> None:
    good = store.submission(definition(), key="good")
    before = store.commit(store.submission(definition(*steps), key="bad"), good)
    assert before.replies[0] == Refused(message, "name a step of the same definition")
    assert before.replies[1].created
    assert store.rows("SELECT key FROM submit_key") == [("good",)]
    assert store.value("SELECT count(*) FROM job") == 2


def test_a_request_with_too_few_step_ids_is_refused_and_leaves_nothing(store: StoreDriver) -> None:
    ids = store.file.ids
    reply = store.commit(Submit(definition(step("a"), step("b")), ids.next(), (ids.next(),), "k")).replies[0]
    assert isinstance(reply, Refused)
    assert everything(store) == [0] * 5


def test_an_id_that_is_taken_is_refused_and_leaves_nothing(store: StoreDriver) -> None:
    taken = store.submission(definition())
    store.submitted(taken)
    before = everything(store)
    reply = store.commit(Submit(definition(), store.file.ids.next(), taken.step_ids, "k")).replies[0]
    assert isinstance(reply, Refused)
    assert everything(store) == before


def test_a_run_without_steps_ends_at_once(store: StoreDriver) -> None:
    request = Submit(JobDefinition("empty", "Empty", ()), store.file.ids.next(), ())
    assert store.submitted(request).created
    assert store.status_events(request.run_id) == ["pending", "completed"]


def test_steps_that_are_not_enabled_end_as_skipped_and_what_waits_for_them_starts(store: StoreDriver) -> None:
    run_id = store.submit(
        definition(
            step("a", enabled=False), step("b", depends=("a",), enabled=False), step("c", depends=("b",))
        )
    )
    steps = store.steps(run_id)
    assert store.states(run_id) == ["completed", "completed", "pending"]
    assert store.column("error", steps["a"]) == "skipped: the step is not enabled"
    assert store.parent(steps["c"])["naming"] == "ready"


def test_a_thousand_skipped_steps_in_a_row_end_with_their_run(store: StoreDriver) -> None:
    chain = [step("s0", enabled=False)]
    chain += [step(f"s{number}", enabled=False, depends=(f"s{number - 1}",)) for number in range(1, 1000)]
    run_id = store.submit(definition(*chain))
    assert store.state(run_id) == "completed"
    assert set(store.states(run_id)) == {"completed"}


# -- staged pages ------------------------------------------------------------------------------------------------


def staged(store: StoreDriver, request: Submit, number: int, keys: list[str | None]) -> StagePage:
    rows = []
    for key in keys:
        child_id = store.file.ids.next()
        rows.append((child_id, "{}", job_checksum(child_id, request.step_ids[0], "work", "{}"), key))
    return StagePage(request.run_id, StagedPage(number, encoded_page(rows), len(rows)))


def fan_out(store: StoreDriver, key: str | None = None) -> Submit:
    config = {"job_type": "work", "pages": 2}
    return store.submission(definition(Step("only", "fan_out", config)), key=key)


def test_staged_pages_are_invisible_until_the_submit_and_consumed_by_the_step(store: StoreDriver) -> None:
    request = fan_out(store)
    store.commit(staged(store, request, 0, [None] * 3), staged(store, request, 1, [None] * 2))
    assert store.value("SELECT count(*) FROM job") == 0
    store.submitted(request)
    first = store.commit(NameChildren(store.start(), Page(stored=0, next_cursor="1"))).replies[0]
    second = store.commit(NameChildren(store.start(), Page(stored=1))).replies[0]
    assert (first.inserted, second.inserted) == (3, 2)
    assert store.value("SELECT count(*) FROM staged_page") == 0
    assert len(store.lease()) == 5


def test_a_small_fan_out_comes_whole_with_its_submit(store: StoreDriver) -> None:
    request = fan_out(store, key="k")
    page = staged(store, request, 0, [None] * 3).page
    request = Submit(request.definition, request.run_id, request.step_ids, "k", page)
    assert store.submitted(request).created
    assert not store.submitted(request).created
    assert store.value("SELECT count(*) FROM staged_page") == 0
    (found,) = store.rows("SELECT state, total, pending, named, naming FROM parent WHERE kind = 'step'")
    assert found == ("running", 3, 3, 1, "idle")
    told = [
        data
        for _, _, _, job_id, data in store.oracle.events
        if job_id not in (request.run_id, *request.step_ids)
    ]
    assert told == [{"state": "pending", "parent_id": request.step_ids[0]}] * 3
    begun, *children = store.oracle.happened("running", "pending")[-4:]
    assert (begun, len(children)) == (request.step_ids[0], 3)  # the step begins, and has its children then
    store.complete(*store.lease())
    assert store.value("SELECT state FROM parent WHERE kind = 'run'") == "completed"
    assert not store.submitted(request).created
    assert store.value("SELECT count(*) FROM job WHERE kind = 'job'") == 3


def test_a_small_fan_out_whose_step_may_not_begin_takes_no_children(store: StoreDriver) -> None:
    request = fan_out(store)
    page = staged(store, request, 0, [None] * 3).page
    (step,) = request.definition.steps
    skipped = msgspec.structs.replace(step, enabled=False)
    definition = msgspec.structs.replace(request.definition, steps=(skipped,))
    store.submitted(Submit(definition, request.run_id, request.step_ids, None, page))
    assert store.value("SELECT state FROM parent WHERE kind = 'run'") == "completed"
    assert store.value("SELECT count(*) FROM job WHERE kind = 'job'") == 0
    assert store.value("SELECT count(*) FROM staged_page") == 0


def test_the_same_submit_again_keeps_the_pages_that_are_not_named_yet(store: StoreDriver) -> None:
    request = fan_out(store, key="k")
    store.commit(staged(store, request, 0, [None] * 3))
    store.submitted(request)
    assert not store.submitted(request).created
    assert store.commit(NameChildren(store.start(), Page(stored=0))).replies[0].inserted == 3


def test_another_submit_with_a_known_key_leaves_no_pages_behind(store: StoreDriver) -> None:
    store.submitted(fan_out(store, key="k"))
    second = fan_out(store, key="k")
    store.commit(staged(store, second, 0, [None]))
    store.submitted(second)
    assert store.value("SELECT count(*) FROM staged_page") == 0


def test_unique_keys_hold_within_a_staged_page_and_across_them(store: StoreDriver) -> None:
    request = fan_out(store)
    store.commit(staged(store, request, 0, ["a", "b", "a", None]), staged(store, request, 1, ["b", "c"]))
    store.submitted(request)
    first = store.commit(NameChildren(store.start(), Page(stored=0, next_cursor="1"))).replies[0]
    second = store.commit(NameChildren(store.start(), Page(stored=1))).replies[0]
    assert (first.inserted, second.inserted) == (3, 1)


def test_a_page_that_is_not_there_fails_the_step_instead_of_losing_children(store: StoreDriver) -> None:
    request = fan_out(store)
    store.submitted(request)
    store.commit(NameChildren(store.start(), Page(stored=0)))
    assert store.state(request.step_ids[0]) == "failed"
    assert store.state(request.run_id) == "failed"
    assert "page 0 of the children handed over with run" in store.column("error", request.step_ids[0])
