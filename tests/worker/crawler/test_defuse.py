import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser, LexborNode

from actors.worker.crawler.defuse import MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, MAX_INDENT, defuse
from actors.worker.crawler.elements import (
    BLOCKS,
    FOREIGN,
    FORMATTING,
    ONCE,
    TEXT_ONLY,
    UNWRAPPED,
    VOID,
    WALLS,
)
from actors.worker.crawler.grid import MAX_CELLS, MAX_COLUMNS
from tests.machine import slowness

SIZE = 1024 * 1024
TAGS = [
    *VOID,
    *BLOCKS,
    *WALLS,
    *FORMATTING,
    *FOREIGN,
    *TEXT_ONLY,
    *UNWRAPPED,
    *ONCE,
    "script",
    "style",
    "rt",
    "span",
]
PIECES = (
    st.sampled_from([f"<{slash}{tag}>" for tag in sorted(TAGS) for slash in ("", "/")])
    | st.sampled_from(
        ["<a href=x>", "<b k=1>", "<!--", "-->", "<!", ">", "<", "/>", "'", '"', " x ", "<td colspan=999>"]
    )
    | st.text(max_size=3)
)
SOUP = st.lists(PIECES, max_size=60).map("".join)


def elements(html: str) -> int:
    root = LexborHTMLParser(html).root
    return sum(1 for _ in root.traverse()) if root is not None else 0


def depth(html: str) -> int:
    root = LexborHTMLParser(html).root
    deepest = 0
    todo: list[tuple[LexborNode, int]] = [] if root is None else [(root, 1)]
    while todo:
        node, level = todo.pop()
        deepest = max(deepest, level)
        todo.extend((child, level + 1) for child in node.iter())
    return deepest


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<p>one<p>two", "<p>one</p><p>two</p>"),
        ("<p>a<div>b", "<p>a</p><div>b</div>"),
        (
            "<ul><li>a<li>b<ul><li>c</ul><li>d</ul>",
            "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul>",
        ),
        ("<dl><dt>a<dd>b<dt>c</dl>", "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>"),
        (
            "<table><tr><td>1<td>2<tr><td>3</table>x",
            "<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>x",
        ),
        ("<a href=x>l<a href=y>m", "<a href=x>l</a><a href=y>m</a>"),
        ("<h1>a<h2>b</h3>c", "<h1>a</h1><h2>b</h2>c"),
        ("<b>x<p>one</b>two</p>", "<b>x<p>one</p></b><p>two</p>"),
        ("<div><span>a</div>b</span>", "<div><span>a</span></div>b"),
        ("a</div></p></x>b", "ab"),
        ("<div><object></div>in</object>out", "<div><object>in</object>out</div>"),
        ("<table>x<tr><td>y</table>", "<table><tr><td>x</td></tr><tr><td>y</td></tr></table>"),
        ("<tr><td>x</table>", "x"),
        ("<table><td>x</table>", "<table><tr><td>x</td></tr></table>"),
        ("<table><colgroup>x</table>", "<table><colgroup></colgroup><tr><td>x</td></tr></table>"),
        ("<table><form><input><tr><td>y</table>", "<table><tr><td>y</td></tr></table>"),
        ("<p>a<br>b<hr>c", "<p>a<br>b</p><hr>c"),
        ("x<!-- <div> -->y<!-->z<!--->w<!--a--!>v<!--", "xyzwv"),
        ("<!doctype html><?php x ?></3>t<![CDATA[u]]>", "t"),
        ("1 < 2 <3 <", "1 &lt; 2 &lt;3 &lt;"),
        ("<script>'<div>'</script>a<STYLE>b{}</Style >c<script>d", "ac"),
        (
            "<title>a<b>c</title><textarea><p></textarea>",
            "<title>a&lt;b>c</title><textarea>&lt;p></textarea>",
        ),
        ("<svg><path d=m/><title>t</title><a href='q/'>l</a></svg>x", "<x-svg><a href='q/'>l</a></x-svg>x"),
        ("<math><mi>x</mi><mspace/></math>", "<x-math><mi>x</mi></x-math>"),
        ("<frameset><frame src=f><noframes>n</noframes></frameset>", "n"),
        (
            "<html lang=en><head></head><body><body id=2>a</body></html>b",
            "<html lang=en><head></head><body>ab",
        ),
        ("<p title='a>b' x=\"<i>\" y=<z>c", "<p title='a>b' x=\"<i>\" y=<z>c</p>"),
        ("a<p title='b>c", "a"),
        ("<P CLASS=x>a</P>", "<p CLASS=x>a</p>"),
        ("", ""),
    ],
)
def test_a_page_is_written_as_a_parser_understands_it(html: str, expected: str) -> None:
    assert defuse(html) == expected


@given(SOUP)
@settings(max_examples=300)
@example("<table><b></table><table>x")
@example("<svg><foreignObject><div></svg><style><g><g>")
@example("<<!-- -->div>")
@example("<lin\u212a><lin\u212a>")
def test_whatever_a_page_is_its_tree_nests_as_it_is_written(soup: str) -> None:
    written = defuse(soup)

    opened = written.count("<")
    assert elements(written) <= 3 * opened + 2 * written.count(">") + 10  # and the text between
    assert depth(written * 20) <= 3 * depth_as_written(written) + 10


def depth_as_written(written: str) -> int:
    """How deep a page is whose every start tag has its end tag."""
    level = deepest = 0
    for piece in written.split("<")[1:]:
        level += -1 if piece.startswith("/") else 1
        deepest = max(deepest, level)
    return deepest


@given(SOUP)
def test_a_page_that_was_written_so_stays_as_it_is(soup: str) -> None:
    once = defuse(soup)
    assert defuse(once) == once


BOMBS = {
    "nested divisions": "<div>" * (SIZE // 5),
    "nested lists": "<ul><li>" * (SIZE // 8),
    "nested tables": "<table><tr><td>" * (SIZE // 15),
    "tables in links": "<a><table>" * (SIZE // 10),
    "misnested": "<b></p>" * (SIZE // 7),
    "behind walls": "<div><object></div></object>" * (SIZE // 28),
    "hidden in foreign content": "<svg><foreignObject><div></svg></div></foreignObject><style>"
    + "<g>" * (SIZE // 3),
    "void in foreign content": "<svg>" + "<input>" * (SIZE // 7),
    "formatting that multiplies": "".join(f"<b a={i}>" for i in range(3000)) + "<p>x" * (SIZE // 4),
    "formatting lost in tables": "<table>" + "<b>" * 200 + "</table><table>x" * (SIZE // 16),
    "attributes": "<p " + " ".join(f"a{i}=1" for i in range(SIZE // 9)) + ">",
    "columns": "<table><tr>" + "<td>x" * 1000 + "<tr><td>" * (SIZE // 8),
    "spans": "<table>" + "<tr><td colspan=1000>x" * (SIZE // 22),
    "annotations": "<ruby>" + "<rt>" * (SIZE // 4),
    "option groups": "<optgroup>" * (SIZE // 10),
    "walls and walks": "<p><object>" + "<span>" * 250 + "<div>" * (SIZE // 5),
    "open tags": "<a b=" * (SIZE // 5),
    "open quotes": '<a b="' * (SIZE // 6),
    "open comments": "<!--" * (SIZE // 4),
    "comments": "<!---->" * (SIZE // 7),
    "open titles": "<title>" * (SIZE // 7),
    "open scripts": "<script>" * (SIZE // 8),
    "smaller than": "<" * SIZE,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_page_made_to_explode_is_harmless_in_seconds(name: str) -> None:
    started = time.process_time()

    written = defuse(BOMBS[name])

    assert depth(written) <= 2 * MAX_DEPTH
    assert elements(written) <= 2 * MAX_ELEMENTS + 10
    assert len(written) <= 4 * SIZE
    # A few seconds of computing; minutes or hours without defence.
    assert time.process_time() - started < 30 * slowness()


def test_text_beyond_the_limits_stays() -> None:
    html = "<div>" * 2 * MAX_DEPTH + "deep" + "</div>" * 2 * MAX_DEPTH + "<p>after"
    tree = LexborHTMLParser(defuse(html))

    assert tree.text() == "deepafter"


def test_lists_are_as_deep_as_can_be_read() -> None:
    written = defuse("<ul><li>" * 100 + "x")

    assert written.count("<ul>") == MAX_INDENT


def test_a_tag_keeps_its_first_attributes() -> None:
    written = defuse("<a href='a b' " + " ".join(f"k{i}=v" for i in range(1000)) + ">x</a>")
    link = LexborHTMLParser(written).css_first("a")

    assert link is not None
    assert link.attributes["href"] == "a b"
    assert len(link.attributes) == MAX_ATTRIBUTES


def test_a_table_is_no_wider_and_larger_than_can_be_written() -> None:
    tree = LexborHTMLParser(defuse("<table><tr>" + "<td>x" * 1000 + "<tr><td>y" * 10_000))
    rows = tree.css("tr")

    assert len(rows[0].css("td")) == MAX_COLUMNS
    assert len(rows) * MAX_COLUMNS <= MAX_CELLS
    assert tree.text().count("x") == 1000
    assert tree.text().count("y") == 10_000


def test_a_large_honest_table_is_kept() -> None:
    html = "<table>" + ("<tr>" + "<td>1</td>" * 10 + "</tr>") * 5000 + "</table>"

    assert defuse(html) == html
