"""The configuration of a crawl step, and what can be wrong with one beyond its types."""

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from actors.worker.crawler.patterns import PatternError, compiled
from actors.worker.crawler.urls import normalise

MEBIBYTE = 1024 * 1024
MAX_PAGE_BYTES = 2 * MEBIBYTE
"""What of a page is kept and parsed, however much of it was read."""
MAX_LINKS = 10_000
"""Links kept of one page."""


class CrawlerSettings(msgspec.Struct, frozen=True):
    """``[workers.crawler_url]``: what holds for every crawl of the runtime."""

    allow_private_addresses: bool = False
    """Addresses that are not of the internet may be crawled, whatever the step says."""
    user_agent: str = ""
    """How the crawler introduces itself, to servers and to robots.txt; empty = as Quaero with its version."""

    browser_path: str = ""
    """The browser for `render = "browser"`; empty = Chromium or Chrome, as the system has it."""
    browser_pages: Annotated[int, Meta(ge=1, le=64)] = 4
    """Pages in the browser at once: each is a process of its own."""

    def __post_init__(self) -> None:
        """Refuse what can not stand in a header.

        Raises:
            ValueError: the user agent has other than printable ASCII characters.
        """
        if not (self.user_agent.isascii() and (self.user_agent.isprintable())):
            raise ValueError("user_agent must be a text of printable ASCII characters")


class CrawlConfig(msgspec.Struct, frozen=True, omit_defaults=True):
    """What to crawl and how. Keys that are not here are warned of when the definition is loaded."""

    # Where the crawl begins and ends
    start_urls: tuple[str, ...] = ()
    """The first pages, at depth 1. Without any, the seeds follow from ``base_url`` and ``source_type``."""
    max_depth: int = 2
    """Depth of the last pages that are read; 0 and 1 read the seeds alone."""
    max_pages: int = 100
    """Pages the step admits altogether; a page and the redirects to it are one. 0 = no limit."""
    follow_links: bool = True
    """Whether links of a page are followed at all."""
    include_patterns: tuple[str, ...] = ()
    """Regular expressions (RE2), found anywhere in the URL; with one, links of other sites may be followed too."""
    exclude_patterns: tuple[str, ...] = ()
    """URLs in which one of these is found are not followed."""

    sitemap: bool = False
    """Whether the sitemaps of the seeds' sites are read too: those of robots.txt, else /sitemap.xml."""
    sitemap_urls: tuple[str, ...] = ()
    """Sitemaps to read: XML, an index of others, or lines of text; packed by gzip or not."""

    # How servers are treated
    concurrency: int = 5
    """Pages read at once; 0 = as many as the worker type has slots."""
    rate_limit: int = 1000
    """Milliseconds between two requests to one host; 0 = no limit."""
    retry_attempts: int = 3
    """Further attempts after 408, 425, 429, 5xx and network errors; 3 means four attempts altogether."""
    retry_backoff: int = 1000
    """Milliseconds before the second attempt; doubled for each further one."""
    request_timeout_seconds: float = 30.0
    """Time for one request, from the connection to the last byte."""
    max_body_bytes: int = 10 * MEBIBYTE
    """Decoded bytes of a body that are read; the connection is closed when there are more."""
    allow_private_addresses: bool = False
    """Whether loopback, private and other addresses that are not of the internet may be connected to."""
    respect_robots: bool = True
    """Whether robots.txt is asked for and kept to: what it disallows is skipped, its Crawl-delay is waited for."""
    auth_id: str = ""
    """The auth record to log in with, as `quaero auth add` names it; empty = the definition's."""

    # What becomes of the pages
    source_type: str = ""
    """Kind of the documents: web, jira, confluence, github; empty = the definition's, or web."""
    keep_html: bool = False
    """Whether HTML pages are kept as they came, for a ``transform`` step, instead of as Markdown."""
    output_tags: tuple[str, ...] = ()
    """Tags of the documents, beside those of the definition."""
    base_url: str = ""
    """Address of the system ``source_type`` names; empty = the definition's."""
    entity_type: str = ""
    """What to seed from such a system: projects, issues, spaces, pages, all; empty = by source type."""

    detail_level: str = "full"
    """What is kept of a page: full, or metadata, which keeps no text."""
    render: Literal["none", "browser"] = "none"
    """Whether pages are rendered by a browser before they are read: `browser`, for pages that scripts make."""
    main_content: bool = True
    """Whether the text is that of the page's main part, where it marks one; links are taken from the whole page."""
    refresh_source: bool = False
    """Whether pages that were crawled before are asked for whole, and not only if they have changed."""

    # Carried by real files, read by other parts or by nothing
    download_images: bool = False
    """Images stay links."""
    extension: bool = False
    """A browser extension supplies the URL when the definition is run."""
    url_patterns: tuple[str, ...] = ()
    """Which pages the extension offers the definition for (``*`` is a wildcard)."""
    wait_for_completion: bool = True
    """Accepted for older files: a step ends when all its pages have."""

    @property
    def max_attempts(self) -> int:
        """Attempts of one page altogether."""
        return self.retry_attempts + 1


_NOT_NEGATIVE = ("max_depth", "max_pages", "concurrency", "rate_limit", "retry_attempts", "retry_backoff")
_POSITIVE = ("request_timeout_seconds", "max_body_bytes")
_ENTITY_TYPES = frozenset({"", "all", "projects", "issues", "spaces", "pages"})
DETAIL_LEVELS = ("full", "metadata")
_LARGEST = 2**31 - 1  # beyond it a number is a slip of the pen, and timers overflow


def problems(config: CrawlConfig) -> list[tuple[str, str]]:
    """What is wrong with a configuration: pairs of the key (``start_urls[0]`` in a list) and a sentence. [] = nothing.

    That there is no seed is not among them: a file may get its URL when it is run.
    """
    return [*_wrong_numbers(config), *_wrong_urls(config), *_wrong_patterns(config), *_wrong_names(config)]


def _wrong_numbers(config: CrawlConfig) -> Iterator[tuple[str, str]]:
    for key in _NOT_NEGATIVE:
        value = getattr(config, key)
        if not 0 <= value <= _LARGEST:
            yield key, f"must be between 0 and {_LARGEST}, got {value}"
    for key in _POSITIVE:
        value = getattr(config, key)
        if not 0 < value <= _LARGEST:  # NaN is not either
            yield key, f"must be more than 0 and at most {_LARGEST}, got {value}"


def _wrong_urls(config: CrawlConfig) -> Iterator[tuple[str, str]]:
    named = [(f"start_urls[{number}]", url) for number, url in enumerate(config.start_urls)]
    named += [(f"sitemap_urls[{number}]", url) for number, url in enumerate(config.sitemap_urls)]
    if config.base_url:
        named.append(("base_url", config.base_url))
    for key, url in named:
        if normalise(url) is None:
            yield key, f"{url[:200]!r} can not be crawled: write it as http://host/path or https://host/path"


def _wrong_patterns(config: CrawlConfig) -> Iterator[tuple[str, str]]:
    for key in ("include_patterns", "exclude_patterns"):
        for number, pattern in enumerate(getattr(config, key)):
            try:
                compiled(pattern)
            except PatternError as error:
                yield f"{key}[{number}]", str(error)


def _wrong_names(config: CrawlConfig) -> Iterator[tuple[str, str]]:
    if config.entity_type not in _ENTITY_TYPES:
        known = ", ".join(sorted(_ENTITY_TYPES - {""}))
        yield "entity_type", f"{config.entity_type[:80]!r} is no entity type: use one of {known}"
    if config.detail_level not in DETAIL_LEVELS:
        known = ", ".join(DETAIL_LEVELS)
        yield "detail_level", f"{config.detail_level[:80]!r} is no detail level: use one of {known}"
