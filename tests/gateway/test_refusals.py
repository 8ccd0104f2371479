"""Every route against what must not come in: the right refusal, and nothing is changed."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar.routes import HTTPRoute

from runtime.gateway import gateway
from runtime.gateway.settings import GatewaySettings
from tests.embedding.workers import Number, double
from tests.gateway.conftest import OPERATOR, READER, TOKENS, Service, service_with

OPEN = {"/", "/api/health/live", "/api/health/ready", "/static/app.js", "/static/style.css"}
OWN = {"/api/login", "/api/logout"}
METHODS = {"GET", "POST", "PUT", "DELETE", "PATCH"}
SOCKET = "WEBSOCKET"


def routes(service: Service) -> list[tuple[str, str]]:
    """Method and path of every route that the application has, with an id that exists.

    They are asked of the application itself, so that none escapes by being left out of a list or a document.
    """
    run = service.runtime.fan_out(double, [Number(1)])
    run.wait(100)
    found: list[tuple[str, str]] = []
    for route in gateway(service.runtime).routes:
        methods = METHODS & {*route.methods} if isinstance(route, HTTPRoute) else {SOCKET}
        files = ["app.js", "style.css"] if "file_path" in route.path else [run.id]
        found += [(method, re.sub(r"\{.*?\}", file, route.path)) for method in methods for file in files]
    return found


def requests(service: Service) -> list[tuple[str, str]]:
    """The routes that take requests."""
    return [(method, path) for method, path in routes(service) if method != SOCKET]


def rows(service: Service) -> list[Any]:
    """Everything that a route may change: all rows of all tables, and the files of definitions."""
    with service.runtime.reader.snapshot() as connection:
        tables = connection.execute(
            "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name <> 'owner' ORDER BY name"
        ).fetchall()
        found: list[Any] = [
            (name, connection.execute(f'SELECT * FROM main."{name}" ORDER BY 1').fetchall())
            for (name,) in tables
        ]
    return found + [(file.name, file.read_bytes()) for file in sorted(service.definitions.iterdir())]


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
    found = requests(guarded)
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
    assert len(found) > 45


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {OPERATOR}", "Origin": "https://evil.example.com"},
        {"Authorization": f"Bearer {OPERATOR}", "Host": "evil.example.com"},
        {},
        {"Authorization": "Bearer wrong"},
    ],
    ids=["foreign origin", "foreign host", "no token", "wrong token"],
)
def test_every_socket_is_refused_before_it_opens(guarded: Service, headers: dict[str, str]) -> None:
    sockets = [path for method, path in routes(guarded) if method == SOCKET]
    before = rows(guarded)
    assert sockets == ["/ws"]
    for path in sockets:
        handshake = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        }
        got = guarded.client.get(path, headers=handshake | headers)
        assert got.status_code == 403, (path, got.text)
        assert answer(guarded, "GET", path, Authorization=f"Bearer {OPERATOR}").status_code in {404, 405}
        assert answer(guarded, "POST", path, Authorization=f"Bearer {OPERATOR}").status_code in {404, 405}
    assert rows(guarded) == before


def test_a_reader_changes_nothing(guarded: Service) -> None:
    found = requests(guarded)
    before = rows(guarded)
    for method, path in found:
        if method == "GET" or path in OWN:
            continue
        got = answer(guarded, method, path, Authorization=f"Bearer {READER}")
        assert got.status_code == 403, (method, path)
    assert rows(guarded) == before


def test_a_wrong_method_is_told_which_are_right(service: Service) -> None:
    found = requests(service)
    before = rows(service)
    for path in {path for _, path in found}:
        taken = {method for method, each in found if each == path}
        for method in METHODS - taken:
            got = answer(service, method, path)
            assert got.status_code == 405, (method, path, got.text)
            assert taken <= {*got.headers["allow"].split(", ")}, (method, path)
            assert got.json()["status"] == 405
    assert rows(service) == before


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff\xfe", b"[]", b'"x"', b"{" * 5000, b'{"id": ' + b"9" * 400 + b"}", b"\x00", b"[" * 100_000],
)
def test_a_malformed_body_is_refused_by_every_route_that_changes_something(
    service: Service, body: bytes
) -> None:
    found = [(method, path) for method, path in requests(service) if method != "GET"]
    before = rows(service)
    for method, path in found:
        for media_type in (
            "application/json",
            "application/toml",
            "multipart/form-data; boundary=x",
            "text/html",
        ):
            got = service.client.request(method, path, content=body, headers={"content-type": media_type})
            if path == "/api/job-definitions/validate" and got.status_code == 200:
                assert got.json()["valid"] is False  # what is wrong is what one asks for there
                continue
            assert got.status_code in {400, 404}, (method, path, media_type, got.text)
            assert got.headers["content-type"] == "application/problem+json"
    assert rows(service) == before


def test_what_is_at_no_path_is_not_there(service: Service) -> None:
    for path in (
        "/static/app.js%00",
        f"/static/{'x' * 5000}",
        "/static/..%2fgate.py",
        "/static/views",
        "/static/",
        "/api/schema/x",
        "/api/schema/x.json",
        "/x%ff%00",
    ):
        got = service.client.get(service.server.url + path)
        assert got.status_code == 404, (path, got.text)
        assert got.headers["content-type"] == "application/problem+json", path


def test_a_body_that_nobody_reads_is_not_taken(service: Service) -> None:
    run = service.runtime.fan_out(double, [Number(1)])
    run.wait(100)
    path = f"/api/jobs/{run.id}/pause"
    for empty in (b"", b"{}", b"null", b" "):
        assert service.client.post(path, content=empty).status_code == 200
    got = service.client.post(f"/api/jobs/{run.id}/cancel", json={"reason": "x"})
    assert got.status_code == 400
    assert "takes no body" in got.json()["detail"]
    assert "address" in got.json()["detail"]


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


def test_no_answer_shows_a_token(guarded: Service) -> None:
    for method, path in requests(guarded):
        if method == "GET" and path != "/api/events":  # which does not end
            assert OPERATOR not in answer(guarded, "GET", path, Authorization=f"Bearer {OPERATOR}").text


def test_every_answer_tells_the_browser_to_be_careful(service: Service) -> None:
    for path in ("/api/jobs", "/api/nothing", "/api/jobs/stats"):
        headers = service.client.get(path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_a_page_of_an_allowed_origin_may_ask_and_read(tmp_path: Path) -> None:
    origin = "https://ops.example.com"
    settings = GatewaySettings(port=0, tokens=TOKENS, allowed_origins=(origin,))
    for service in service_with(tmp_path, settings):
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        before = service.client.options("/api/jobs/x/cancel", headers=asked | {"Origin": origin})
        assert before.status_code == 204
        assert before.headers["access-control-allow-origin"] == origin
        assert "Authorization" in before.headers["access-control-allow-headers"]
        token = {"Authorization": f"Bearer {READER}"}
        for headers, status in ((token, 200), ({}, 401)):
            got = service.client.get("/api/jobs", headers=headers | {"Origin": origin})
            assert got.status_code == status
            assert got.headers["access-control-allow-origin"] == origin
            assert got.headers["vary"] == "Origin"
        for foreign in ("https://evil.example.com", "null"):
            for got in (
                service.client.options("/api/jobs", headers=asked | {"Origin": foreign}),
                service.client.get("/api/jobs", headers=token | {"Origin": foreign}),
            ):
                assert got.status_code == 403
                assert "access-control-allow-origin" not in got.headers
        evil = {"Origin": origin, "Host": "evil.example.com"} | asked
        assert service.client.options("/api/jobs", headers=evil).status_code == 400


@pytest.mark.parametrize(
    ("content", "path", "words"),
    [
        (b"", "$", "the body is missing"),
        (b'{"url": "http://x/", "max_depth": "two"}', "$.max_depth", "Expected `int`"),
        (b'{"url": "http://x/", "include_patterns": ["a", 3]}', "$.include_patterns[1]", "Expected `str`"),
        (b'{"url": "http://x/", "other": 1}', "$", "unknown field `other`"),
        (b"{}", "$", "`url`"),
    ],
)
def test_a_body_is_refused_with_the_path_of_what_is_wrong(
    service: Service, content: bytes, path: str, words: str
) -> None:
    headers = {"content-type": "application/json"}
    got = service.client.post("/api/job-definitions/quick-crawl", content=content, headers=headers)
    assert got.status_code == 400
    [fault] = got.json()["errors"]
    assert fault["path"] == path
    assert words in fault["message"]


def test_a_key_that_is_none_is_refused_as_such(service: Service) -> None:
    (service.definitions / "d.toml").write_text(
        'id = "d"\nname = "D"\n[step.a]\naction = "at_gate"\npath = "x"\nenabled = false\n'
    )
    for key in ("", '""', "x" * 1001):
        got = service.client.post("/api/job-definitions/d/execute", headers={"Idempotency-Key": key})
        assert got.status_code == 400
        assert [each["path"] for each in got.json()["errors"]] == ["Idempotency-Key"]
    quoted, plain = (
        service.client.post("/api/job-definitions/d/execute", headers={"Idempotency-Key": key}).json()[
            "job_id"
        ]
        for key in ('"k"', "k")
    )
    assert quoted == plain
