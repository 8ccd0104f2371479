import pytest
from selectolax.lexbor import LexborHTMLParser

from actors.worker.crawler.config import MAX_LINKS
from actors.worker.crawler.links import base_url, canonical, links

URL = "http://h/d/p"


def found(html: str) -> tuple[str, ...]:
    tree = LexborHTMLParser(html)
    return links(tree, base_url(tree, URL))


def test_links_are_taken_from_the_whole_page_in_its_order_and_each_once() -> None:
    html = (
        "<nav><a href=/n>1</a></nav><p><a href=x#one>2</a> <a href='x#two'>2</a></p><map><area href=ar></map>"
        "<a href=/n>1</a><footer><a rel=nofollow href='//o/f'>4</a></footer>"
    )
    assert found(html) == ("http://h/n", "http://h/d/x", "http://h/d/ar", "http://o/f")


def test_what_is_no_link_of_the_web_is_left_out() -> None:
    html = "<a href='mailto:a@b'><a href='JavaScript:x'><a href='tel:1'><a href=data:x><a name=n><a href><link href=l>"
    assert found(html) == ()


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        ("<base href='/b/'>", "http://h/b/x"),
        ("<base href='http://o/'>", "http://o/x"),
        ("<base target=_top><base href='/b/'><base href='/c/'>", "http://h/b/x"),  # the first one that says
        ("<base href='javascript:x'>", "http://h/d/x"),
        ("<base href=''>", "http://h/d/x"),
    ],
)
def test_the_pages_base_is_honoured(base: str, expected: str) -> None:
    assert found(f"<head>{base}</head><a href=x>") == (expected,)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<link rel=canonical href='/c#f'>", "http://h/c"),
        ("<link rel='alternate Canonical' href=c>", "http://h/d/c"),
        ("<link rel=stylesheet href=c>", None),
        ("<link rel=canonical href='mailto:x'>", None),
    ],
)
def test_the_canonical_url_is_reported_apart(html: str, expected: str | None) -> None:
    tree = LexborHTMLParser(html)

    assert canonical(tree, URL) == expected
    assert links(tree, URL) == ()


def test_one_more_link_than_are_kept_tells_that_there_are_too_many() -> None:
    html = "".join(f"<a href={i}>" for i in range(MAX_LINKS + 100))

    assert len(found(html)) == MAX_LINKS + 1
