"""The first URLs of a crawl: those that are written, else those that follow from the system it reads. Pure."""

import msgspec

from actors.worker.crawler.config import CrawlConfig
from actors.worker.crawler.urls import normalise

DEFAULT_SOURCE_TYPE = "web"

_JIRA = {"projects": "/rest/api/2/project", "issues": "/rest/api/2/search"}
_CONFLUENCE = {"spaces": "/rest/api/space", "pages": "/rest/api/content"}
_PATHS = {
    # by source type: the path of each entity type, and of those that are not named
    "jira": (_JIRA, "issues", "/rest/api/2/project"),
    "confluence": (_CONFLUENCE, "pages", "/rest/api/space"),
}


class Seeds(msgspec.Struct, frozen=True):
    """Where a crawl begins. ``generated`` = they were not written in the step."""

    urls: tuple[str, ...]
    generated: bool = False


class NoSeedError(ValueError):
    """There is nothing to begin with, or what there is can not be crawled."""


def source_type_of(config: CrawlConfig, source_type: str = "") -> str:
    """The kind of a step's documents: the step's, else the definition's, else web."""
    return config.source_type or source_type or DEFAULT_SOURCE_TYPE


def seeds_of(config: CrawlConfig, *, source_type: str = "", base_url: str = "") -> Seeds:
    """The normalised seeds of a step, each once.

    Args:
        config: the step's configuration.
        source_type: the definition's.
        base_url: the definition's.

    Raises:
        NoSeedError: there is none; the message says which key to add or to mend.
    """
    if config.start_urls:
        return Seeds(tuple(dict.fromkeys(_normal(url, "start_urls") for url in config.start_urls)))
    base = config.base_url or base_url
    if not base:
        raise NoSeedError(_nothing(config))
    base = _normal(base, "base_url")
    system = _PATHS.get(source_type_of(config, source_type))
    if system is None:
        return Seeds((base,), generated=True)
    paths, default, other = system
    path = paths.get(config.entity_type or default, other)
    return Seeds((_normal(base.rstrip("/") + path, "base_url"),), generated=True)


def _normal(url: str, key: str) -> str:
    normal = normalise(url)
    if normal is None:
        raise NoSeedError(
            f"{key}: {url[:200]!r} can not be crawled: write it as http://host/path or https://host/path"
        )
    return normal


def _nothing(config: CrawlConfig) -> str:
    text = 'there is no URL to begin with: add start_urls = ["https://host/path"] to the step'
    if config.extension:
        return text + "; extension = true means that a browser extension supplies it when the step is run"
    return text + ', or base_url = "https://host/" to the definition'
