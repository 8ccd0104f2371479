"""HEAD on every GET route: the status and the headers of GET, and no body."""

import socket
from urllib.parse import urlsplit

import httpx
import pytest

from runtime.gateway.head import allowed
from tests.embedding.workers import Number, double
from tests.gateway.conftest import OPERATOR, READER, Service
from tests.gateway.test_refusals import requests

MOVES = {"date", "content-length"}  # of answers that tell what moves, such as times of actors
LIVING = {"/api/runtime", "/metrics"}


def taken(service: Service) -> list[str]:
    return sorted({each for method, each in requests(service) if method == "GET"})


def headers(answer: httpx.Response, path: str) -> dict[str, str]:
    left_out = MOVES if path in LIVING else {"date"}
    return {name: value for name, value in answer.headers.items() if name not in left_out}


def test_every_get_route_answers_head_with_the_headers_of_get(service: Service) -> None:
    paths = taken(service)
    assert len(paths) > 20
    for path in paths:
        head = service.client.head(path)
        if path == "/api/events":
            assert head.status_code == 200
            assert head.headers["content-type"].startswith("text/event-stream")
            continue
        get = service.client.get(path)
        assert (head.status_code, head.content) == (get.status_code, b""), path
        assert headers(head, path) == headers(get, path), path


def test_a_path_without_a_route_says_where_the_routes_are(service: Service) -> None:
    problem = service.client.get("/api/nothing").json()
    assert (problem["status"], problem["instance"]) == (404, "/api/nothing")
    assert problem["detail"].startswith("there is nothing at /api/nothing; ")


def test_the_length_of_what_get_would_send_is_told(service: Service) -> None:
    for path in ("/api/version", "/", "/static/app.js", "/api/schema/openapi.json"):
        get = service.client.get(path)
        assert int(service.client.head(path).headers["content-length"]) == len(get.content), path


def test_no_byte_of_a_body_is_sent_and_the_connection_goes_on(service: Service) -> None:
    """Looked at without a client that would hide a body."""
    address = urlsplit(service.server.url)
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as connection:
        asked = "{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\n{}\r\n"
        for method, path, more in (
            ("HEAD", "/api/events", ""),
            ("HEAD", "/api/jobs", ""),
            ("HEAD", "/static/style.css", ""),
            ("HEAD", "/api/nothing", ""),
            ("GET", "/api/version", "Connection: close\r\n"),
        ):
            connection.sendall(asked.format(method, path, more).encode())
        answers = b""
        while piece := connection.recv(65536):
            answers += piece
    statuses = [line for line in answers.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    assert [line.split()[1] for line in statuses] == [b"200", b"200", b"200", b"404", b"200"]
    assert answers.count(b"\r\n\r\n") == 5
    assert b"}HTTP" not in answers
    assert answers.split(b"\r\n\r\n")[-1].startswith(b"{")


def test_a_stream_that_is_asked_for_its_headers_listens_to_nothing(service: Service) -> None:
    for query in ("", "?follow=false", "?after=0", "?mode=latest&level=parents"):
        head = service.client.head(f"/api/events{query}")
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["cache-control"] == "no-store"
    assert service.client.head("/api/events?mode=none").status_code == 400
    assert service.client.get("/api/version").status_code == 200


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"Authorization": f"Bearer {READER}", "Host": "evil.example.com"}, 400),
        ({"Authorization": f"Bearer {READER}", "Origin": "https://evil.example.com"}, 403),
        ({"Authorization": "Bearer wrong"}, 401),
        ({}, 401),
    ],
    ids=["foreign host", "foreign origin", "wrong token", "no token"],
)
def test_head_is_refused_as_get_is(guarded: Service, sent: dict[str, str], expected: int) -> None:
    for path in ("/api/jobs", "/api/events"):  # fewer wrong tokens than make one wait
        head, get = (guarded.client.request(method, path, headers=sent) for method in ("HEAD", "GET"))
        assert head.status_code == get.status_code == expected
        assert head.content == b""
        assert headers(head, path) == headers(get, path)
    assert (
        guarded.client.head("/api/jobs", headers={"Authorization": f"Bearer {OPERATOR}"}).status_code == 200
    )
    assert guarded.client.head("/api/health/live").status_code == 200


def test_a_route_without_get_refuses_head_and_says_what_it_takes(service: Service) -> None:
    run = service.runtime.fan_out(double, [Number(1)])
    run.wait(20)
    head = service.client.head(f"/api/jobs/{run.id}/cancel")
    assert (head.status_code, head.content) == (405, b"")
    assert {*head.headers["allow"].split(", ")} == {"OPTIONS", "POST"}
    wrong = service.client.request("PATCH", f"/api/jobs/{run.id}")
    assert {*wrong.headers["allow"].split(", ")} == {"DELETE", "GET", "HEAD", "OPTIONS"}


def test_head_is_allowed_where_get_is() -> None:
    assert allowed(["GET", "OPTIONS"]) == "GET, HEAD, OPTIONS"
    assert allowed(["POST", "OPTIONS"]) == "OPTIONS, POST"
