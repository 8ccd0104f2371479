"""Who is let in, by the headers of a request."""

import msgspec
import pytest

from runtime.gateway.guard import Call, Refusal, admit
from runtime.gateway.settings import GatewaySettings, is_loopback
from runtime.gateway.tokens import Role, Token, token_hash

OPEN = GatewaySettings()
TOKENS = (Token("r", token_hash("r"), Role.READ), Token("o", token_hash("o"), Role.OPERATE))
GUARDED = GatewaySettings(
    host="10.0.0.5",
    tokens=TOKENS,
    allowed_hosts=("jobs.example.com",),
    allowed_origins=("https://ops.example.com",),
)
CALL = Call(method="POST", path="/api/jobs/x/cancel", host="127.0.0.1:8085")


def status(call: Call, settings: GatewaySettings) -> int:
    found = admit(call, settings)
    return found.status if isinstance(found, Refusal) else 200


def test_without_tokens_whoever_reaches_it_by_a_loopback_name_may_operate() -> None:
    for host in ("127.0.0.1:8085", "localhost:8085", "localhost", "[::1]:8085", "LOCALHOST:1"):
        assert admit(msgspec.structs.replace(CALL, host=host), OPEN) is Role.OPERATE


@pytest.mark.parametrize(
    "host",
    [None, "", "evil.example.com", "127.0.0.1.evil.com", "127.0.0.1@evil.com:8085", "[", "a b", ":8085"],
)
def test_a_foreign_host_is_refused_before_anything_else(host: str | None) -> None:
    for settings in (OPEN, GUARDED):
        assert status(msgspec.structs.replace(CALL, host=host, token="o"), settings) == 400


def test_names_that_are_configured_are_known() -> None:
    for host in ("jobs.example.com", "10.0.0.5:8085"):
        assert status(msgspec.structs.replace(CALL, host=host, token="o"), GUARDED) == 200
    everywhere = GatewaySettings(allowed_hosts=("*",))
    assert status(msgspec.structs.replace(CALL, host="any.example.com"), everywhere) == 200


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://127.0.0.1:8085", 200),
        ("https://ops.example.com", 200),
        ("http://127.0.0.1:9999", 403),
        ("https://evil.example.com", 403),
        ("null", 403),
        ("file://127.0.0.1:8085", 403),
        ("http://[", 403),
    ],
)
def test_a_page_of_another_origin_may_not_call_it(origin: str, expected: int) -> None:
    assert status(msgspec.structs.replace(CALL, origin=origin, token="o"), GUARDED) == expected
    asking = msgspec.structs.replace(CALL, method="GET", origin=origin, token="o")
    assert status(asking, GUARDED) == expected


def test_a_browser_that_tells_of_another_site_may_only_follow_links() -> None:
    for site, expected in (("cross-site", 403), ("same-site", 403), ("same-origin", 200), ("none", 200)):
        assert status(msgspec.structs.replace(CALL, fetch_site=site), OPEN) == expected
        assert status(msgspec.structs.replace(CALL, method="GET", fetch_site=site), OPEN) == 200


@pytest.mark.parametrize(
    ("method", "path", "token", "expected"),
    [
        ("GET", "/api/jobs", None, 401),
        ("GET", "/api/jobs", "wrong", 401),
        ("GET", "/api/jobs", "r", 200),
        ("GET", "/api/jobs", "o", 200),
        ("POST", "/api/jobs/x/cancel", "r", 403),
        ("DELETE", "/api/jobs/x", "r", 403),
        ("POST", "/api/jobs/x/cancel", "o", 200),
        ("POST", "/api/jobs/x/cancel", None, 401),
        ("GET", "/api/health/live", None, 200),
        ("GET", "/api/health/ready", "wrong", 200),
        ("POST", "/api/health/live", None, 401),
        ("GET", "/", None, 200),
        ("GET", "/static/page.js", None, 200),
        ("POST", "/static/page.js", None, 401),
        ("POST", "/api/login", None, 401),
        ("POST", "/api/login", "wrong", 401),
        ("POST", "/api/login", "r", 200),
    ],
)
def test_what_a_token_allows(method: str, path: str, token: str | None, expected: int) -> None:
    call = Call(method=method, path=path, host="127.0.0.1", token=token)
    assert status(call, GUARDED) == expected


def test_an_address_that_others_reach_needs_a_token() -> None:
    for host in ("0.0.0.0", "::", "192.168.1.2", "jobs.example.com"):
        assert not is_loopback(host)
        assert "quaero token" in GatewaySettings(host=host).problem
        assert not GatewaySettings(host=host, tokens=TOKENS).problem
    for host in ("127.0.0.1", "127.3.2.1", "::1", "localhost"):
        assert is_loopback(host)
        assert not GatewaySettings(host=host).problem
