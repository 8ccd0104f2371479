"""A parameter that a route does not know is refused by every route, and what was probably meant is named."""

import asyncio
import re
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from runtime.gateway.parameters import MOST_TOLD, refuse_unknown
from runtime.gateway.problem import BadRequestError
from tests.embedding.workers import Number, double
from tests.gateway.conftest import Service
from tests.gateway.sockets import socket_at
from tests.gateway.test_refusals import rows


def operations(service: Service) -> list[tuple[str, str, set[str]]]:
    """Method, path and query parameters of everything that the OpenAPI document has, with an id that exists."""
    run = service.runtime.fan_out(double, [Number(1)])
    run.wait(100)
    return [
        (
            method,
            re.sub(r"\{.*?\}", run.id, path),
            {each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"},
        )
        for path, methods in service.client.get("/api/schema/openapi.json").json()["paths"].items()
        for method, operation in methods.items()
    ]


def test_every_route_refuses_a_parameter_that_it_does_not_know(service: Service) -> None:
    found = operations(service)
    before = rows(service)
    for method, path, known in found:
        got = service.client.request(method, path, params={"no such": "1"})
        assert got.status_code == 400, (method, path, got.text)
        assert got.headers["content-type"] == "application/problem+json"
        [fault] = got.json()["errors"]
        assert fault["path"] == "no such"
        assert fault["message"] == f'{path} takes no parameter "no such"'
        assert all(each in fault["hint"] for each in known)
        for each in known:
            got = service.client.request(method, path, params={f"{each}x": "1"})
            assert got.status_code == 400, (method, path, each)
            assert re.search(r"did you mean|it takes", got.json()["detail"]), (method, path, each)
    assert rows(service) == before
    assert len(found) > 40
    assert sum(len(known) for *_, known in found) > 30


@pytest.mark.parametrize(
    ("address", "meant"),
    [
        ("/api/jobs?stat=failed", "state"),
        ("/api/jobs?status=failed", "state"),
        ("/api/jobs?limit=5&State=failed", "state"),
        ("/api/jobs?parent=root", "parent_id"),
        ("/api/documents?tags=a", "tag"),
        ("/api/search?q=a&runid=1", "run_id"),
        ("/api/events?types=a&follow=false", "type"),
    ],
)
def test_the_parameter_that_was_probably_meant_is_named(service: Service, address: str, meant: str) -> None:
    got = service.client.get(address)
    assert got.status_code == 400
    [fault] = got.json()["errors"]
    assert fault["hint"] == f"did you mean {meant}?"
    assert got.json()["detail"].endswith(fault["hint"])
    assert service.client.head(address).status_code == 400


def test_all_that_are_unknown_are_told_but_not_endlessly() -> None:
    refuse_unknown(["a", "b", "a"], {"a", "b"}, "/x")
    refuse_unknown([], (), "/x")
    with pytest.raises(BadRequestError) as refused:
        refuse_unknown(["one", "a", "two", "one"], {"a"}, "/x")
    assert [each.path for each in refused.value.faults] == ["one", "two"]
    assert (
        str(refused.value)
        == '/x takes no parameter "one"; it takes a; /x takes no parameter "two"; it takes a'
    )
    with pytest.raises(BadRequestError, match='/x takes no parameter ""; it takes none'):
        refuse_unknown([""], (), "/x")
    with pytest.raises(BadRequestError) as refused:
        refuse_unknown(map(str, range(10_000)), {"a"}, "/x")
    assert len(refused.value.faults) == MOST_TOLD


def test_a_parameter_without_a_value_is_one_too(service: Service) -> None:
    for query in ("stat", "stat=", "=1", "%00", "%ff=1", "state=failed&state=failed&x"):
        assert service.client.get(f"/api/jobs?{query}").status_code == 400, query
    assert service.client.get("/api/jobs?").status_code == 200


def test_pages_may_carry_whatever_they_like_in_their_address(service: Service) -> None:
    for path in ("/", "/static/app.js", "/api/schema/openapi.json"):
        assert service.client.get(f"{path}?state=failed&v=3").status_code == 200


def test_a_socket_refuses_it_before_it_opens(service: Service) -> None:
    url = service.server.url.replace("http", "ws") + "/ws"

    async def tried(query: str) -> Any:
        async with socket_at(url + query) as socket:
            return await socket.recv()

    for query in ("?run=x", "?follow=false"):
        with pytest.raises(InvalidStatus, match="403"):
            asyncio.run(tried(query))
    assert "snapshot" in asyncio.run(tried("?mode=latest&level=parents"))
