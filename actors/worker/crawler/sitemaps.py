"""The job that reads sitemaps: what it is given, what it gives back, and which ones a crawl has. Pure.

One job reads a file with all that it names, so that an index of a hundred files takes none of a crawl's pages.
"""

import msgspec

from actors.worker.crawler.config import CrawlConfig
from actors.worker.crawler.pages import CrawlPage
from actors.worker.crawler.urls import normalise, origin

SITEMAP_WORKER_TYPE = "crawler_sitemap"
SITEMAP_DEPTH = 0
"""In front of the seeds: a page that a sitemap names has their depth."""
MAX_SITEMAP_FILES = 100
"""Read by one job."""


class CrawlSitemap(msgspec.Struct, frozen=True, omit_defaults=True):
    """A sitemap to read, or a site to find the sitemaps of."""

    url: str
    find: bool = False  # the URL is a site's: its robots.txt names them, else there may be a /sitemap.xml
    page: CrawlPage = CrawlPage("")  # what is handed on to the pages


class ReadSitemaps(msgspec.Struct, frozen=True, omit_defaults=True):
    """What was found."""

    files: int  # that were read
    urls_found: int  # ≥ urls_passed ≥ urls_followed
    urls_passed: int  # the patterns
    urls_followed: int
    failed: tuple[str, ...] = ()  # files that could not be read


def sitemaps_of(config: CrawlConfig, seeds: tuple[str, ...]) -> list[CrawlSitemap]:
    """The sitemaps of a step, each once: those it names, and the sites to look for more."""
    named = [CrawlSitemap(url) for text in config.sitemap_urls if (url := normalise(text)) is not None]
    sites = [CrawlSitemap(f"{each}/", find=True) for each in map(origin, seeds)] if config.sitemap else []
    return list(dict.fromkeys((*named, *sites)))
