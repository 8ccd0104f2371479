from typing import Any

import msgspec
import pytest

from actors.worker.crawler.config import CrawlConfig, problems


def test_the_defaults_are_those_people_know() -> None:
    config = msgspec.convert({}, CrawlConfig)

    assert (config.max_depth, config.max_pages, config.concurrency, config.rate_limit) == (2, 100, 5, 1000)
    assert config.max_attempts == 4  # three retries
    assert config.follow_links
    assert not config.allow_private_addresses
    assert problems(config) == []


def test_keys_of_real_files_are_known() -> None:
    table = {
        "start_urls": ["https://example.com"],
        "max_depth": 0,
        "follow_links": False,
        "output_tags": ["cron-test-output"],
        "extension": True,
        "url_patterns": ["*.atlassian.net/wiki/*"],
        "download_images": True,
        "detail_level": "full",
    }
    assert problems(msgspec.convert(table, CrawlConfig)) == []
    assert set(table) <= {field.name for field in msgspec.structs.fields(CrawlConfig)}


@pytest.mark.parametrize(
    ("table", "key", "sentence"),
    [
        ({"max_pages": -1}, "max_pages", "-1"),
        ({"max_depth": -2}, "max_depth", "-2"),
        ({"rate_limit": 2**31}, "rate_limit", "2147483648"),
        ({"retry_attempts": -1}, "retry_attempts", "between 0"),
        ({"request_timeout_seconds": 0}, "request_timeout_seconds", "more than 0"),
        ({"request_timeout_seconds": float("nan")}, "request_timeout_seconds", "nan"),
        ({"request_timeout_seconds": float("inf")}, "request_timeout_seconds", "inf"),
        ({"max_body_bytes": 0}, "max_body_bytes", "more than 0"),
        ({"start_urls": ["http://ok/", "ftp://h/x"]}, "start_urls[1]", "'ftp://h/x'"),
        ({"start_urls": [""]}, "start_urls[0]", "''"),
        ({"start_urls": ["example.com"]}, "start_urls[0]", "http://host/path"),
        ({"base_url": "jira"}, "base_url", "'jira'"),
        ({"include_patterns": ["ok", "("]}, "include_patterns[1]", "'('"),
        ({"exclude_patterns": ["(?!x)"]}, "exclude_patterns[0]", "'(?!x)'"),
        ({"entity_type": "users"}, "entity_type", "issues"),
        ({"detail_level": "body"}, "detail_level", "full, metadata"),
        ({"sitemap_urls": ["http://ok/", "/sitemap.xml"]}, "sitemap_urls[1]", "'/sitemap.xml'"),
    ],
)
def test_what_is_wrong_is_said_with_the_key_and_the_value(
    table: dict[str, Any], key: str, sentence: str
) -> None:
    [(found_key, found_sentence)] = problems(msgspec.convert(table, CrawlConfig))

    assert found_key == key
    assert sentence in found_sentence


def test_everything_that_is_wrong_is_said_at_once() -> None:
    config = CrawlConfig(
        max_depth=-1, start_urls=("x", "y"), include_patterns=("(",), exclude_patterns=("[",)
    )

    assert [key for key, _ in problems(config)] == [
        "max_depth",
        "start_urls[0]",
        "start_urls[1]",
        "include_patterns[0]",
        "exclude_patterns[0]",
    ]
