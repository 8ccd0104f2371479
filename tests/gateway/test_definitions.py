"""Definitions over HTTP: list, check, add, replace, remove, run."""

from threading import Event

import pytest

from tests.embedding.workers import GATES
from tests.gateway.conftest import Service

TOML = b"""id = "nightly"
name = "Nightly"

[step.wait]
action = "at_gate"
path = "nightly"
"""
AS_TOML = {"content-type": "application/toml"}


def test_a_definition_is_added_shown_run_replaced_and_removed(service: Service) -> None:
    client = service.client
    GATES["nightly"] = Event()
    GATES["nightly"].set()
    added = client.post("/api/job-definitions", content=TOML, headers=AS_TOML)
    assert (added.status_code, added.headers["location"]) == (201, "/api/job-definitions/nightly")
    assert (service.definitions / "nightly.toml").read_bytes() == TOML
    assert client.get("/api/job-definitions/nightly").json()["toml"] == TOML.decode()
    assert client.get("/api/job-definitions/nightly/export").content == TOML

    made = client.post("/api/job-definitions/nightly/execute")
    assert made.status_code == 202
    run = service.runtime.run(made.json()["job_id"])
    assert made.headers["location"] == f"/api/jobs/{run.id}"
    assert run.wait(100).state == "completed"

    changed = TOML.replace(b'"Nightly"', b'"Every night"')
    assert (
        client.put("/api/job-definitions/nightly", content=changed, headers=AS_TOML).json()["name"]
        == "Every night"
    )
    assert client.delete("/api/job-definitions/nightly").status_code == 204
    assert client.get("/api/job-definitions/nightly").status_code == 404
    assert client.get(f"/api/jobs/{run.id}").status_code == 200


def test_json_is_the_same_definition(service: Service) -> None:
    content = {
        "id": "j",
        "name": "J",
        "description": None,
        "step": {"wait": {"action": "at_gate", "path": "j"}},
    }
    assert service.client.post("/api/job-definitions", json=content).status_code == 201
    shown = service.client.get("/api/job-definitions/j").json()
    assert shown["content"]["steps"][0]["config"] == {"path": "j"}
    assert service.client.post("/api/job-definitions", json=content).status_code == 409


def test_a_form_with_a_file_is_taken(service: Service) -> None:
    answer = service.client.post("/api/job-definitions/upload", files={"file": ("nightly.toml", TOML)})
    assert answer.status_code == 201
    assert service.client.post("/api/job-definitions/upload", files={"other": ("a", TOML)}).status_code == 400


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        (b'id = "x"\nname = "X"\n\n[step.a]\naction = "crawl"\nmax_depth = "deep"\n', "step.a.max_depth", 6),
        (
            b'id = "x"\nname = "X"\n[step.a]\naction = "at_gate"\npath = "p"\ndepends = ["b"]\n',
            "step.a.depends[0]",
            6,
        ),
        (b"id = ", "", 1),
    ],
)
def test_what_is_wrong_is_told_with_line_and_path_and_nothing_is_kept(
    service: Service, text: bytes, path: str, line: int
) -> None:
    for route in ("/api/job-definitions", "/api/job-definitions/upload"):
        answer = service.client.post(route, content=text, headers=AS_TOML)
        assert answer.status_code == 400
        fault = answer.json()["errors"][0]
        assert (fault.get("path", ""), fault["line"]) == (path, line)
    found = service.client.post("/api/job-definitions/validate", content=text, headers=AS_TOML)
    assert (found.status_code, found.json()["valid"]) == (200, False)
    assert list(service.definitions.iterdir()) == []


def test_an_id_that_can_be_no_file_is_refused(service: Service) -> None:
    for wrong in ("../escape", "a/b", ".hidden", "x" * 300):
        text = TOML.replace(b"nightly", wrong.encode(), 1)
        assert service.client.post("/api/job-definitions", content=text, headers=AS_TOML).status_code == 400
    assert list(service.definitions.iterdir()) == []
    assert not list(service.definitions.parent.glob("escape*"))


def test_one_that_can_not_run_or_is_disabled_is_not_run(service: Service) -> None:
    unknown = TOML.replace(b"at_gate", b"at_gait")
    assert service.client.post("/api/job-definitions", content=unknown, headers=AS_TOML).status_code == 201
    refused = service.client.post("/api/job-definitions/nightly/execute")
    assert refused.status_code == 400
    assert "at_gate" in refused.text
    disabled = b"enabled = false\n" + TOML
    service.client.put("/api/job-definitions/nightly", content=disabled, headers=AS_TOML)
    assert service.client.post("/api/job-definitions/nightly/execute").status_code == 409
    assert service.client.post("/api/job-definitions/none/execute").status_code == 404
    assert service.client.get("/api/jobs/stats").json()["runs"]["total"] == 0


def test_the_same_idempotency_key_gives_the_same_run(service: Service) -> None:
    GATES["nightly"] = Event()
    service.client.post("/api/job-definitions", content=TOML, headers=AS_TOML)
    headers = {"Idempotency-Key": '"8e03978e-40d5-43dd-bc93-6894a57f9324"'}
    ids = {
        service.client.post("/api/job-definitions/nightly/execute", headers=headers).json()["job_id"]
        for _ in range(3)
    }
    assert len(ids) == 1
    assert service.client.get("/api/jobs/stats").json()["runs"]["total"] == 1
    service.runtime.cancel(ids.pop())


def test_a_schedule_is_set_with_its_definition_and_goes_with_it(service: Service) -> None:
    client = service.client
    client.post("/api/job-definitions", content=b'schedule = "0 3 * * *"\n' + TOML, headers=AS_TOML)
    assert [each["id"] for each in client.get("/api/schedules").json()] == ["nightly"]
    assert client.post("/api/schedules/nightly/pause").json()["changed"] is True
    assert client.post("/api/schedules/nightly/resume").json()["changed"] is True
    client.put("/api/job-definitions/nightly", content=TOML, headers=AS_TOML)
    assert client.get("/api/schedules").json() == []
    assert client.post("/api/schedules/nightly/pause").status_code == 404


def test_a_file_that_is_no_definition_is_listed_with_what_is_wrong(service: Service) -> None:
    (service.definitions / "broken.toml").write_text("id = 5\n")
    [listed] = service.client.get("/api/job-definitions").json()
    assert listed["source"] == "broken.toml"
    assert any(each["severity"] == "error" for each in listed["findings"])


def test_a_quick_crawl_needs_only_an_address(service: Service) -> None:
    made = service.client.post("/api/job-definitions/quick-crawl", json={"url": "http://127.0.0.1:1/"})
    assert made.status_code == 202
    service.runtime.run(made.json()["job_id"]).wait(100)
    for wrong in (
        {},
        {"url": "ftp://x/"},
        {"url": "http://x/", "depth": 3},
        {"url": "http://x/", "max_depth": "a"},
    ):
        refused = service.client.post("/api/job-definitions/quick-crawl", json=wrong)
        assert refused.status_code == 400, wrong
        assert refused.json()["errors"]


def test_the_name_of_a_quick_crawl_does_not_tell_a_password(service: Service) -> None:
    address = "http://me:secret@127.0.0.1:1/a@b"
    made = service.client.post("/api/job-definitions/quick-crawl", json={"url": address})
    shown = service.client.get(f"/api/jobs/{made.json()['job_id']}").json()
    assert shown["name"] == "Crawl of http://127.0.0.1:1/a@b"
