"""What a crawl step begins with."""

from typing import Any

import msgspec
import pytest

from actors.job import JobDefinition, Page, Step, StepStart
from actors.manager.contract import ManagerContext
from actors.manager.crawl import CrawlManager
from actors.seams import ManualClock
from actors.worker.crawler_url import CrawlPage, crawler_url
from actors.worker.errors import PermanentError

START = ["http://a.example/x", "http://A.example/x#y", "https://b.example:8443"]


def named(config: dict[str, Any], *, concurrency: int = 0, **definition: Any) -> Page:
    step = Step("crawl", "crawl", config, concurrency=concurrency)
    start = StepStart(2, 1, 7, None, 1, step, JobDefinition("d", "D", (step,), **definition))
    manager = CrawlManager(ManagerContext(ManualClock(), lambda name: pytest.fail(f"asked for {name}")))
    assert manager.create_parent_job(start, start.definition, 1) == 2
    assert manager.page is not None
    return manager.page


def pages(page: Page) -> list[CrawlPage]:
    return [msgspec.json.decode(child.payload, type=CrawlPage) for child in page.children]


def test_each_seed_is_a_child_at_depth_one() -> None:
    page = named({"start_urls": START})

    assert pages(page) == [CrawlPage("http://a.example/x"), CrawlPage("https://b.example:8443/")]
    assert [child.unique_key for child in page.children] == ["http://a.example/x", "https://b.example:8443/"]
    assert {child.depth for child in page.children} == {1}
    assert {child.type for child in page.children} == {crawler_url.worker_type}
    assert page.next_cursor is None


def test_the_limits_of_the_step_go_with_the_page() -> None:
    page = named({"start_urls": START, "max_pages": 7, "concurrency": 3})

    assert (page.max_children, page.concurrency) == (7, 3)


def test_no_limit_of_pages_is_no_limit() -> None:
    assert named({"start_urls": START, "max_pages": 0}).max_children == 0


def test_a_limit_of_the_step_itself_is_stronger() -> None:
    assert named({"start_urls": START}, concurrency=50).concurrency == 50


def test_each_host_has_a_rate_of_its_own() -> None:
    page = named({"start_urls": START, "rate_limit": 250})

    assert [(child.rate_key, child.rate_ms) for child in page.children] == [
        ("a.example", 250),
        ("b.example:8443", 250),
    ]


def test_no_rate_is_no_rate() -> None:
    child = named({"start_urls": START, "rate_limit": 0}).children[0]

    assert (child.rate_key, child.rate_ms) == ("", 0)


def test_three_retries_are_four_attempts() -> None:
    child = named({"start_urls": START, "retry_attempts": 3, "retry_backoff": 500}).children[0]

    assert (child.max_attempts, child.backoff_ms) == (4, 500)


def test_a_seed_that_follows_from_the_definition_is_handed_on() -> None:
    page = named({}, source_type="jira", base_url="https://jira.example")

    url = "https://jira.example/rest/api/2/search"
    assert pages(page) == [CrawlPage(url, source_type="jira", seed=url)]


def test_a_step_without_a_seed_ends_for_good_and_says_what_to_add() -> None:
    with pytest.raises(PermanentError, match=r"step 'crawl': there is no URL to begin with: add start_urls"):
        named({"max_depth": 1})


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"start_urls": START, "include_patterns": ["("]}, r"include_patterns\[0\]: '\('"),
        ({"start_urls": START, "max_pages": -1}, "max_pages: must be between 0"),
        ({"start_urls": ["http://ok/", "nope"]}, r"start_urls\[1\]: 'nope'"),
        ({"start_urls": "http://a.example/"}, "Expected `array`"),
        ({"start_urls": START, "max_depth": "2"}, "Expected `int`"),
    ],
)
def test_a_step_made_in_code_is_checked_as_a_file_is(config: dict[str, Any], sentence: str) -> None:
    with pytest.raises(PermanentError, match=sentence):
        named(config)


def test_what_is_wrong_with_a_step_is_known_before_it_runs() -> None:
    step = Step("crawl", "crawl", {"start_urls": ["x"], "exclude_patterns": ["ok", "("]})

    assert [key for key, _ in CrawlManager.problems(step)] == ["start_urls[0]", "exclude_patterns[1]"]


def test_a_step_that_gets_its_url_later_is_not_wrong() -> None:
    assert CrawlManager.problems(Step("crawl", "crawl", {"extension": True})) == []
