import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actors.worker.crawler.urls import MAX_URL_LENGTH, followed_origins, host, normalise, origin

FRAGMENTS = st.sampled_from(
    [
        "http://",
        "HTTPS://",
        "//",
        "/",
        "..",
        ".",
        "%",
        "%2e",
        "%41",
        "%zz",
        "?",
        "#",
        "@",
        ":",
        ":80",
        ":443",
        "[",
        "]",
        "::1",
        "example.com",
        "EXAMPLE.",
        "münchen.de",
        "xn--a",
        "\\",
        "\t",
        " ",
        "ä",
        "\ud800",
        "\0",
        "&",
        "=",
        "a b",
    ]
)
TEXTS = st.text() | st.lists(FRAGMENTS, max_size=12).map("".join) | st.text().map("http://".__add__)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://Example.COM:80/a/../b/./c?x=1#f", "http://example.com/b/c?x=1"),
        ("https://example.com:443", "https://example.com/"),
        ("https://example.com:80", "https://example.com:80/"),
        ("http://example.com./", "http://example.com/"),
        ("http://h:/", "http://h/"),
        ("http://h?x", "http://h/?x"),
        ("http://h/?", "http://h/"),
        ("http://h/%7euser/%c3%a4?q=ä b", "http://h/~user/%C3%A4?q=%C3%A4%20b"),
        ("http://h/100%", "http://h/100%25"),
        ("http://h/%2e%2e/a", "http://h/a"),
        ("http://h/..//../x", "http://h/x"),
        ("http://h/a//b", "http://h/a//b"),
        ("http://h/a/..", "http://h/"),
        ("http://h/a?b=../c", "http://h/a?b=../c"),
        (" \thttp://h/a\nb ", "http://h/ab"),
        ("http:\\\\h\\a", "http://h/a"),
        ("http://user:secret@h:8080/", "http://h:8080/"),
        ("http://good.example@evil.example/", "http://evil.example/"),
        ("http://münchen.de/ß", "http://xn--mnchen-3ya.de/%C3%9F"),
        ("http://ex%61mple.com/", "http://example.com/"),
        ("http://h\uff0ecom/", "http://h.com/"),  # a full-width dot
        ("http://[::1]:80/", "http://[::1]/"),
        ("http://[0:0::1]:8080/", "http://[::1]:8080/"),
        ("http://h/\ud800", "http://h/%EF%BF%BD"),
        ("http://1.2.3.4.:80/", "http://1.2.3.4/"),
        ("http://a_b.example/", "http://a_b.example/"),
    ],
)
def test_a_url_has_one_spelling(url: str, expected: str | None) -> None:
    assert normalise(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "/x",
        "javascript:alert(1)",
        "JavaScript:x",
        "mailto:a@b.c",
        "tel:1",
        "data:text/html,x",
        "ftp://h/",
        "http://",
        "http:///x",
        "http://@/",
        "http://:80/",
        "http://h:99999/",
        "http://h:0/",
        "http://h:x/",
        "http://a..b/",
        "http://2130706433/",
        "http://127.1/",
        "http://0x7f000001/",
        "http://1.2.3.256/",
        "http://-%zz/",
        "http://[::1",
        "http://[x]/",
        "http://[fe80::1%25eth0]/",
        "http://℀.com/",
        "http://" + "a" * 64 + ".com/",
        "http://h/" + "a" * MAX_URL_LENGTH,
        "http://h/" + "ä" * 4000,
    ],
)
def test_what_is_no_url_of_the_web_is_none(url: str) -> None:
    assert normalise(url) is None


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("c", "http://h/a/c"),
        ("../c", "http://h/c"),
        ("/c", "http://h/c"),
        ("?q", "http://h/a/b?q"),
        ("#f", "http://h/a/b?x"),
        ("", "http://h/a/b?x"),
        ("//other/c", "http://other/c"),
        ("\\\\other\\c", "http://other/c"),
        ("https://o/", "https://o/"),
        ("mailto:x@y", None),
    ],
)
def test_a_relative_url_is_relative_to_its_base(href: str, expected: str | None) -> None:
    assert normalise(href, "http://h/a/b?x#f") == expected


def test_nothing_is_relative_to_a_base_that_is_not_of_the_web() -> None:
    assert normalise("c", "file:///a/b") is None


@given(TEXTS, st.none() | TEXTS)
@example("http://[", None)
@example("//[::1", "http://h/")
@example("http://h:\u0661/", None)
def test_no_text_makes_normalise_raise_and_what_it_returns_is_its_own_spelling(
    url: str, base: str | None
) -> None:
    once = normalise(url, base)
    if once is not None:
        assert once.isascii()
        assert once.startswith(("http://", "https://"))
        assert "#" not in once
        assert not any(c.isspace() for c in once)
        assert len(once) <= MAX_URL_LENGTH
        assert normalise(once) == once
        assert normalise(once, "http://base.example/x/y") == once
        assert host(once) == origin(once).partition("//")[2] != ""


def test_a_crawl_follows_the_origins_of_its_seeds() -> None:
    assert followed_origins(("https://a.example/x", "http://b.example:8080/")) == {
        "https://a.example",
        "http://b.example:8080",
    }


@pytest.mark.parametrize("authority", ["a.example", "[2001:db8::1]"])
def test_a_site_that_moves_to_https_is_still_the_same_site(authority: str) -> None:
    assert followed_origins((f"http://{authority}/",)) == {f"http://{authority}", f"https://{authority}"}


@pytest.mark.parametrize("authority", ["a.example:8080", "[2001:db8::1]:8080"])
def test_a_port_of_ones_own_has_no_https_twin(authority: str) -> None:
    assert followed_origins((f"http://{authority}/",)) == {f"http://{authority}"}


def test_a_host_has_its_port_only_where_that_is_not_the_default() -> None:
    assert host("https://a.example/x") == "a.example"
    assert host("http://a.example:8080/x") == "a.example:8080"
