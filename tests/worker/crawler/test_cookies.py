from http.cookies import Morsel

import pytest

from actors.worker.crawler.cookies import MAX_COOKIES, Cookie, CookieJar

NOW = 1_700_000_000.0


def sent(cookie: Cookie, url: str) -> bool:
    return bool(CookieJar([cookie]).header(url, NOW))


@pytest.mark.parametrize(
    ("domain", "host_only", "url", "expected"),
    [
        ("example.com", False, "https://example.com/", True),
        ("example.com", False, "https://www.example.com/", True),
        ("example.com", False, "https://a.b.example.com/", True),
        ("example.com", True, "https://example.com/", True),
        ("example.com", True, "https://www.example.com/", False),
        ("example.com", False, "https://badexample.com/", False),
        ("example.com", False, "https://example.com.evil.org/", False),
        ("www.example.com", False, "https://example.com/", False),
        ("example.com", True, "https://example.com:8443/", True),  # cookies know no ports
        ("127.0.0.1", True, "http://127.0.0.1:81/", True),
        ("0.0.1", False, "http://127.0.0.1/", False),  # nothing is below an address
        ("::1", True, "http://[::1]:81/", True),
    ],
)
def test_a_cookie_goes_to_its_host_and_a_domains_also_below(
    domain: str, host_only: bool, url: str, expected: bool
) -> None:
    assert sent(Cookie("a", "1", domain, host_only=host_only), url) is expected


@pytest.mark.parametrize(
    ("path", "url", "expected"),
    [
        ("/", "https://h.io/x/y", True),
        ("/x", "https://h.io/x", True),
        ("/x", "https://h.io/x/y", True),
        ("/x/", "https://h.io/x/y", True),
        ("/x", "https://h.io/xy", False),
        ("/x/", "https://h.io/x", False),
        ("/X", "https://h.io/x", False),
    ],
)
def test_a_cookie_goes_to_pages_below_its_path(path: str, url: str, expected: bool) -> None:
    assert sent(Cookie("a", "1", "h.io", path=path), url) is expected


def test_a_secure_cookie_goes_over_https_alone() -> None:
    assert sent(Cookie("a", "1", "h.io", secure=True), "https://h.io/")
    assert not sent(Cookie("a", "1", "h.io", secure=True), "http://h.io/")


@pytest.mark.parametrize(("expires", "expected"), [(None, True), (NOW + 1, True), (NOW, False), (1.0, False)])
def test_an_expired_cookie_is_not_sent(expires: float | None, expected: bool) -> None:
    assert sent(Cookie("a", "1", "h.io", expires=expires), "http://h.io/") is expected


def test_cookies_of_longer_paths_go_first_and_values_go_as_they_are() -> None:
    jar = CookieJar([Cookie("a", '"q u"', "h.io"), Cookie("b", "x=y,z", "h.io", path="/d")])

    assert jar.header("http://h.io/d/", NOW) == 'b=x=y,z; a="q u"'
    assert jar.header("http://other.io/", NOW) == ""


def answer(name: str = "sid", value: str = "new", **attributes: str) -> "dict[str, Morsel[str]]":
    morsel: Morsel[str] = Morsel()
    morsel.set(name, value, value)
    for key, text in attributes.items():
        morsel[key.replace("_", "-")] = text
    return {name: morsel}


def after(url: str, **attributes: str) -> CookieJar:
    jar = CookieJar([Cookie("sid", "old", "www.h.io", host_only=True)])
    jar.take(url, answer(**attributes), NOW)
    return jar


def test_what_a_site_sets_takes_the_place_of_what_was_there() -> None:
    jar = after("https://www.h.io/x", path="/")

    assert jar.header("https://www.h.io/", NOW) == "sid=new"
    assert jar.take("https://www.h.io/", answer(path="/"), NOW) is False


def test_a_cookie_without_a_path_is_of_the_pages_directory() -> None:
    jar = after("https://www.h.io/login/form", name="b")

    assert jar.header("https://www.h.io/login/next", NOW) == "b=new; sid=old"
    assert jar.header("https://www.h.io/", NOW) == "sid=old"


@pytest.mark.parametrize(
    ("attributes", "other", "expected"),
    [
        ({"domain": "h.io"}, "https://h.io/", "b=new"),
        ({"domain": ".H.io"}, "https://a.h.io/", "b=new"),
        ({"domain": "evil.org"}, "https://evil.org/", ""),
        ({"domain": "io"}, "https://other.io/", ""),
        ({"domain": "a.www.h.io"}, "https://a.www.h.io/", ""),
        ({}, "https://a.www.h.io/", ""),
    ],
)
def test_a_site_sets_cookies_of_its_own_domains_alone(
    attributes: dict[str, str], other: str, expected: str
) -> None:
    assert after("https://www.h.io/", name="b", path="/", **attributes).header(other, NOW) == expected


@pytest.mark.parametrize(
    "attributes",
    [{"max_age": "0"}, {"max_age": "-1"}, {"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}],
)
def test_a_site_takes_a_cookie_back_by_a_past_date(attributes: dict[str, str]) -> None:
    assert after("https://www.h.io/", path="/", **attributes).header("https://www.h.io/", NOW) == ""


@pytest.mark.parametrize("attributes", [{"max_age": "9" * 400}, {"max_age": "x"}, {"expires": "never"}])
def test_a_date_that_can_not_be_read_is_none(attributes: dict[str, str]) -> None:
    assert after("https://www.h.io/", path="/", **attributes).header("https://www.h.io/", NOW) == "sid=new"


def test_a_secure_cookie_can_not_be_set_over_http() -> None:
    assert after("http://www.h.io/", path="/", secure="1").header("https://www.h.io/", NOW) == "sid=old"


def test_a_site_that_sets_cookies_without_end_is_not_kept_up_with() -> None:
    jar = CookieJar()
    for number in range(MAX_COOKIES + 50):
        jar.take("http://h.io/", answer(f"c{number}"), NOW)

    assert repr(jar) == f"<CookieJar({MAX_COOKIES} cookies)>"


def test_no_value_is_in_a_repr() -> None:
    assert "secret" not in repr(Cookie("sid", "secret", "h.io")) + repr(
        CookieJar([Cookie("a", "secret", "h.io")])
    )
