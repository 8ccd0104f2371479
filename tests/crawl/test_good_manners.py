"""robots.txt, sitemaps and levels of detail, by the real command."""

from pathlib import Path

from tests.cli.command import quaero
from tests.crawl.crawls import define, document_paths, jobs_by_path, rows
from tests.crawl.site import Answer, Site

ROBOTS = "User-agent: *\nDisallow: /private\nSitemap: /map.xml\n"
MAP = """<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc>/hidden</loc><lastmod>2026-01-02</lastmod></url><url><loc>/a</loc></url><url><loc>/private/x</loc></url>
</urlset>"""


def answers(path: str, _before: int) -> Answer:
    match path:
        case "/robots.txt":
            return Answer(ROBOTS.encode(), content_type="text/plain")
        case "/map.xml":
            return Answer(MAP.encode(), content_type="application/xml")
        case "/":
            return Answer(b"<title>Start</title><a href=/a>a</a><a href=/private/y>p</a><a href=/b>b</a>")
        case "/a" | "/b" | "/hidden" | "/private/x" | "/private/y" | "/private":
            return Answer(f"<title>{path}</title><p>words of {path}".encode())
    return Answer(status=404)


def test_sitemaps_are_read_and_what_is_disallowed_is_not(tmp_path: Path) -> None:
    with Site(answers) as site:
        definition = define(tmp_path, f"{site.origin}/", f"{site.origin}/private", sitemap=True, max_pages=5)
        done = quaero("run", definition, "--json", cwd=tmp_path)

    assert done.code == 0, done.err
    assert done.value["state"] == "completed"
    assert document_paths(tmp_path, site.origin) == {"/", "/a", "/b", "/hidden"}
    assert not any(path.startswith("/private") for path in site.times_asked)
    jobs = jobs_by_path(tmp_path, site.origin)
    assert jobs["/private"]["result"]["skipped"] == f"robots.txt disallows {site.origin}/private"
    assert jobs[f"sitemap {site.origin}/"]["result"] == {
        "files": 1,
        "urls_found": 3,
        "urls_passed": 3,
        "urls_followed": 2,
    }
    # Five pages: the two seeds and three more; the sitemap is none, and what is disallowed was never admitted.
    assert len(jobs) == 6


def test_with_robots_txt_out_of_account_everything_is_read(tmp_path: Path) -> None:
    with Site(answers) as site:
        definition = define(tmp_path, f"{site.origin}/", respect_robots=False)
        assert quaero("run", definition, cwd=tmp_path).code == 0

    assert document_paths(tmp_path, site.origin) == {"/", "/a", "/b", "/private/y"}


def test_with_metadata_alone_no_text_is_stored(tmp_path: Path) -> None:
    with Site(answers) as site:
        definition = define(tmp_path, f"{site.origin}/a", detail_level="metadata")
        assert quaero("run", definition, cwd=tmp_path).code == 0

    assert rows(tmp_path, "SELECT title, body, metadata ->> '$.word_count' FROM document") == [("/a", "", 3)]
