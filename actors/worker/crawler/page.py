"""What a page says: title, metadata, links and text. Pure, and bounded whatever the page is.

Small pages take a millisecond or two, the largest and worst made a few seconds; the two libraries let go of the
interpreter lock while they work.
"""

from typing import Any

from selectolax.lexbor import LexborHTMLParser

from actors.worker.crawler.config import MAX_LINKS, MAX_PAGE_BYTES
from actors.worker.crawler.defuse import defuse
from actors.worker.crawler.links import base_url, canonical, links
from actors.worker.crawler.main_content import AROUND, main_part
from actors.worker.crawler.markdown import to_markdown
from actors.worker.crawler.parsed import PageError, ParsedPage

MAX_TITLE_LENGTH = 500
MAX_VALUE_LENGTH = 2000
MAX_VALUES = 50

_COUNTED = {
    "headings": "h1, h2, h3, h4, h5, h6",
    "paragraphs": "p",
    "links": "a[href]",
    "images": "img",
}


def parse(html: str, url: str, *, main_content: bool = False) -> ParsedPage:
    """Parse a page, or as much of it as ``MAX_PAGE_BYTES``.

    Args:
        html: the page's text.
        url: its normalised URL.
        main_content: its text is that of its main part.

    Raises:
        PageError: one of the libraries gave up on it.
    """
    try:
        harmless = defuse(html[:MAX_PAGE_BYTES])
        tree = LexborHTMLParser(harmless)
        base = base_url(tree, url)
        found = links(tree, base)
        return ParsedPage(
            title=_title(tree) or url,
            text=_main_text(tree, harmless, url, base) if main_content else to_markdown(harmless, url),
            links=found[:MAX_LINKS],
            too_many_links=len(found) > MAX_LINKS,
            metadata=_metadata(tree, base),
        )
    except Exception as error:
        raise PageError(f"{url} can not be parsed: {type(error).__name__}: {error}") from error


def _main_text(tree: LexborHTMLParser, html: str, url: str, base: str) -> str:
    part = main_part(tree)
    text = to_markdown(part, base) if part is not None else to_markdown(html, url, AROUND)
    return text or to_markdown(html, url)


def _title(tree: LexborHTMLParser) -> str:
    candidates = (
        _text(tree, "title"),
        _content(tree, 'meta[property="og:title" i]'),
        _text(tree, "h1"),
        _content(tree, 'meta[name="twitter:title" i]'),
    )
    return next((each[:MAX_TITLE_LENGTH] for each in candidates if each), "")


def _metadata(tree: LexborHTMLParser, base: str) -> dict[str, Any]:
    """What is there of description, keywords, language, author, canonical URL and cards, and how much of what."""
    keywords = _content(tree, 'meta[name="keywords" i]').split(",")
    said = {
        "description": _content(tree, 'meta[name="description" i]'),
        "keywords": [word for each in keywords[:MAX_VALUES] if (word := each.strip())],
        "language": _language(tree),
        "author": _content(tree, 'meta[name="author" i]'),
        "canonical_url": canonical(tree, base),
        "open_graph": _named(tree, "property", "og:"),
        "twitter_card": _named(tree, "name", "twitter:") or _named(tree, "property", "twitter:"),
    }
    # None takes out what an earlier crawl has found and this one has not.
    metadata: dict[str, Any] = {key: value or None for key, value in said.items()}
    metadata |= {f"{name}_count": len(tree.css(selector)) for name, selector in _COUNTED.items()}
    words = (tree.body.text(separator=" ") if tree.body is not None else "").split()
    metadata["word_count"] = len(words)
    metadata["text_length"] = sum(map(len, words)) + max(len(words) - 1, 0)
    return metadata


def _language(tree: LexborHTMLParser) -> str:
    node = tree.css_first("html")
    stated = node.attributes.get("lang") if node is not None else None
    return _short(stated) or _content(tree, 'meta[http-equiv="content-language" i]')


def _named(tree: LexborHTMLParser, attribute: str, prefix: str) -> dict[str, str]:
    """The ``meta`` elements of one vocabulary, by name without the prefix; the first of a name counts."""
    found: dict[str, str] = {}
    for node in tree.css(f'meta[{attribute}^="{prefix}" i]'):
        name = _short(node.attributes.get(attribute))[len(prefix) :].lower()
        value = _short(node.attributes.get("content"))
        if name and value and len(found) < MAX_VALUES:
            found.setdefault(name, value)
    return found


def _content(tree: LexborHTMLParser, selector: str) -> str:
    return next((text for node in tree.css(selector) if (text := _short(node.attributes.get("content")))), "")


def _text(tree: LexborHTMLParser, selector: str) -> str:
    node = tree.css_first(selector)
    return _short(node.text()) if node is not None else ""


def _short(text: str | None) -> str:
    """The text with single spaces, cut to ``MAX_VALUE_LENGTH``."""
    if text is None:
        return ""
    return " ".join(text[: 4 * MAX_VALUE_LENGTH].split())[:MAX_VALUE_LENGTH]
