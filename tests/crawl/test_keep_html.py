"""A site that is crawled as HTML, transformed and indexed, step by step, by the real command."""

from pathlib import Path

from tests.cli.command import quaero
from tests.crawl.crawls import rows
from tests.crawl.site import Answer, Site

PAGES = {
    "/": "<!doctype html><title>Start</title><h1>Start</h1><p>Of <a href=/whales>whales</a>",
    "/whales": "<!doctype html><title>Whales</title><h1>Whales</h1><p>They <b>sing</b>.<pre>deep = True</pre>",
}
DEFINITION = """
id = "pages"
name = "Pages"
tags = ["pages"]

[step.crawl]
action = "crawl"
start_urls = ["{origin}/"]
rate_limit = 0
keep_html = true
allow_private_addresses = true

[step.markdown]
action = "transform"
depends = ["crawl"]

[step.index]
action = "reindex"
depends = ["markdown"]
"""


def test_pages_kept_as_html_are_transformed_in_the_next_step_and_found(tmp_path: Path) -> None:
    with Site(
        lambda path, _before: Answer(PAGES[path].encode()) if path in PAGES else Answer(status=404)
    ) as site:
        (tmp_path / "pages.toml").write_text(DEFINITION.format(origin=site.origin))
        done = quaero("run", "pages.toml", "--json", cwd=tmp_path)
    assert (done.code, done.value["state"], done.value["documents"]) == (0, "completed", 4)
    assert rows(
        tmp_path, "SELECT media_type, title, body FROM document WHERE source_type = 'web' ORDER BY url"
    ) == [
        ("text/html", "Start", PAGES["/"]),
        ("text/html", "Whales", PAGES["/whales"]),
    ]
    (hit,) = quaero("search", "title:whales sing", "--json", cwd=tmp_path).value
    assert (hit["source_type"], hit["url"], hit["tags"]) == ("transform", f"{site.origin}/whales", ["pages"])
    shown = quaero("show", hit["id"], "--json", cwd=tmp_path).value
    assert shown["media_type"] == "text/markdown"
    assert "# Whales" in shown["body"]
    assert "deep = True" in shown["body"]
