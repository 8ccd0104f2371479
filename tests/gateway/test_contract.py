"""The HTTP API is what its OpenAPI document says: requests that schemathesis draws from it, valid ones and others.

No answer is a 5xx; each has a status, a media type and a body that the document names for it; what the document forbids
is refused, and what it allows is taken; no route that needs a token answers without.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from actors.documents import DocumentFilter
from runtime.gateway.contract import refusals
from runtime.gateway.settings import GatewaySettings
from tests.embedding.workers import Number, Where, double
from tests.gateway.conftest import OPERATOR, TOKENS, Service, service_with

EXAMPLES = 25
SEED = 20
CONFIG = Path(__file__).with_name("contract.toml")


def document(service: Service) -> Any:
    return service.client.get(
        "/api/schema/openapi.json", headers={"Authorization": f"Bearer {OPERATOR}"}
    ).json()


@pytest.fixture
def patient(tmp_path: Path) -> Iterator[Service]:
    """With tokens, and as many wrong ones as anybody likes."""
    settings = GatewaySettings(port=0, tokens=TOKENS, failed_logins=1_000_000)
    yield from service_with(tmp_path, settings)


def test_every_operation_names_its_refusals(service: Service) -> None:
    found = document(service)
    operations = [
        (method, path, operation)
        for path, each in found["paths"].items()
        for method, operation in each.items()
    ]
    assert len(operations) > 40
    assert "security" not in found
    for method, path, operation in operations:
        body = "requestBody" in operation
        key = any(each["name"] == "Idempotency-Key" for each in operation.get("parameters", ()))
        for status in refusals(method, path, has_body=body, has_key=key):
            assert str(status) in operation["responses"], (method, path, status)
        assert operation["summary"]
    assert refusals("get", "/api/jobs", has_body=False) == (400, 401, 403, 429, 431, 503)
    assert {404, 409, 413} < {*refusals("put", "/api/job-definitions/{definition_id}", has_body=True)}


def test_a_gateway_with_tokens_says_so_in_its_document(guarded: Service) -> None:
    found = document(guarded)
    assert found["security"] == [{"token": []}]
    assert found["components"]["securitySchemes"]["token"]["scheme"] == "bearer"
    assert found["paths"]["/api/health/live"]["get"]["security"] == []


def test_options_names_all_methods_of_a_path(service: Service) -> None:
    for path in ("/api/jobs/0123456789abc", "/api/job-definitions/x", "/api/job-definitions"):
        allowed = {*service.client.options(path).headers["allow"].split(", ")}
        template = path.replace("0123456789abc", "{job_id}").replace("/x", "/{definition_id}")
        taken = {each.upper() for each in document(service)["paths"][template]}
        assert allowed == taken | {"HEAD", "OPTIONS"}


@pytest.mark.contract
@pytest.mark.timeout(300)
def test_drawn_requests_find_no_answer_that_the_document_does_not_name(patient: Service) -> None:
    (patient.definitions / "nightly.toml").write_text(
        'id = "nightly"\nname = "N"\nschedule = "0 3 * * *"\n'
        '[step.a]\naction = "at_gate"\npath = "x"\nenabled = false\n'
    )
    patient.runtime.fan_out(double, [Number(1, spawn=2)]).wait(100)
    patient.runtime.fan_out("poison", [Where("permanent")], name="failed").wait(100)
    patient.runtime.fan_out("write", [Where(str(patient.definitions.parent / "out"))]).wait(100)
    [saved] = patient.runtime.reader.documents(DocumentFilter())
    told = subprocess.run(
        [
            sys.executable,
            "-m",
            "schemathesis.cli",
            "--no-color",
            "--config-file",
            str(CONFIG),
            "run",
            f"{patient.server.url}/api/schema/openapi.json",
            "--seed",
            str(SEED),
            "--max-examples",
            str(EXAMPLES),
            "--phases",
            "examples,coverage,fuzzing,stateful",
            "-H",
            f"Authorization: Bearer {OPERATOR}",
            "--generation-database",
            "none",
            "--output-sanitize",
            "false",
            "--warnings",
            "off",
        ],
        cwd=patient.definitions.parent,
        env={**os.environ, "DEFINITION_ID": "nightly", "DOCUMENT_ID": saved["id"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    operations = sum(len(each) for each in document(patient)["paths"].values())
    assert f"{operations} selected / {operations} total" in told.stdout
