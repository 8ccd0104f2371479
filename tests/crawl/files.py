"""A directory of files as a site, and which of its URLs can be reached: found here by means of our own.

Nothing of the product is used: ``html.parser`` and ``urllib`` read the pages, so that two readings are compared.
"""

from collections import deque
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag, urljoin, urlsplit

from tests.crawl.site import HTML, Answer

TYPES = {
    ".html": HTML,
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml",
    ".json": "application/json",
}
READ_BYTES = 2 * 1024 * 1024
"""Of a page, no more than this is parsed."""


def files_of(root: Path) -> Callable[[str, int], Answer]:
    """Answers with the files below a directory; ``/`` is its ``index.html``."""

    def answer(path: str, _before: int) -> Answer:
        file = root / (path.partition("?")[0].lstrip("/") or "index.html")
        if not file.is_file():
            return Answer(b"there is no such file", 404, "text/plain")
        return Answer(file.read_bytes(), content_type=TYPES.get(file.suffix, "application/octet-stream"))

    return answer


def reachable(root: Path, first: str, *, without: str) -> set[str]:
    """The paths that can be reached from the first one by links, breadth first.

    Args:
        root: the directory.
        first: a path, as in ``/index.html``.
        without: paths with this text in them are not followed.
    """
    answer = files_of(root)
    found, queue = {first}, deque([first])
    while queue:
        path = queue.popleft()
        page = answer(path, 0)
        if page.content_type != HTML:
            continue
        for link in _links(page.body[:READ_BYTES].decode(errors="replace"), f"http://site{path}"):
            if link not in found and without not in link:
                found.add(link)
                queue.append(link)
    return found


def _links(html: str, url: str) -> list[str]:
    """The paths, with their queries, of all links that stay on the site."""
    reader = _Links()
    reader.feed(html)
    targets = (urlsplit(urldefrag(urljoin(url, href)).url) for href in reader.hrefs)
    return [
        (target.path or "/") + (f"?{target.query}" if target.query else "")
        for target in targets
        if target.scheme == "http" and target.netloc == "site"
    ]


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"a", "area"}:
            self.hrefs += [value for name, value in attrs if name == "href" and value is not None]
