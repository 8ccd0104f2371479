import pytest

from actors.worker.crawler.page import parse

URL = "http://h/d/p.html"


def text_of(html: str) -> str:
    return parse(html, URL, main_content=True).text


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<header>H</header><main><h1>T</h1><p>t</p></main><footer>F</footer>", "# T\n\nt"),
        ("<div>o</div><div role=main><p>m</p></div>", "m"),
        ("<p>o</p><article><p>one</p></article>", "one"),
        ("<article><p>one</p></article><article><p>two</p></article>", "one\n\ntwo"),
        ("<h1>T</h1><nav>n</nav><p>t</p><aside>a</aside><footer>f</footer>", "# T\n\nt"),
        ("<p>t</p><div role=contentinfo>c</div><div role=navigation>n</div>", "t"),
        ("<main></main><p>t</p>", "t"),  # filled by a script, elsewhere
        ("<footer>only</footer>", "only"),
        ("<base href=/b/><main><a href=x>l</a></main>", "[l](http://h/b/x)"),
    ],
)
def test_the_text_is_that_of_the_part_the_page_marks(html: str, expected: str) -> None:
    assert text_of(html) == expected


def test_headings_code_tables_and_links_of_the_main_part_are_kept() -> None:
    main = (
        "<h2>H</h2><pre><code class=language-py>a = 1\n  b</code></pre><table><tr><th>x<tr><td>1</table>"
        "<ul><li><a href=y>l</a></ul>"
    )
    assert text_of(f"<nav>n</nav><main>{main}</main>") == parse(main, URL).text != ""


def test_links_title_and_counts_are_those_of_the_whole_page() -> None:
    page = parse("<title>T</title><nav><a href=a>a</a></nav><main><p>m</main>", URL, main_content=True)

    assert (page.title, page.links) == ("T", ("http://h/d/a",))
    assert page.metadata["links_count"] == 1
