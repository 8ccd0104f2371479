from pathlib import Path

import pytest

from tests.cli.command import quaero
from tests.cli.definitions import configure


@pytest.fixture(autouse=True)
def _configured(tmp_path: Path) -> None:
    configure(tmp_path)


def test_the_schema_of_a_definition_knows_the_users_own_actions(tmp_path: Path) -> None:
    for arguments in ((), ("definition",), ("definition", "--json")):
        done = quaero("schema", *arguments, cwd=tmp_path)
        assert done.code == 0
        assert done.value["$schema"].startswith("https://json-schema.org/")
        step = done.value["properties"]["step"]["additionalProperties"]
        assert {"gates", "crawl"} <= set(step["properties"]["action"]["enum"])


def test_the_schema_of_the_configuration_has_its_sections(tmp_path: Path) -> None:
    schema = quaero("schema", "config", cwd=tmp_path).value
    assert "lease_seconds" in str(schema)


def test_the_schema_of_a_payload_is_that_of_its_worker(tmp_path: Path) -> None:
    schema = quaero("schema", "payload", "gate", cwd=tmp_path).value
    assert schema["title"] == "Payload of gate"
    assert schema["$defs"]["Gate"]["required"] == ["number"]
    every = quaero("schema", "payload", cwd=tmp_path).value
    assert {"gate", "crawler_url"} <= set(every["properties"])


def test_an_action_or_a_job_type_may_be_named_alone(tmp_path: Path) -> None:
    action = quaero("schema", "gates", cwd=tmp_path).value
    assert (action["title"], action["$ref"]) == ("Configuration of action gates", "#/$defs/GatesConfig")
    assert quaero("schema", "action", "gates", cwd=tmp_path).value == action
    assert (
        quaero("schema", "gate", cwd=tmp_path).value
        == quaero("schema", "payload", "gate", cwd=tmp_path).value
    )
    assert {"gates", "crawl"} <= set(quaero("schema", "action", cwd=tmp_path).value["properties"])


def test_an_unknown_type_is_bad_input(tmp_path: Path) -> None:
    done = quaero("schema", "payload", "gaet", "--json", cwd=tmp_path)
    assert done.code == 2
    assert done.value["error"]["message"] == "there is no worker of type 'gaet' here"
    assert "gate" in done.value["error"]["hint"]
    assert quaero("schema", "config", "gate", cwd=tmp_path).code == 2
    nearly = quaero("schema", "gatse", cwd=tmp_path)
    assert (nearly.code, nearly.err) == (
        2,
        "quaero: there is no action and no job type 'gatse' here; did you mean \"gate\"?\n",
    )
