import pytest

from actors.worker.crawler.config import CrawlConfig
from actors.worker.crawler.seeds import NoSeedError, Seeds, seeds_of, source_type_of


def test_seeds_that_are_written_are_normalised_and_taken_once() -> None:
    config = CrawlConfig(start_urls=("HTTP://a.example", "http://a.example/#top", "http://b.example/x"))

    assert seeds_of(config, base_url="http://c.example/") == Seeds(
        ("http://a.example/", "http://b.example/x")
    )


@pytest.mark.parametrize(
    ("source_type", "entity_type", "url"),
    [
        ("jira", "", "https://h/rest/api/2/search"),
        ("jira", "issues", "https://h/rest/api/2/search"),
        ("jira", "projects", "https://h/rest/api/2/project"),
        ("jira", "all", "https://h/rest/api/2/project"),
        ("confluence", "", "https://h/rest/api/content"),
        ("confluence", "pages", "https://h/rest/api/content"),
        ("confluence", "spaces", "https://h/rest/api/space"),
        ("confluence", "all", "https://h/rest/api/space"),
        ("github", "", "https://h/"),
        ("web", "all", "https://h/"),
        ("", "", "https://h/"),
    ],
)
def test_without_any_the_seed_follows_from_the_system(source_type: str, entity_type: str, url: str) -> None:
    config = CrawlConfig(entity_type=entity_type)

    assert seeds_of(config, source_type=source_type, base_url="https://h/") == Seeds((url,), generated=True)


def test_a_system_may_stand_below_a_path() -> None:
    config = CrawlConfig(source_type="confluence", base_url="https://h/wiki")

    assert seeds_of(config).urls == ("https://h/wiki/rest/api/content",)


def test_what_the_step_says_is_stronger_than_the_definition() -> None:
    config = CrawlConfig(source_type="jira", base_url="https://mine/")

    assert seeds_of(config, source_type="confluence", base_url="https://other/").urls == (
        "https://mine/rest/api/2/search",
    )


@pytest.mark.parametrize(
    ("config", "base_url", "sentence"),
    [
        (CrawlConfig(), "", r"add start_urls = \[.*base_url"),
        (CrawlConfig(extension=True, url_patterns=("*.x/*",)), "", "browser extension"),
        (CrawlConfig(), "jira", "base_url: 'jira' can not be crawled"),
        (CrawlConfig(start_urls=("",)), "http://h/", "start_urls: '' can not be crawled"),
    ],
)
def test_there_is_never_an_empty_seed(config: CrawlConfig, base_url: str, sentence: str) -> None:
    with pytest.raises(NoSeedError, match=sentence):
        seeds_of(config, base_url=base_url)


def test_documents_are_of_the_steps_kind_or_the_definitions_or_of_the_web() -> None:
    assert source_type_of(CrawlConfig(source_type="jira"), "github") == "jira"
    assert source_type_of(CrawlConfig(), "github") == "github"
    assert source_type_of(CrawlConfig()) == "web"
