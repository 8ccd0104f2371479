"""What a loaded definition is: the shapes, the defaults, the order of steps."""

import time

from actors.job import ErrorTolerance, JobDefinition, OnError
from runtime.definitions import Loaded, load_definition_text
from tests.definitions.actions import MANAGERS
from tests.machine import slowness

TOP = 'id = "docs"\nname = "Docs"\n'


def load(text: str) -> Loaded:
    return load_definition_text(TOP + text, managers=MANAGERS, file="docs.toml")


def definition_of(text: str) -> JobDefinition:
    return load(text).definition


def depends_of(text: str) -> dict[str, tuple[str, ...]]:
    return {step.name: step.depends for step in definition_of(text).steps}


def test_a_native_definition_loads_as_design_shows_it() -> None:
    definition = load_definition_text(
        """
        id = "docs"
        name = "Crawl the docs and extract keywords"
        tags = ["docs"]
        timeout = "30m"
        schedule = "0 3 * * *"

        [error_tolerance]
        max_failure_ratio = 0.05
        failure_action = "stop_all"

        [step.crawl]
        action = "crawl"
        start_urls = ["https://docs.example.com/"]
        max_depth = 3
        max_pages = 500

        [step.keywords]
        action = "agent"
        depends = ["crawl"]
        agent_type = "keyword_extractor"
        on_error = "continue"
        """,
        managers=MANAGERS,
    ).definition

    crawl, keywords = definition.steps
    assert (definition.id, definition.tags, definition.timeout_seconds) == ("docs", ("docs",), 1800)
    assert definition.error_tolerance == ErrorTolerance(max_failure_ratio=0.05)
    assert crawl.config == {"start_urls": ["https://docs.example.com/"], "max_depth": 3, "max_pages": 500}
    assert (crawl.on_error, crawl.depends, crawl.enabled) == (OnError.FAIL, (), True)
    assert (keywords.on_error, keywords.depends) == (OnError.CONTINUE, ("crawl",))


def test_a_step_with_a_type_goes_on_after_an_error_unless_it_says_otherwise() -> None:
    steps = definition_of(
        '[step.a]\ntype = "crawler"\n[step.b]\ntype = "crawler"\non_error = "fatal"\n[step.c]\naction = "crawl"\n'
    ).steps

    assert [step.on_error for step in steps] == [OnError.CONTINUE, OnError.FAIL, OnError.FAIL]
    assert {step.action for step in steps} == {"crawl"}


def test_an_empty_on_error_in_an_array_of_steps_means_fail() -> None:
    (step,) = definition_of('[[steps]]\nname = "a"\naction = "crawl"\non_error = ""\n').steps

    assert step.on_error is OnError.FAIL


def test_crawler_keys_at_the_top_belong_to_the_only_crawl_step_whose_own_keys_win() -> None:
    (step,) = definition_of(
        'start_urls = ["https://a.example"]\nmax_pages = 100\n'
        '[[steps]]\nname = "a"\naction = "crawl"\nconfig = { max_pages = 1, max_depth = 1 }\n'
    ).steps

    assert step.config == {"start_urls": ["https://a.example"], "max_pages": 1, "max_depth": 1}


def test_crawler_keys_at_the_top_of_a_file_with_two_crawl_steps_are_warned_of() -> None:
    found = load('max_pages = 100\n[step.a]\naction = "crawl"\n[step.b]\naction = "crawl"\n')

    assert [str(each) for each in found.warnings] == [
        "docs.toml:3: max_pages has no effect at the file's top, which has 2 crawl steps; write it in a step"
    ]


def test_steps_without_any_dependency_follow_each_other() -> None:
    steps = "".join(f'[step.{name}]\naction = "crawl"\n' for name in "abc")

    assert depends_of(steps) == {"a": (), "b": ("a",), "c": ("b",)}


def test_one_dependency_makes_the_steps_a_graph_in_the_order_it_wants() -> None:
    found = depends_of(
        '[step.a]\naction = "crawl"\ndepends = "c, b ,"\n[step.b]\naction = "crawl"\n[step.c]\naction = "crawl"\n'
    )

    assert found == {"b": (), "c": (), "a": ("c", "b")}
    assert list(found) == ["b", "c", "a"]


def test_a_limit_of_jobs_is_a_setting_of_the_action_or_of_the_step() -> None:
    crawl, default, agent = definition_of(
        '[step.a]\naction = "crawl"\nconcurrency = 7\n[step.b]\naction = "crawl"\n'
        '[step.c]\naction = "agent"\nagent_type = "x"\nconcurrency = 3\n'
    ).steps

    assert (crawl.concurrency, crawl.config) == (7, {"concurrency": 7})
    assert default.concurrency == 5
    assert (agent.concurrency, agent.config) == (3, {"agent_type": "x"})


def test_a_condition_may_name_any_step_that_its_own_waits_for() -> None:
    text = '[step.a]\naction = "crawl"\n[step.b]\naction = "crawl"\n[step.c]\naction = "crawl"\n'
    step = definition_of(
        text + 'condition = "a.failed == 0 and b.completed > config.x"\n[config]\nx = 2\n'
    ).steps[2]
    assert step.condition == "a.failed == 0 and b.completed > config.x"


def test_an_empty_condition_is_none() -> None:
    assert definition_of('[step.a]\naction = "crawl"\ncondition = " "\n').steps[0].condition is None


def test_a_step_may_have_limits_of_its_own() -> None:
    (step,) = definition_of(
        '[step.a]\naction = "crawl"\ntimeout = "90s"\nmax_retries = 5\nenabled = false\ncondition = "1 < 2"\n'
        "[step.a.error_tolerance]\nmax_child_failures = 2\n"
    ).steps

    assert (step.timeout_seconds, step.max_retries, step.enabled, step.condition) == (90, 5, False, "1 < 2")
    assert step.error_tolerance == ErrorTolerance(max_child_failures=2)
    assert step.config == {}


def test_the_waits_of_a_step_that_tries_again_are_durations() -> None:
    (step,) = definition_of(
        '[step.a]\naction = "crawl"\non_error = "retry"\nmax_retries = 5\ninitial_backoff = 2\nmax_backoff = "1m"\n'
        "backoff_multiplier = 3\n"
    ).steps

    waits = (step.initial_backoff_seconds, step.max_backoff_seconds, step.backoff_multiplier)
    assert (step.max_retries, *waits) == (5, 2, 60, 3)


def test_variables_are_filled_in_before_types_are_judged() -> None:
    definition = definition_of(
        '[config]\ndepth = 4\nhost = "a.example"\n'
        '[step.a]\naction = "crawl"\nmax_depth = "{config.depth}"\nstart_urls = ["https://{config.host}/"]\n'
    )

    assert definition.steps[0].config == {"max_depth": 4, "start_urls": ["https://a.example/"]}
    assert definition.variables == {"depth": 4, "host": "a.example"}


def test_a_number_without_fraction_is_kept_as_an_integer() -> None:
    assert definition_of('[step.a]\naction = "crawl"\nmax_depth = 3.0\n').steps[0].config == {"max_depth": 3}


def test_keys_that_real_files_have_without_meaning_are_accepted_in_silence() -> None:
    found = load(
        'type = "crawler"\njob_type = "user"\nextension = true\nurl_patterns = ["*"]\nauthentication = {}\n'
        '[meta]\nauthor = "x"\nyear = 2026-01-01\n[step.a]\ntype = "crawler"\nalways_run = false\n'
    )

    assert found.warnings == ()


def test_an_action_without_a_manager_loads_and_is_named_as_not_to_be_run() -> None:
    found = load('[step.a]\naction = "crawll"\nanything = [1, 2]\nwhen = 2026-01-01\n')

    assert [str(each) for each in found.unrunnable] == [
        'docs.toml:4: step "a": no manager carries out "crawll"; did you mean "crawl"?'
    ]
    assert found.definition.steps[0].config == {"anything": [1, 2], "when": "2026-01-01"}


def test_a_thousand_steps_load_within_two_seconds_of_computing() -> None:
    text = "".join(
        f'[step.s{number}]\naction = "crawl"\ndepends = ["s{max(0, number - 1)}"]\n'
        for number in range(1, 1000)
    )
    started = time.thread_time()
    definition = definition_of('[step.s0]\naction = "crawl"\n' + text)

    assert len(definition.steps) == 1000
    assert time.thread_time() - started < 2 * slowness()
