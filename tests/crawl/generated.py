"""A site that has everything a crawl may trip over, written down together with what is to become of each of its URLs.

What is expected is declared where a URL is made; no link is parsed and no URL normalised to know it.
"""

from collections.abc import Callable, Iterable
from enum import StrEnum

import msgspec

from tests.crawl.site import HTML, Answer

SECTIONS = 10
PAGES = 10
RETRY_ATTEMPTS = 1
"""What the definition of a crawl of this site must say: further attempts after a 500."""
MOST_REDIRECTS = 10
"""Redirects one behind the other that a crawl follows."""


class Becomes(StrEnum):
    """What is to become of a URL."""

    DOCUMENT = "document"
    NOTHING = "nothing"  # completed, without a document
    FAILED = "failed"


class Declared(msgspec.Struct, frozen=True):
    """One URL of the site: what is answered the first time and later, and what is to become of it."""

    answers: tuple[Answer, ...]
    becomes: Becomes
    attempts: int = 1


class Generated:
    """The site's URLs. ``elsewhere`` is the origin of another site, to which some of its links lead."""

    def __init__(self, elsewhere: str) -> None:
        self.declared: dict[str, Declared] = {}
        self._elsewhere = elsewhere
        self._home()
        self._sections()
        self._specials()
        self._redirects()
        self._errors()
        self._unlinked = {"/orphan.html": Answer(b"nobody links here")}

    def answer(self, path: str, before: int) -> Answer:
        """What the site says to the request for a path that was asked for so often before."""
        if path in self._unlinked:
            return self._unlinked[path]
        found = self.declared.get(path)
        if found is None:
            return Answer(b"this was never linked to", 404)
        return found.answers[min(before, len(found.answers) - 1)]

    def paths(self, becomes: Becomes) -> set[str]:
        """The paths of which this is to become."""
        return {path for path, each in self.declared.items() if each.becomes is becomes}

    @property
    def attempts(self) -> dict[str, int]:
        """How often each path is to be asked for."""
        return {path: each.attempts for path, each in self.declared.items()}

    def _page(self, path: str, *links: str, head: str = "", body: str = "") -> None:
        """A page; links that begin with ``<`` are written as they are."""
        anchors = "\n".join(link if link.startswith("<") else f'<a href="{link}">link</a>' for link in links)
        html = f"<!doctype html><html><head><title>Page {path}</title>{head}</head><body>{body}<p>Text of {path}.</p>"
        self._add(path, Becomes.DOCUMENT, Answer(f"{html}{anchors}</body></html>".encode()))

    def _add(self, path: str, becomes: Becomes, *answers: Answer, attempts: int = 1) -> None:
        assert path not in self.declared, path
        self.declared[path] = Declared(answers, becomes, attempts)

    def _home(self) -> None:
        self._page(
            "/",
            *(f"/s{number}/" for number in range(SECTIONS)),
            "special/index.html#part",
            "/redirects.html",
            "/errors.html",
            "#top",
            "",
            "./",
            "/../",
        )

    def _sections(self) -> None:
        """Ten sections of ten pages; each page is linked to by a spelling of its own, and again by its neighbours."""
        for section in range(SECTIONS):
            spellings = (
                "p0.html",
                "./p1.html",
                f"../s{section}/p2.html",
                "p3.html#part-2",
                f"/s{section}/p4.html",
                f"/s{section}/./x/../p5.html",
                f"/s{section}/%706.html",
                f"  /s{section}/p7.html\n ",
                f"<A HREF=/s{section}/p8.html rel=nofollow>unquoted</A>",
                f"<nav><map><area href='/s{section}/p9.html'></map></nav>",
            )
            self._page(f"/s{section}/", *spellings, "/", f"/s{(section + 1) % SECTIONS}/")
            for page in range(PAGES):
                self._page(
                    f"/s{section}/p{page}.html",
                    f"p{(page + 1) % PAGES}.html#a",
                    f"p{(page - 1) % PAGES}.html#b",
                    f"../s{(section + 5) % SECTIONS}/p{page}.html",
                    ".",
                    "..",
                    "?",
                    f"{self._elsewhere}/from/{section}/{page}",
                )

    def _specials(self) -> None:
        self._page(
            "/special/index.html",
            "list?page=1&amp;sort=name",
            "list?sort=name&amp;page=1",
            "list?page=2&sort=name#row",
            "/special/list",
            "/Special/index.html",
            "/based.html",
            "/files/image.png",
            "/files/report.pdf",
            "/files/notes.txt",
            "/files/data.json",
            "/files/page-without-type",
            "mailto:someone@example.com",
            "javascript:void(0)",
            "JavaScript:alert('/never.html')",
            "tel:123",
            "data:text/html,<a href='/never.html'>x</a>",
            "ftp://127.0.0.1/never.html",
            "http://[never/",
            "http://127.0.0.1:99999/never.html",
            f"{self._elsewhere}/off-site.html",
            "<!-- <a href='/never-commented.html'>x</a> -->",
            "<script>document.write(\"<a href='/never-written.html'>x</a>\")</script>",
            "<link rel='next' href='/never-next.html'><img src='/never.png'>",
            "<a name='/never-named.html'>x</a>",
        )
        for path in (
            "/special/list?page=1&sort=name",
            "/special/list?sort=name&page=1",
            "/special/list?page=2&sort=name",
            "/special/list",
            "/Special/index.html",
        ):
            self._page(path, "list?page=2&amp;sort=name" if path[1] == "s" else "../special/list")
        base = '<base href="/deep/er/"><base href="/never/">'
        self._page("/based.html", "one.html", "../two.html#x", "/three.html", "#x", head=base)
        for path in ("/deep/er/one.html", "/deep/two.html", "/three.html", "/deep/er/"):
            self._page(path, "/")
        self._add("/files/image.png", Becomes.NOTHING, Answer(b"\x89PNG" * 9, content_type="image/png"))
        self._add("/files/report.pdf", Becomes.NOTHING, Answer(b"%PDF-1.7", content_type="application/pdf"))
        text = Answer(b"A note: <a href='/never-in-text.html'>x</a>", content_type="text/plain")
        self._add("/files/notes.txt", Becomes.DOCUMENT, text)
        data = Answer(b'{"href": "/never-in-data.html"}', content_type="application/json")
        self._add("/files/data.json", Becomes.DOCUMENT, data)
        untyped = Answer(b"<title>Untyped</title><a href='/three.html'>3</a>", content_type="")
        self._add("/files/page-without-type", Becomes.DOCUMENT, untyped)

    def _redirects(self) -> None:
        hops = ["/hop1", "/hop2", "/hop3"]
        loops = ["/loop-a", "/loop-b"]
        self._page(
            "/redirects.html", "/old", "/moved", "/away", "/nowhere", "/itself", "/grow?n=0", hops[0], *loops
        )
        for path, target in (
            ("/old", "/s0/p0.html"),
            ("/moved", "/only/by/redirect.html#part"),
            ("/hop1", "hop2"),
            ("/hop2", "./hop3"),
            ("/hop3", "/only/by/hops.html"),
            ("/loop-a", "/loop-b"),
            ("/loop-b", "/loop-a"),
            ("/away", f"{self._elsewhere}/by-redirect.html"),
        ):
            self._add(path, Becomes.NOTHING, _to(target, 301 if path == "/moved" else 302))
        self._page("/only/by/redirect.html", "/")
        self._page("/only/by/hops.html", "/")
        self._add("/nowhere", Becomes.FAILED, _to("", 302))
        self._add("/itself", Becomes.FAILED, _to("/itself#again", 302))
        for number in range(MOST_REDIRECTS + 1):
            becomes = Becomes.FAILED if number == MOST_REDIRECTS else Becomes.NOTHING
            self._add(f"/grow?n={number}", becomes, _to(f"/grow?n={number + 1}", 307))

    def _errors(self) -> None:
        self._page("/errors.html", "/gone", "/never-there", "/forbidden", "/flaky-1", "/flaky-2", "/broken")
        for path, status in (("/never-there", 404), ("/gone", 410), ("/forbidden", 403)):
            words = Answer(b"<a href='/never-from-an-error.html'>x</a>", status)
            self._add(path, Becomes.FAILED, words)
        good = Answer(b"<title>Better</title><a href='/'>home</a>")
        for path in ("/flaky-1", "/flaky-2"):
            self._add(path, Becomes.DOCUMENT, Answer(b"not now", 500), good, attempts=2)
        self._add("/broken", Becomes.FAILED, Answer(b"never", 500), attempts=1 + RETRY_ATTEMPTS)


def _to(location: str, status: int) -> Answer:
    return Answer(b"over there", status, HTML, location)


def tree(width: int, depth: int) -> Callable[[str, int], Answer]:
    """A site without end of links: ``/`` is at depth 1, each page down to ``depth`` links to ``width`` pages below."""

    def answer(path: str, _before: int) -> Answer:
        below = range(width) if level(path) < depth else ()
        stem = path.rstrip("/")
        return page(f"{stem}/{number}" for number in below)

    return answer


def level(path: str) -> int:
    """At which depth a page of a ``tree`` is."""
    return 1 if path == "/" else 1 + path.count("/")


def page(targets: Iterable[str]) -> Answer:
    """A page that has nothing but links."""
    anchors = "".join(f'<a href="{each}">link</a>' for each in targets)
    return Answer(f"<title>A page</title>{anchors}".encode())
