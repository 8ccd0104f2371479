"""The main part of a page, where the page says which that is. Pure.

Taken is what its author marked: ``<main>`` or ``role="main"``, else the only ``<article>``. A page that marks nothing
is kept but for its navigation, asides and footers. Nothing is guessed: libraries that do (docs/decisions/0027) lose
headings and code blocks of manuals. Titles, links and counts are taken from the whole page.
"""

from selectolax.lexbor import LexborHTMLParser

_MAIN = ("main", '[role="main" i]')
_ONLY = "article"
AROUND = (
    "aside",
    "footer",
    '[role="navigation"]',
    '[role="banner"]',
    '[role="contentinfo"]',
    '[role="complementary"]',
    '[role="search"]',
)
"""What is around the main part of a page that does not mark it."""


def main_part(tree: LexborHTMLParser) -> str | None:
    """The HTML of the main part; None if the page marks none that has text."""
    for selector in _MAIN:
        node = tree.css_first(selector)
        if node is not None and node.text().strip():
            return node.html
    articles = tree.css(_ONLY)
    if len(articles) == 1 and articles[0].text().strip():
        return articles[0].html
    return None
