import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.worker.crawler.media_types import Content, content_of, media_type


@pytest.mark.parametrize(
    ("content_type", "content"),
    [
        ("text/html", Content.PAGE),
        ("TEXT/HTML ; charset=x", Content.PAGE),
        ("application/xhtml+xml", Content.PAGE),
        ("", Content.PAGE),
        ("text/plain", Content.TEXT),
        ("application/ld+json", Content.TEXT),
        ("application/atom+xml;type=feed", Content.TEXT),
        ("image/svg+xml", Content.OTHER),
        ("application/octet-stream", Content.OTHER),
        ("text/event-stream", Content.OTHER),
        ("text/javascript", Content.OTHER),
        ("nonsense", Content.OTHER),
    ],
)
def test_what_a_body_is_follows_from_its_media_type(content_type: str, content: Content) -> None:
    assert content_of(content_type) is content


@given(st.text())
def test_no_header_makes_it_raise(header: str) -> None:
    assert content_of(header) in Content
    assert ";" not in media_type(header)
