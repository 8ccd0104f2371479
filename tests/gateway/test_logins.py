"""Who logs in with a token, and who tries too often."""

from pathlib import Path

import httpx
import pytest

from runtime.gateway.settings import GatewaySettings
from tests.gateway.conftest import OPERATOR, READER, TOKENS, Service, service_with


def login(service: Service, authorization: str) -> httpx.Response:
    return service.client.post("/api/login", headers={"Authorization": authorization})


def test_who_sends_many_wrong_tokens_has_to_wait(guarded: Service) -> None:
    for _ in range(5):
        assert login(guarded, "Bearer wrong").status_code == 401
    got = login(guarded, f"Bearer {OPERATOR}")
    assert got.status_code == 429
    assert 1 <= int(got.headers["retry-after"]) <= 60
    assert guarded.client.get("/api/health/live").status_code == 200


@pytest.mark.parametrize(("trusted", "then"), [((), 429), (("127.0.0.0/8",), 401)])
def test_only_a_trusted_proxy_says_whose_wrong_tokens_they_are(
    tmp_path: Path, trusted: tuple[str, ...], then: int
) -> None:
    settings = GatewaySettings(port=0, tokens=TOKENS, failed_logins=2, trusted_proxies=trusted)
    for service in service_with(tmp_path, settings):
        seen = [
            service.client.post(
                "/api/login",
                headers={"Authorization": "Bearer wrong", "X-Forwarded-For": f"198.51.100.{place}"},
            ).status_code
            for place in range(3)
        ]
        assert seen == [401, 401, then]


def test_the_page_keeps_its_token_where_no_script_sees_it(guarded: Service) -> None:
    got = login(guarded, f"Bearer {READER}")
    assert got.json() == {"role": "read"}
    cookie = got.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert guarded.client.get("/api/jobs").status_code == 200  # the client has kept it
    assert guarded.client.post("/api/logout").status_code == 204
    assert guarded.client.get("/api/jobs").status_code == 401
