"""HTML as Markdown, text and JSON."""

import msgspec

from actors.worker.crawler.config import MAX_PAGE_BYTES
from actors.worker.transform.config import OutputFormat
from actors.worker.transform.formats import converted

PAGE = """<!doctype html><html lang="en"><head><title>Whales</title><meta name="description" content="Of the sea">
<script>alert("no")</script></head><body><nav>menu</nav>
<h1>Whales</h1><p>They <b>sing</b> &amp; <a href="dive">dive</a>.
</p><ul><li>blue<li>grey</ul><table><tr><th>Name<th>Metres<tr><td>Blue<td>30</table><pre><code>a = 1
b = 2</code></pre></body></html>"""


def test_markdown_keeps_headings_links_lists_tables_and_code() -> None:
    page = converted(PAGE, "http://x/sea/", OutputFormat.MARKDOWN)
    for part in (
        "# Whales",
        "**sing** & [dive](http://x/sea/dive)",
        "- blue",
        "| Blue | 30 |",
        "a = 1\nb = 2",
    ):
        assert part in page.body
    assert "alert" not in page.body
    assert (page.title, page.truncated) == ("Whales", False)
    assert page.metadata["description"] == "Of the sea"


def test_text_has_the_words_without_marks() -> None:
    body = converted(PAGE, "http://x/sea/", OutputFormat.TEXT).body
    assert "They sing & dive." in body
    assert "a = 1\nb = 2" in body
    for mark in ("#", "**", "](", "<", "alert"):
        assert mark not in body


def test_json_has_title_metadata_links_and_the_markdown() -> None:
    whole = msgspec.json.decode(converted(PAGE, "http://x/sea/", OutputFormat.JSON).body)
    assert (whole["title"], whole["url"], whole["links"]) == (
        "Whales",
        "http://x/sea/",
        ["http://x/sea/dive"],
    )
    assert whole["metadata"]["language"] == "en"
    assert whole["markdown"].startswith("# Whales")


def test_without_an_address_links_stay_relative() -> None:
    page = converted(PAGE, "", OutputFormat.MARKDOWN)
    assert "[dive](dive)" in page.body
    assert msgspec.json.decode(converted(PAGE, "", OutputFormat.JSON).body)["url"] is None


def test_a_page_beyond_what_is_read_says_that_it_was_cut() -> None:
    page = converted("<p>" + "word " * (MAX_PAGE_BYTES // 4), "", OutputFormat.TEXT)
    assert page.truncated
    assert len(page.body) <= MAX_PAGE_BYTES


def test_what_is_no_html_is_taken_as_its_text() -> None:
    assert converted("just words", "", OutputFormat.MARKDOWN).body == "just words"
