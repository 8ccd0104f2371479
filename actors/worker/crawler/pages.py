"""The job of one page: what it is given, what it gives back, how it is run."""

from typing import Any

import msgspec

from actors.worker.crawler.config import CrawlConfig
from actors.worker.crawler.urls import host

WORKER_TYPE = "crawler_url"
SEED_DEPTH = 1


class CrawlPage(msgspec.Struct, frozen=True, omit_defaults=True):
    """The page to read. What is not of the page itself is handed on from page to page."""

    url: str
    source_type: str = ""  # the definition's, where that is not the step's
    seed: str = ""  # the seed, where the step names none
    redirects: int = 0  # that led here, one behind the other
    auth_id: str = ""  # the definition's, where that is not the step's
    via: str = ""  # the page whose redirect, with the cookies it sets, leads here
    lastmod: str = ""  # what a sitemap says of it


class CrawledPage(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was found. ``document`` is false for a redirect, for what is not text and for what was skipped."""

    status: int  # 0 = it was not asked for
    title: str
    links_found: int  # ≥ links_passed ≥ links_followed
    links_passed: int  # the patterns
    links_followed: int  # each a job, unless there is one of that URL already
    document: bool
    content_type: str = ""
    location: str = ""  # where the redirect leads, normalised
    links_skipped: int = 0  # passed and not followed: too deep, or disallowed by robots.txt
    change: str = ""  # of the document: new, changed, unchanged
    skipped: str = ""  # why the page was not read at all


def page_fields(url: str, config: CrawlConfig, depth: int, *, crawl_delay_ms: int = 0) -> dict[str, Any]:
    """How the job of a page is run: once per URL, shallow ones first, no faster than its host is to be asked."""
    rate_ms = max(config.rate_limit, crawl_delay_ms)
    return {
        "name": url,
        "unique_key": url,
        "depth": depth,
        "rate_key": host(url) if rate_ms else "",
        "rate_ms": rate_ms,
        "max_attempts": config.max_attempts,
    }


def handed_on(page: CrawlPage, url: str, **fields: Any) -> CrawlPage:
    """The page of a link found on another."""
    fresh = {"redirects": 0, "via": "", "lastmod": ""}
    return msgspec.structs.replace(page, url=url, **{**fresh, **fields})
