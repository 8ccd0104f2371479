"""The first fault of a page, with its place."""

import time

import pytest

from actors.worker.transform.validity import HtmlFault, first_fault
from tests.machine import slowness


@pytest.mark.parametrize(
    "html",
    [
        "<!DOCTYPE html><html><head><title>x < y</title></head><body><p>a<p>b<br><img src='a>b'><hr/></body></html>",
        "<ul><li>a<li>b</ul><table><tr><td>1<td>2<tr><td>3</table>",
        "<div><p>text</div>",
        "<p><div>x</div></p>",
        "<script>if (a < b) { '</p>' }</script><style>a > b {}</style>",
        '<!-- <b> --><p title="</p>">1 < 2 & 3 > 2</p>',
        "<svg><path d='M0'/></svg>",
    ],
)
def test_a_well_nested_page_has_none(html: str) -> None:
    assert first_fault(html) is None


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("<div>\n  <b>text</div>", HtmlFault(2, 3, "<b> is not closed before </div>")),
        ("<p>\n<b>text", HtmlFault(2, 1, "<b> is not closed")),
        ("<p>text</b></p>", HtmlFault(1, 8, "</b> closes nothing")),
        ("<p>text<!-- x", HtmlFault(1, 8, "the comment is not closed")),
        ("<p><script>x", HtmlFault(1, 4, "<script> is not closed")),
        ('<p><a href="x>text</a>', HtmlFault(1, 4, "the tag of 'a' is not closed by >")),
        ("only words", HtmlFault(1, 1, "there is no HTML element in it")),
        ("", HtmlFault(1, 1, "there is no HTML element in it")),
    ],
)
def test_a_fault_is_told_with_its_place(html: str, fault: HtmlFault) -> None:
    assert first_fault(html) == fault


@pytest.mark.parametrize(
    "html",
    [
        "<b>" * 50_000,
        "</p>" * 50_000,
        "<!-" * 50_000,
        "<a b='" * 25_000,
        "<a " * 50_000,
        "<script>" * 50_000,
    ],
)
def test_a_hostile_page_is_read_in_linear_time(html: str) -> None:
    started = time.process_time()
    first_fault(html)
    assert time.process_time() - started < slowness()
