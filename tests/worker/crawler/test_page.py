from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.worker.crawler.config import MAX_LINKS, MAX_PAGE_BYTES
from actors.worker.crawler.page import MAX_TITLE_LENGTH, parse
from actors.worker.crawler.parsed import PageError

URL = "http://h/d/p"


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("<title> A \n page &amp; more </title><h1>H</h1>", "A page & more"),
        ("<title></title><meta property=og:title content=OG><h1>H</h1>", "OG"),
        ("<h1><b>H</b> one</h1><h1>two</h1><meta name=twitter:title content=T>", "H one"),
        ("<meta name=twitter:title content=T>", "T"),
        ("<svg><title>icon</title></svg>", URL),
        ("", URL),
    ],
)
def test_the_title_is_the_first_that_the_page_gives(html: str, title: str) -> None:
    assert parse(html, URL).title == title


@pytest.mark.parametrize(
    ("html", "key", "value"),
    [
        ("<html lang=de>", "language", "de"),
        ("<meta http-equiv=Content-Language content=fr>", "language", "fr"),
        ("<meta name=Description content=' d  e '>", "description", "d e"),
        ("<meta name=keywords content='a, b,,c'>", "keywords", ["a", "b", "c"]),
        ("<meta name=author content=me>", "author", "me"),
        ("<link rel=canonical href=/c>", "canonical_url", "http://h/c"),
        (
            "<meta property=og:Title content=T><meta property=og:image content=i><meta property=og:image content=j>",
            "open_graph",
            {"title": "T", "image": "i"},
        ),
        ("<meta name=twitter:card content=summary>", "twitter_card", {"card": "summary"}),
        ("<h1>a</h1><h6>b</h6>", "headings_count", 2),
        ("<p>a<p>b", "paragraphs_count", 2),
        ("<a href=x>a</a><a name=y>b</a>", "links_count", 1),
        ("<img src=x><img>", "images_count", 2),
        ("<title>not</title><p>one  two</p><script>not</script><p>three</p>", "word_count", 3),
        ("<p>one  two</p>", "text_length", 7),
    ],
)
def test_what_a_page_says_of_itself_is_its_metadata(html: str, key: str, value: Any) -> None:
    assert parse(html, URL).metadata[key] == value


def test_what_a_page_does_not_say_takes_out_what_an_earlier_one_said() -> None:
    metadata = parse("<p>x", URL).metadata
    absent = {key for key, value in metadata.items() if value is None}

    assert {"description", "keywords", "language", "author", "canonical_url", "open_graph"} <= absent
    assert metadata.keys() - absent == {
        "headings_count",
        "paragraphs_count",
        "links_count",
        "images_count",
        "word_count",
        "text_length",
    }


def test_a_page_has_links_and_text() -> None:
    page = parse("<nav><a href=/n>nav</a></nav><p>see <a href='x#f'>this</a>", URL)

    assert page.links == ("http://h/n", "http://h/d/x")
    assert page.text == "see [this](http://h/d/x#f)"
    assert not page.too_many_links


def test_a_page_with_too_many_links_says_so() -> None:
    page = parse("".join(f"<a href={i}>x</a>" for i in range(MAX_LINKS + 1)), URL)

    assert len(page.links) == MAX_LINKS
    assert page.too_many_links


def test_a_page_is_read_up_to_its_bound() -> None:
    page = parse("x" * (MAX_PAGE_BYTES - 20) + "<a href=in>in</a>" + "<a href=out>out</a>", URL)

    assert page.links == ("http://h/d/in",)


def test_long_titles_are_cut() -> None:
    assert parse(f"<title>{'x' * 100_000}</title>", URL).title == "x" * MAX_TITLE_LENGTH


def test_a_text_that_no_page_can_have_is_an_ordinary_error() -> None:
    with pytest.raises(PageError, match=r"http://h/d/p can not be parsed: UnicodeEncodeError"):
        parse("\ud800", URL)


@given(st.text(st.characters(exclude_categories=["Cs"])) | st.text("<>/ab='\"&;!-", max_size=200))
def test_no_text_ends_in_another_error(html: str) -> None:
    parse(html, URL)
