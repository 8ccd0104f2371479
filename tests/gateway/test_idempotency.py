"""Idempotency-Key: the same request gives the first answer, another one is told whose the key is."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import httpx
import pytest

from tests.embedding.workers import GATES, Number, double
from tests.gateway.conftest import Service
from tests.gateway.test_definitions import AS_TOML, TOML

KEY = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}
NIGHTLY = "/api/job-definitions/nightly"


def given(service: Service) -> None:
    """Two definitions, whose runs do not end by themselves."""
    GATES["nightly"] = Event()
    for text in (TOML, TOML.replace(b'id = "nightly"', b'id = "weekly"')):
        assert service.client.post("/api/job-definitions", content=text, headers=AS_TOML).status_code == 201


def runs(service: Service) -> int:
    return int(service.client.get("/api/jobs/stats").json()["runs"]["total"])


def refused(answer: httpx.Response, run_id: str) -> None:
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert run_id in problem["detail"]
    assert "take another key" in problem["detail"]
    assert problem["errors"][0]["path"] == "Idempotency-Key"


def test_another_definition_with_the_same_key_is_refused(service: Service) -> None:
    given(service)
    first = service.client.post(f"{NIGHTLY}/execute", headers=KEY).json()["job_id"]
    refused(service.client.post("/api/job-definitions/weekly/execute", headers=KEY), first)
    quick = service.client.post(
        "/api/job-definitions/quick-crawl", json={"url": "http://127.0.0.1:1/"}, headers=KEY
    )
    refused(quick, first)
    assert service.client.post(f"{NIGHTLY}/execute", headers=KEY).json()["job_id"] == first
    assert runs(service) == 1


def test_the_same_request_has_the_first_answer_also_after_its_definition_was_changed(
    service: Service,
) -> None:
    given(service)
    first = service.client.post(f"{NIGHTLY}/execute", headers=KEY)
    changed = b"timeout = 77\n" + TOML
    assert service.client.put(NIGHTLY, content=changed, headers=AS_TOML).status_code == 200
    again = service.client.post(f"{NIGHTLY}/execute", headers=KEY)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["location"] == first.headers["location"]
    assert runs(service) == 1


@pytest.mark.parametrize("what", ["removed", "disabled", "broken", "unrunnable", "renamed"])
def test_the_same_request_has_the_first_answer_whatever_became_of_its_definition(
    service: Service, what: str
) -> None:
    given(service)
    first = service.client.post(f"{NIGHTLY}/execute", headers=KEY)
    file = service.definitions / "nightly.toml"
    match what:
        case "removed":
            assert service.client.delete(NIGHTLY).status_code == 204
        case "disabled":
            file.write_bytes(b"enabled = false\n" + TOML)
        case "broken":
            file.write_bytes(b"id = ")
        case "unrunnable":
            file.write_bytes(TOML.replace(b"at_gate", b"no_such_action"))
        case "renamed":
            file.write_bytes(TOML.replace(b"Nightly", b"Every night"))
    again = service.client.post(f"{NIGHTLY}/execute", headers=KEY)
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert again.headers["location"] == first.headers["location"]
    if (
        what != "renamed"
    ):  # whoever did not ask before is told what is wrong, and so is who comes with the key of another
        new = {"Idempotency-Key": "new"}
        for headers in ({}, new, new):
            assert service.client.post(f"{NIGHTLY}/execute", headers=headers).status_code in {400, 404, 409}
    refused(service.client.post("/api/job-definitions/weekly/execute", headers=KEY), first.json()["job_id"])
    assert service.client.post("/api/job-definitions/gone/execute", headers=KEY).status_code == 404
    assert runs(service) == 1


def test_a_run_that_was_made_again_is_the_answer_also_once_the_old_one_is_deleted(service: Service) -> None:
    old = service.runtime.fan_out(double, [Number(1)])
    old.wait(20)
    first = service.client.post(f"/api/jobs/{old.id}/rerun", headers=KEY)
    assert service.client.delete(f"/api/jobs/{old.id}").status_code == 200
    again = service.client.post(f"/api/jobs/{old.id}/rerun", headers=KEY)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["location"] == first.headers["location"]
    for headers in ({}, {"Idempotency-Key": "new"}):
        assert service.client.post(f"/api/jobs/{old.id}/rerun", headers=headers).status_code == 404


def test_a_crawl_is_told_from_others_by_its_body(service: Service) -> None:
    def crawl(body: dict[str, Any]) -> httpx.Response:
        return service.client.post("/api/job-definitions/quick-crawl", json=body, headers=KEY)

    first = crawl({"url": "http://127.0.0.1:1/", "max_pages": 10}).json()["job_id"]
    assert crawl({"max_pages": 10, "url": "http://127.0.0.1:1/"}).json()["job_id"] == first
    refused(crawl({"url": "http://127.0.0.1:1/", "max_pages": 11}), first)
    refused(crawl({"url": "http://127.0.0.1:2/"}), first)
    assert runs(service) == 1


def test_a_run_is_made_again_once_for_each_key(service: Service) -> None:
    old, other = (service.runtime.fan_out(double, [Number(each)]) for each in range(2))
    for each in (old, other):
        each.wait(20)
    answers = [service.client.post(f"/api/jobs/{old.id}/rerun", headers=KEY) for _ in range(3)]
    [new] = {each.json()["new_job_id"] for each in answers}
    assert {each.status_code for each in answers} == {201}
    refused(service.client.post(f"/api/jobs/{other.id}/rerun", headers=KEY), new)
    assert runs(service) == 3
    assert service.client.post(f"/api/jobs/{old.id}/rerun").json()["new_job_id"] != new


def test_requests_at_the_same_time_make_one_run_and_none_is_told_to_wait(service: Service) -> None:
    """A key is looked at in the commit that makes its run: whoever comes second finds it made, so 409 can not be."""
    given(service)

    def ask(number: int) -> httpx.Response:
        name = "nightly" if number % 4 else "weekly"
        return service.client.post(f"/api/job-definitions/{name}/execute", headers=KEY)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, range(32)))
    assert {each.status_code for each in answers} == {202, 422}
    [made] = {each.json()["job_id"] for each in answers if each.status_code == 202}
    for each in answers:
        if each.status_code == 422:
            refused(each, made)
    assert runs(service) == 1
