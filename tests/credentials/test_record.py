"""What people export becomes a record, or is refused with its place and without its values."""

from typing import Any

import msgspec
import pytest

from actors.worker.crawler.cookies import Cookie
from runtime.credentials.record import MAX_BYTES, MAX_RECORD_COOKIES, RecordError, read_record

NOW = 1_700_000_000.0
FULL = {
    "name": "sid",
    "value": "s3cr3t",
    "domain": ".Wiki.example.com",
    "path": "/confluence",
    "expires": 1_800_000_000,
    "secure": True,
    "httpOnly": True,
    "sameSite": "Lax",
}


def read(value: Any, **options: Any):  # type: ignore[no-untyped-def]
    return read_record(msgspec.json.encode(value), now_seconds=NOW, **options)


def cookie(**fields: Any) -> Cookie:
    [found] = read([{**FULL, **fields}]).credential.cookies
    return found  # type: ignore[no-any-return]


def test_a_list_of_cookies_is_a_record_of_their_domain() -> None:
    credential = read([FULL, {**FULL, "name": "b", "domain": "example.com"}]).credential

    assert (credential.id, credential.site) == ("example.com", "https://example.com")
    assert credential.cookies[0] == Cookie(
        "sid",
        "s3cr3t",
        "wiki.example.com",
        path="/confluence",
        expires=1_800_000_000.0,
        secure=True,
        http_only=True,
        same_site="lax",
    )


def test_a_record_says_what_it_is_for() -> None:
    whole = {
        "id": "wiki",
        "site": "http://127.0.0.1:8090/login?x",
        "cookies": [],
        "headers": {"X-Key": "k"},
        "bearer_token": "t",
        "user_agent": "Theirs",
    }
    credential = read(whole).credential

    assert (credential.id, credential.site) == ("wiki", "http://127.0.0.1:8090")
    assert (credential.headers, credential.bearer_token) == ({"User-Agent": "Theirs", "X-Key": "k"}, "t")
    again = read(whole, auth_id="other", site="jira.example.com").credential
    assert (again.id, again.site) == ("other", "https://jira.example.com")


def test_records_of_the_system_this_one_realises_are_read() -> None:
    """Its cookies are JSON in a text, and its names are others."""
    old = {
        "id": "generic:jira",
        "site_domain": "jira.example.com",
        "cookies": msgspec.json.encode([FULL]).decode(),
        "tokens": {"atl": "x"},
        "userAgent": "UA",
        "created_at": 1,
    }
    checked = read(old)

    assert checked.credential.site == "https://jira.example.com"
    assert len(checked.credential.cookies) == 1
    assert checked.warnings == ("not used: tokens",)


@pytest.mark.parametrize(
    ("fields", "domain", "host_only"),
    [
        ({"domain": ".example.com"}, "example.com", False),
        ({"domain": "example.com"}, "example.com", True),
        ({"domain": "example.com", "hostOnly": False}, "example.com", False),
        ({"domain": "127.0.0.1"}, "127.0.0.1", True),
        ({"domain": "::1"}, "::1", True),
    ],
)
def test_a_leading_dot_makes_a_cookie_one_of_the_hosts_below_too(
    fields: dict[str, Any], domain: str, host_only: bool
) -> None:
    found = cookie(**fields)

    assert (found.domain, found.host_only) == (domain, host_only)


def test_a_cookie_without_a_domain_is_of_the_site_alone() -> None:
    [found] = read({"site": "http://h.io:81", "cookies": [{"name": "a", "value": "1"}]}).credential.cookies

    assert found == Cookie("a", "1", "h.io", host_only=True)


@pytest.mark.parametrize("fields", [{"expires": 0}, {"expires": -1}, {"expires": None}, {"expires": -0.0}])
def test_what_has_no_date_is_a_session_cookie(fields: dict[str, Any]) -> None:
    assert cookie(**fields).expires is None


def test_an_expired_cookie_stays_expired_and_is_warned_of() -> None:
    checked = read([{**FULL, "expires": 1.5}, {**FULL, "name": "b", "expires": None, "expirationDate": 2e9}])

    assert [each.expires for each in checked.credential.cookies] == [1.5, 2e9]
    assert checked.warnings == ("1 of 2 cookies have expired and are not sent: sid",)


@pytest.mark.parametrize(
    ("value", "path", "words"),
    [
        ("text", "", "not a text"),
        ([], "", "nothing in it"),
        ({"site": "h.io"}, "", "nothing in it"),
        ([{"name": "a", "value": "1"}], "site", "--site"),
        ([5], "cookies[0]", "must be an object, not a number"),
        ([{**FULL, "value": 5}], "cookies[0].value", "must be a text"),
        ([{**FULL, "name": ""}], "cookies[0]", "no cookie can have"),
        ([{**FULL, "value": "s3cr3t; x"}], "cookies[0]", "no cookie can have"),
        ([{**FULL, "value": "s3cr3t\r\nX: y"}], "cookies[0]", "no cookie can have"),
        ([FULL, {**FULL, "domain": "a b"}], "cookies[1].domain", "no host"),
        ([{**FULL, "domain": "h.io/x"}], "cookies[0].domain", "no host"),
        ([{**FULL, "expires": "s3cr3t"}], "cookies[0].expires", "Unix seconds, not a text"),
        ([{**FULL, "secure": 1}], "cookies[0].secure", "true or false, not a number"),
        ([{**FULL, "path": 1}], "cookies[0].path", "must be a text"),
        ({"cookies": {}}, "cookies", "must be a list"),
        ({"cookies": "s3cr3t"}, "cookies", "no JSON"),
        ({"site": "ftp://h", "bearer_token": "t"}, "site", "a site is"),
        ({"site": "h.io", "bearer_token": "s3cr3t x"}, "bearer_token", "without spaces"),
        ({"site": "h.io", "headers": {"Cookie": "s3cr3t"}}, "headers.Cookie", "the client's own"),
        ({"site": "h.io", "headers": {"X y": "s3cr3t"}}, "headers", "letters"),
        ({"site": "h.io", "headers": {"X": "s3cr3t\n"}}, "headers.X", "printable"),
        ({"site": "h.io", "headers": ["s3cr3t"]}, "headers", "must be an object"),
        ({"site": "h.io", "bearer_token": "t", "id": "a\nb"}, "id", "printable"),
        ([FULL] * (MAX_RECORD_COOKIES + 1), "cookies", f"at most {MAX_RECORD_COOKIES}"),
    ],
)
def test_what_is_no_record_is_refused_with_its_place_and_without_its_values(
    value: Any, path: str, words: str
) -> None:
    with pytest.raises(RecordError) as caught:
        read(value)
    error = caught.value
    told = f"{error}; {error.hint}"

    assert error.path == path
    assert words in told
    assert "s3cr3t" not in told


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[" * 5000, b"s3cr3t", b" " * (MAX_BYTES + 1)])
def test_what_is_no_json_is_refused(text: bytes) -> None:
    with pytest.raises(RecordError) as caught:
        read_record(text, now_seconds=NOW)
    assert "s3cr3t" not in str(caught.value)
