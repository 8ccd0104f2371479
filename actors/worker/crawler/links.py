"""The links of a parsed page: all of them, navigation and footers too, in page order, each once. Pure.

``rel="nofollow"`` is a word to search engines about ranking and changes nothing here.
"""

from selectolax.lexbor import LexborHTMLParser

from actors.worker.crawler.config import MAX_LINKS
from actors.worker.crawler.urls import normalise


def base_url(tree: LexborHTMLParser, url: str) -> str:
    """What the page's relative links are relative to: its first ``<base href>`` if that is of the web, else its URL."""
    for node in tree.css("base[href]"):
        return normalise(node.attributes.get("href") or "", url) or url
    return url


def links(tree: LexborHTMLParser, base: str) -> tuple[str, ...]:
    """The normalised targets of ``a`` and ``area``; what is not of the web (``mailto:`` and the like) is left out.

    One more than ``MAX_LINKS`` are returned where there are more, so that the caller can tell.
    """
    found: dict[str, None] = {}
    for node in tree.css("a[href], area[href]"):
        href = node.attributes.get("href")
        target = None if href is None else normalise(href, base)
        if target is not None:
            found[target] = None
            if len(found) > MAX_LINKS:
                break
    return tuple(found)


def canonical(tree: LexborHTMLParser, base: str) -> str | None:
    """What the page itself calls its proper URL, normalised."""
    for node in tree.css('link[rel~="canonical" i][href]'):
        return normalise(node.attributes.get("href") or "", base)
    return None
