"""Every route against what must not come in: the right refusal, and nothing is changed."""

import re
from typing import Any

import httpx
import pytest

from tests.embedding.workers import Number, double
from tests.gateway.conftest import OPERATOR, READER, Service

OPEN = {"/api/health/live", "/api/health/ready"}
OWN = {"/api/login", "/api/logout"}


def routes(service: Service) -> list[tuple[str, str]]:
    """Method and path of every route that the OpenAPI document names, with an id that exists."""
    run = service.runtime.fan_out(double, [Number(1)])
    run.wait(20)
    document = service.client.get(
        "/api/schema/openapi.json", headers={"Authorization": f"Bearer {OPERATOR}"}
    ).json()
    return [
        (method.upper(), re.sub(r"\{.*?\}", run.id, path))
        for path, methods in document["paths"].items()
        for method in methods
    ]


def rows(service: Service) -> list[Any]:
    """Everything that a route may change."""
    with service.runtime.reader.snapshot() as connection:
        return [
            connection.execute(f"SELECT * FROM {table} ORDER BY 1").fetchall()
            for table in (
                "main.job",
                "main.parent",
                "main.deletion",
                "schedule",
                "webhook",
                "paused_type",
                "main.event_batch",
            )
        ]


def answer(service: Service, method: str, path: str, **headers: str) -> httpx.Response:
    return service.client.request(
        method, path, headers={key.replace("_", "-"): value for key, value in headers.items()}
    )


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Authorization": f"Bearer {OPERATOR}", "Host": "evil.example.com"}, 400),
        ({"Authorization": f"Bearer {OPERATOR}", "Origin": "https://evil.example.com"}, 403),
        ({"Authorization": f"Bearer {OPERATOR}", "Sec_Fetch_Site": "cross-site"}, 403),
        ({}, 401),
    ],
    ids=["foreign host", "foreign origin", "another site", "no token"],
)
def test_every_route_refuses(guarded: Service, headers: dict[str, str], expected: int) -> None:
    found = routes(guarded)
    before = rows(guarded)
    for method, path in found:
        if "Sec_Fetch_Site" in headers and method == "GET":
            continue  # a link on another site leads here: the page is shown to who follows it, not to that site
        wanted = 200 if expected == 401 and path in OPEN else expected
        got = answer(guarded, method, path, **headers)
        assert got.status_code == wanted, (method, path, got.text)
        if wanted != 200:
            assert got.json()["status"] == expected
    assert rows(guarded) == before
    assert len(found) > 25


def test_a_reader_changes_nothing(guarded: Service) -> None:
    found = routes(guarded)
    before = rows(guarded)
    for method, path in found:
        if method == "GET" or path in OWN:
            continue
        got = answer(guarded, method, path, Authorization=f"Bearer {READER}")
        assert got.status_code == 403, (method, path)
    assert rows(guarded) == before


def test_a_wrong_method_is_told_which_are_right(service: Service) -> None:
    found = routes(service)
    before = rows(service)
    for path in {path for _, path in found}:
        taken = {method for method, each in found if each == path}
        for method in {"GET", "POST", "PUT", "DELETE", "PATCH"} - taken:
            got = answer(service, method, path)
            assert got.status_code in {404, 405}, (method, path, got.text)
    assert rows(service) == before


@pytest.mark.parametrize(
    "body", [b"{", b"\xff\xfe", b"[]", b'"x"', b"{" * 5000, b'{"id": ' + b"9" * 400 + b"}"]
)
def test_a_malformed_body_is_refused(service: Service, body: bytes) -> None:
    before = rows(service)
    for path in ("/api/job-definitions", "/api/job-definitions/upload", "/api/job-definitions/quick-crawl"):
        got = service.client.post(path, content=body, headers={"content-type": "application/json"})
        assert got.status_code == 400, (path, got.text)
        assert got.headers["content-type"] == "application/problem+json"
    assert rows(service) == before
    assert not list(service.definitions.iterdir())


def test_what_is_too_long_is_cut_off(service: Service) -> None:
    long = b"x" * (3 << 20)
    for headers in ({"content-type": "application/toml"}, {"content-type": "application/json"}):
        got = service.client.post("/api/job-definitions/validate", content=long, headers=headers)
        assert got.status_code == 413

    def pieces() -> Any:
        for _ in range(40):
            yield b"x" * (1 << 17)

    got = service.client.post(
        "/api/job-definitions/validate", content=pieces(), headers={"content-type": "application/toml"}
    )
    assert got.status_code == 413
    assert service.client.get("/api/jobs", headers={"x": "y" * 15_000}).status_code == 200
    assert service.client.get("/api/jobs", headers={"x": "y" * 17_000}).status_code in {400, 431}


def test_who_sends_many_wrong_tokens_has_to_wait(guarded: Service) -> None:
    for _ in range(5):
        assert answer(guarded, "POST", "/api/login", Authorization="Bearer wrong").status_code == 401
    got = answer(guarded, "POST", "/api/login", Authorization=f"Bearer {OPERATOR}")
    assert got.status_code == 429
    assert 1 <= int(got.headers["retry-after"]) <= 60
    assert guarded.client.get("/api/health/live").status_code == 200


def test_the_page_keeps_its_token_where_no_script_sees_it(guarded: Service) -> None:
    got = answer(guarded, "POST", "/api/login", Authorization=f"Bearer {READER}")
    assert got.json() == {"role": "read"}
    cookie = got.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert guarded.client.get("/api/jobs").status_code == 200  # the client has kept it
    assert guarded.client.post("/api/logout").status_code == 204
    assert guarded.client.get("/api/jobs").status_code == 401


def test_no_answer_shows_a_token(guarded: Service) -> None:
    for _, path in routes(guarded):
        if path != "/api/events":  # which does not end
            assert OPERATOR not in answer(guarded, "GET", path, Authorization=f"Bearer {OPERATOR}").text


def test_every_answer_tells_the_browser_to_be_careful(service: Service) -> None:
    for path in ("/api/jobs", "/api/nothing", "/api/jobs/stats"):
        headers = service.client.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
