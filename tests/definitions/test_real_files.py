"""The definition files of the reference system, unchanged, load as their authors meant them."""

from pathlib import Path

import pytest

from actors.job import ErrorTolerance, FailureAction, OnError
from runtime.definitions import Loaded, load_definition, load_definition_text
from tests.definitions.actions import MANAGERS

FILES = Path(__file__).parent / "files"
ALL = sorted(FILES.glob("*/*.toml"))


def loaded(name: str) -> Loaded:
    return load_definition(FILES / name, managers=MANAGERS)


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_every_real_file_loads_without_a_warning(path: Path) -> None:
    found = load_definition(path, managers=MANAGERS)

    assert (found.warnings, found.unrunnable) == ((), ())
    assert found.definition.enabled


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_line_ends_of_another_system_change_nothing(path: Path) -> None:
    unix = path.read_bytes().replace(b"\r\n", b"\n")
    windows = b"\xef\xbb\xbf" + unix.replace(b"\n", b"\r\n")

    assert (
        load_definition_text(windows, managers=MANAGERS).definition
        == load_definition_text(unix, managers=MANAGERS).definition
    )


def test_there_are_eight_real_files() -> None:
    assert len(ALL) == 8


def test_an_array_of_steps_has_its_configuration_in_a_table() -> None:
    definition = loaded("43db400/news-crawler.toml").definition

    (step,) = definition.steps
    assert (step.name, step.action, step.on_error) == ("crawl_news_sites", "crawl", OnError.FAIL)
    assert step.config["start_urls"] == ["https://stockhead.com.au/just-in", "https://www.abc.net.au/news"]
    assert (definition.timeout_seconds, definition.source_type) == (1800, "web")
    assert definition.tags == ("news", "australia", "web-content")


def test_a_flat_crawler_is_one_crawl_step() -> None:
    definition = loaded("43db400/my-custom-crawler.toml").definition

    (step,) = definition.steps
    assert (step.name, step.action, step.concurrency) == ("crawl", "crawl", 10)
    assert step.config == {
        "start_urls": ["https://mycustomsite.com"],
        "include_patterns": ["custom"],
        "exclude_patterns": [],
        "max_depth": 3,
        "max_pages": 200,
        "concurrency": 10,
        "follow_links": True,
    }


def test_an_agent_file_has_its_filter_and_its_keywords_below_one_table() -> None:
    (step,) = loaded("43db400/keyword-extractor-agent.toml").definition.steps

    assert step.config == {
        "agent_type": "keyword_extractor",
        "filter_source_type": "crawler",
        "max_keywords": 10,
    }


def test_nested_and_flat_places_files_give_the_same_request() -> None:
    (nested,) = loaded("43db400/nearby-restaurants-places.toml").definition.steps
    flat, keywords = loaded("8eb228d/nearby-restaurants-keywords.toml").definition.steps

    assert nested.config == flat.config
    assert nested.config["filter_min_rating"] == 3.5
    assert keywords.depends == ("search_nearby_restaurants",)


def test_a_crawler_without_urls_loads() -> None:
    (step,) = loaded("8eb228d/confluence-crawler.toml").definition.steps

    assert "start_urls" not in step.config
    assert step.on_error is OnError.FAIL


def test_a_scheduled_crawler_keeps_its_schedule_and_a_depth_of_zero() -> None:
    definition = loaded("8eb228d/cron-scheduler-test.toml").definition

    assert definition.schedule == "*/5 * * * *"
    assert definition.steps[0].config["max_depth"] == 0
    assert definition.steps[0].config["output_tags"] == ["cron-test-output"]


def test_the_generator_file_is_a_chain_with_an_error_tolerance() -> None:
    definition = loaded("8eb228d/test_job_generator.toml").definition

    assert [(step.name, step.depends) for step in definition.steps] == [
        ("fast_generator", ()),
        ("high_volume_generator", ("fast_generator",)),
        ("slow_generator", ("high_volume_generator",)),
        ("recursive_generator", ("slow_generator",)),
    ]
    assert definition.error_tolerance == ErrorTolerance(
        max_child_failures=100, failure_action=FailureAction.CONTINUE
    )
