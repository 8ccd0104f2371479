"""Steps whose condition is judged in the commit that lets them start."""

from actors.job import JobDefinition, OnError, Step
from runtime.store.reading.reader import StoreReader
from tests.store.driver import StoreDriver, definition, spec, specs, step
from tests.store.test_ends import let_run
from tests.store.test_settle import document


def behind(condition: str, *further: Step, **options: object) -> JobDefinition:
    return definition(
        step("crawl", on_error=OnError.CONTINUE),
        step("index", depends=("crawl",), condition=condition),
        *further,
        **options,
    )


def test_a_step_whose_condition_holds_runs(store: StoreDriver) -> None:
    run_id = store.submit(behind('crawl.completed == 1 and crawl.state == "completed"'))
    assert list(let_run(store)) == ["crawl", "index"]
    assert store.states(run_id) == ["completed", "completed"]


def test_a_step_whose_condition_is_false_ends_completed_as_skipped_and_says_why(store: StoreDriver) -> None:
    run_id = store.submit(behind("crawl.failed == 0"))
    assert list(let_run(store, crawl="failed")) == ["crawl"]
    index = store.steps(run_id)["index"]
    assert store.state(index) == "completed"
    assert (
        store.column("error", index) == "skipped: condition 'crawl.failed == 0' is false (crawl.failed = 1)"
    )
    assert store.status_events(index) == ["pending", "completed"]
    assert store.state(run_id) == "completed_with_failures"


def test_a_condition_without_values_is_said_without_them(store: StoreDriver) -> None:
    run_id = store.submit(definition(step(condition="2 < 1")))
    assert store.column("error", store.steps(run_id)["only"]) == "skipped: condition '2 < 1' is false"


def test_that_a_skipped_step_has_no_children_is_final(store: StoreDriver) -> None:
    run_id = store.submit(definition(step(condition="2 < 1")))
    reader = StoreReader(store.path)
    shown = reader.job(store.steps(run_id)["only"])
    reader.close()
    assert shown is not None
    assert shown["progress"]["total_final"]


def test_it_is_judged_in_the_commit_that_ends_what_it_waits_for(store: StoreDriver) -> None:
    run_id = store.run_with(*specs(2), of=behind("crawl.completed > 2"))
    first, last = store.lease()
    store.complete(first)
    assert store.states(run_id) == ["running", "pending"]
    store.complete(last)
    assert store.states(run_id) == ["completed", "completed"]
    assert store.state(run_id) == "completed"


def test_those_behind_a_skipped_step_start_and_can_ask_whether_it_was(store: StoreDriver) -> None:
    run_id = store.submit(
        behind(
            "crawl.total > 1",
            step("report", depends=("index",), condition="index.skipped and crawl.total == 1"),
            step("never", depends=("report",), condition="not index.skipped"),
        )
    )
    assert list(let_run(store)) == ["crawl", "report"]
    assert store.states(run_id) == ["completed"] * 4


def test_a_long_chain_of_skipped_steps_ends_in_one_commit(store: StoreDriver) -> None:
    chain = [
        step(f"s{number}", depends=(f"s{number - 1}",), condition="s0.failed > 0") for number in range(1, 900)
    ]
    run_id = store.submit(definition(step("s0"), *chain))
    let_run(store)
    assert set(store.states(run_id)) == {"completed"}
    assert store.state(run_id) == "completed"


def test_variables_and_tags_of_the_definition_can_be_asked(store: StoreDriver) -> None:
    run_id = store.submit(
        behind('crawl.total >= config.least and "daily" in tags', variables={"least": 2}, tags=("daily",))
    )
    let_run(store)
    error = store.column("error", store.steps(run_id)["index"])
    assert error.endswith("is false (crawl.total = 1, config.least = 2, tags = ['daily'])")


def test_documents_saved_by_the_last_attempt_count(store: StoreDriver) -> None:
    run_id = store.run_with(spec(), of=behind("crawl.documents == 2"))
    (job,) = store.lease()
    store.settle(store.attempt(job, documents=(document("a"), document("b"))))
    assert store.states(run_id) == ["completed", "pending"]
    assert store.start().step.name == "index"


def test_a_condition_that_can_not_be_evaluated_fails_the_step_with_the_reason(store: StoreDriver) -> None:
    run_id = store.submit(behind("crawl.failed / crawl.total > 0.5"))
    let_run(store, crawl="no children")
    assert store.states(run_id) == ["completed", "failed"]
    assert store.column("error", store.steps(run_id)["index"]) == (
        "condition 'crawl.failed / crawl.total > 0.5' can not be evaluated:"
        " division by zero (crawl.failed = 0, crawl.total = 0)"
    )
    assert store.state(run_id) == "failed"


def test_a_condition_that_no_one_has_checked_fails_the_step(store: StoreDriver) -> None:
    for condition in ("nonsense(", "absent.failed == 0", 'crawl.failed < "x"'):
        run_id = store.submit(behind(condition))
        let_run(store)
        assert store.states(run_id) == ["completed", "failed"]


def test_the_condition_of_a_first_step_is_judged_with_the_submit(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("only", condition='"daily" in tags')))
    assert store.states(run_id) == ["completed"]
    assert store.state(run_id) == "completed"


def test_a_step_that_is_not_enabled_is_not_asked_for_its_condition(store: StoreDriver) -> None:
    run_id = store.submit(definition(step("only", condition="nonsense(", enabled=False)))
    assert store.column("error", store.steps(run_id)["only"]) == "skipped: the step is not enabled"
