"""In which form a page is kept: as Markdown, which is searched, or as the HTML that came, for a transform. Pure."""

import msgspec

from actors.worker.crawler.config import CrawlConfig
from actors.worker.crawler.fetch import Fetched
from actors.worker.crawler.media_types import Content
from actors.worker.crawler.parsed import ParsedPage, bounded
from actors.worker.crawler.revisit import fingerprint_of


class KeptBody(msgspec.Struct, frozen=True):
    """The body of a page's document, and what is equal for equal pages."""

    body: str
    media_type: str
    fingerprint: str


def kept_body(fetched: Fetched, page: ParsedPage, config: CrawlConfig) -> KeptBody:
    """What is kept of a page that was read."""
    body, media_type = page.text, "text/markdown"
    if fetched.content is not Content.PAGE:
        media_type = fetched.content_type
    elif config.keep_html and fetched.text is not None:
        body, media_type = bounded(fetched.text), "text/html"
    fingerprint = fingerprint_of(config.detail_level, page.title, body)
    return KeptBody(body if config.detail_level == "full" else "", media_type, fingerprint)
