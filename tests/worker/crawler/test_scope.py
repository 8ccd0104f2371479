import pytest

from actors.worker.crawler.config import CrawlConfig
from actors.worker.crawler.patterns import PatternError
from actors.worker.crawler.scope import scope_of

SEEDS = ("http://a.example/start", "HTTPS://B.example:443/")


def passes(
    url: str, seeds: tuple[str, ...] = SEEDS, *, generated: str = "", **patterns: tuple[str, ...]
) -> bool:
    return scope_of(CrawlConfig(start_urls=seeds, **patterns), generated).passes(url)  # type: ignore[arg-type]


@pytest.mark.parametrize("url", ["http://a.example/x", "https://a.example/x", "https://b.example/"])
def test_links_to_the_seeds_own_origins_pass(url: str) -> None:
    assert passes(url)


@pytest.mark.parametrize(
    "url", ["http://c.example/", "http://www.a.example/", "http://a.example:8080/", "http://b.example/"]
)
def test_links_to_other_origins_do_not(url: str) -> None:
    assert not passes(url)


def test_with_an_include_pattern_it_alone_says_which_sites() -> None:
    assert passes("http://c.example/article", include_patterns=("article",))
    assert not passes("http://a.example/x", include_patterns=("article",))


def test_an_empty_include_pattern_opens_no_site() -> None:
    assert not passes("http://c.example/", include_patterns=("",))


def test_an_exclude_pattern_opens_no_site_either_and_closes_its_own() -> None:
    assert not passes("http://c.example/", exclude_patterns=("login",))
    assert not passes("http://a.example/login", exclude_patterns=("login",))
    assert not passes(
        "http://c.example/article/login", include_patterns=("article",), exclude_patterns=("login",)
    )


def test_a_generated_seed_stands_for_those_that_are_not_written() -> None:
    assert passes("http://j.example/issue/1", (), generated="http://j.example/rest/api")
    assert not passes("http://a.example/", (), generated="http://j.example/rest/api")


def test_a_seed_that_is_none_opens_nothing() -> None:
    assert not passes("http://a.example/", ("not a url",))


def test_a_bad_pattern_is_an_error() -> None:
    with pytest.raises(PatternError):
        scope_of(CrawlConfig(include_patterns=("(",)))
