"""What a submit writes is what its definition says, and nothing of others."""

import msgspec
import pytest

from actors.job import ErrorTolerance, OnError, Page, WaitRole
from actors.messages import KeyTaken, LinkedRun, NameChildren, RunWait, Submit, Submitted
from tests.store.driver import StoreDriver, definition, only, spec, step
from tests.store.test_submit import fan_out, staged

OWN, OF_ALL = ErrorTolerance(max_child_failures=1), ErrorTolerance(max_child_failures=2)


def with_page(store: StoreDriver, children: int, **more: object) -> Submit:
    """A small fan-out, which comes whole with its submit."""
    request = fan_out(store)
    page = staged(store, request, 0, [None] * children).page
    return msgspec.structs.replace(request, page=page, **more)


def test_runs_and_steps_have_the_limits_of_their_definition(store: StoreDriver) -> None:
    limited = step(concurrency=3, timeout_seconds=1.5, on_error=OnError.CONTINUE)
    run_id = store.submit(definition(limited, priority=2, timeout_seconds=60.0))
    run, of_step = store.parent(run_id), store.parent(only(store, run_id))
    assert (run["priority"], run["timeout_ms"], run["open_steps"]) == (2, 60_000, 1)
    found = {each: of_step[each] for each in ("action", "priority", "concurrency", "timeout_ms", "on_error")}
    assert found == {
        "action": "act",
        "priority": 2,
        "concurrency": 3,
        "timeout_ms": 1500,
        "on_error": "continue",
    }


@pytest.mark.parametrize(("on_error", "more"), [(OnError.RETRY, 2), (OnError.FAIL, 0), (OnError.CONTINUE, 0)])
def test_only_a_step_that_retries_gives_its_children_more_attempts(
    store: StoreDriver, on_error: OnError, more: int
) -> None:
    store.run_with(spec(max_attempts=3), of=definition(step(on_error=on_error, max_retries=2)))
    (job,) = store.lease()
    assert job.max_attempts == 3 + more


@pytest.mark.parametrize(("own", "found"), [(None, OF_ALL), (OWN, OWN)])
def test_a_step_bears_what_it_says_itself_else_what_its_definition_says(
    store: StoreDriver, own: ErrorTolerance | None, found: ErrorTolerance
) -> None:
    run_id = store.submit(definition(step(error_tolerance=own), error_tolerance=OF_ALL))
    text = store.parent(only(store, run_id))["tolerance"]
    assert msgspec.json.decode(text, type=ErrorTolerance) == found


def test_a_step_that_names_one_it_waits_for_twice_waits_once(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("a"), step("b", depends=("a", "a"))))
    store.name(store.start())
    assert store.state(store.steps(run_id)["a"]) == "completed"
    assert store.start().step_id == store.steps(run_id)["b"]


def test_a_new_step_is_named_after_those_that_wait(store: StoreDriver) -> None:
    store.submit()
    first = store.start()
    store.name(first, spec(), cursor="more")
    store.complete(*store.lease())  # the first step wants its next page
    second = store.submit()
    assert store.parent(only(store, second))["served"] > store.parent(first.step_id)["served"]
    assert store.start().step_id == first.step_id


def test_a_run_is_told_of_before_its_steps_and_these_with_their_run(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("a"), step("b")))
    steps = store.steps(run_id)
    told = [(job_id, data.get("parent_id")) for _, _, _, job_id, data in store.oracle.events]
    assert told == [(run_id, None), (steps["a"], run_id), (steps["b"], run_id)]


def test_a_linked_run_is_traced_as_the_caller_and_the_run_as_itself(store: StoreDriver) -> None:
    fetch = LinkedRun(definition(id="fetch"), store.file.ids.next(), (store.file.ids.next(),))
    request = msgspec.structs.replace(
        store.submission(), linked=(fetch,), trace_context="run", linked_trace_context="caller"
    )
    store.submitted(request)
    assert store.column("trace_context", request.run_id) == "run"
    assert store.column("trace_context", fetch.run_id) == "caller"


# -- pages -----------------------------------------------------------------------------------------------------------


def test_a_small_fan_out_that_waits_for_another_run_has_its_children_afterwards(store: StoreDriver) -> None:
    fetch = LinkedRun(definition(id="fetch"), store.file.ids.next(), (store.file.ids.next(),))
    request = with_page(store, 3, linked=(fetch,))
    waits = (RunWait(request.run_id, fetch.run_id, WaitRole.PRE),)
    store.submitted(msgspec.structs.replace(request, waits=waits))
    store.name(store.start())
    assert store.state(fetch.run_id) == "completed"
    assert store.commit(NameChildren(store.start(), Page(stored=0))).replies[0].inserted == 3


def test_a_small_fan_out_of_nothing_ends_at_once(store: StoreDriver) -> None:
    request = with_page(store, 0)
    store.submitted(request)
    assert store.state(request.run_id) == "completed"


def test_a_page_that_comes_again_after_its_run_leaves_nothing(store: StoreDriver) -> None:
    request = fan_out(store)
    page = staged(store, request, 0, [None])
    store.commit(page)
    store.submitted(request)
    store.commit(NameChildren(store.start(), Page(stored=0)))
    store.commit(page)
    assert store.value("SELECT count(*) FROM staged_page") == 0


def test_a_submit_with_a_known_key_leaves_the_pages_of_others(store: StoreDriver) -> None:
    store.submitted(fan_out(store, key="k"))
    other = fan_out(store)
    store.commit(staged(store, other, 0, [None]))
    store.submitted(fan_out(store, key="k"))
    assert store.rows("SELECT run_id FROM staged_page") == [(other.run_id,)]


# -- keys ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [(None, None, True), (None, "a", True), ("a", None, True), ("a", "a", True), ("a", "b", False)],
)
def test_a_key_is_another_requests_only_if_both_are_known_and_differ(
    store: StoreDriver, first: str | None, second: str | None, same: bool
) -> None:
    made = store.submitted(msgspec.structs.replace(store.submission(key="k"), fingerprint=first)).run_id
    (reply,) = store.commit(msgspec.structs.replace(store.submission(key="k"), fingerprint=second)).replies
    assert reply == (Submitted(made, created=False) if same else KeyTaken("k", made))


def test_runs_without_a_key_are_as_many_as_are_submitted(store: StoreDriver) -> None:
    assert store.submit() != store.submit()
    assert store.value("SELECT count(*) FROM submit_key") == 0
