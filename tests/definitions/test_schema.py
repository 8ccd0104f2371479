"""What the schemas say agrees with what the loader does."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from actors.job import ErrorTolerance
from actors.manager import ManagerRegistry
from runtime.config import config_schema
from runtime.definitions import definition_schema, payload_schema
from runtime.definitions.keys import DefinitionKeys, StepKeys, ToleranceKeys, field_names
from runtime.definitions.schema import configuration_schema, configurations_schema, one_payload_schema
from runtime.repertoire import BUILT_IN_MANAGERS, BUILT_IN_WORKERS
from tests.definitions.actions import MANAGERS, Agent, Crawl

FILES = Path(__file__).parent / "files"
TOP = 'id = "docs"\nname = "Docs"\n'
CRAWL = '[step.crawl]\naction = "crawl"\n'


def faults_of(text: str) -> list[str]:
    validator = Draft202012Validator(definition_schema(MANAGERS))
    return [each.json_path for each in validator.iter_errors(tomllib.loads(text))]


def every_schema() -> list[dict[str, Any]]:
    built_in = ManagerRegistry(BUILT_IN_MANAGERS)
    payloads = {worker.worker_type: worker.payload_type for worker in BUILT_IN_WORKERS}
    return [
        definition_schema(MANAGERS),
        definition_schema(built_in),
        definition_schema({}),
        configurations_schema(built_in),
        *(configuration_schema(action, built_in) for action in built_in),
        payload_schema(payloads),
        *(one_payload_schema(kind, payload) for kind, payload in payloads.items()),
        config_schema(
            {worker.worker_type: worker.settings_type for worker in BUILT_IN_WORKERS},
            {action: manager.settings_type for action, manager in built_in.items()},
        ),
    ]


def test_every_schema_is_one_of_2020_12() -> None:
    for schema in every_schema():
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["title"]
        Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("path", sorted(FILES.glob("*/*.toml")), ids=lambda path: path.stem)
def test_every_real_file_fits_the_schema(path: Path) -> None:
    assert faults_of(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        TOP + CRAWL,
        TOP + CRAWL + '[step.more]\ntype = "crawler"\ndepends = "crawl"\n',
        TOP + '[[steps]]\nname = "a"\naction = "agent"\nagent_type = "x"\n',
        TOP + '[[steps]]\nname = "a"\naction = "agent"\n[steps.config]\nagent_type = "x"\n',
        TOP + 'start_urls = ["https://a.example"]\n',
    ],
)
def test_each_shape_fits(text: str) -> None:
    assert faults_of(text) == []


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (TOP + CRAWL + "max_depth = 'x'", "$.step.crawl.max_depth"),
        (TOP + CRAWL + "on_error = 'stop'", "$.step.crawl.on_error"),
        (TOP + "[step.a]\naction = 'crwal'", "$.step.a.action"),
        (TOP + "[step.a]\naction = 'agent'", "$.step.a"),
        (TOP + "[step.a]\ntype = 'crawler'\nmax_depth = -1", "$.step.a.max_depth"),
        (TOP + "[[steps]]\nname = 'a'\naction = 'agent'", "$.steps[0]"),
        (TOP + "[[steps]]\naction = 'crawl'", "$.steps[0]"),
        (TOP + "tags = 'x'\n" + CRAWL, "$.tags"),
        (TOP + "step = {}", "$.step"),
        ('id = "docs"\n' + CRAWL, "$"),
        (TOP, "$"),
    ],
)
def test_what_the_loader_refuses_does_not_fit(text: str, path: str) -> None:
    assert faults_of(text) == [path]


def test_the_schema_of_a_definition_knows_every_action_and_its_keys() -> None:
    schema = definition_schema(MANAGERS)

    step = schema["properties"]["step"]["additionalProperties"]
    assert step["properties"]["action"]["enum"] == list(MANAGERS)
    assert step["properties"]["type"]["enum"] == [*MANAGERS, "crawler"]
    assert schema["$defs"]["Crawl"]["properties"]["max_depth"] == {
        "type": "integer",
        "minimum": 0,
        "default": 2,
    }
    assert set(schema["$defs"]["DefinitionKeys"]["properties"]) == field_names(DefinitionKeys)
    assert set(schema["$defs"]["StepKeys"]["properties"]) == field_names(StepKeys)


def test_every_reference_of_a_schema_is_defined() -> None:
    schema = definition_schema(MANAGERS)
    text = json.dumps(schema)

    names = {part.split('"')[0] for part in text.split("#/$defs/")[1:]}
    assert names <= set(schema["$defs"])


def test_the_schema_of_payloads_is_by_job_type() -> None:
    schema = payload_schema({"crawler_url": Crawl, "agent": Agent})

    assert schema["properties"] == {
        "crawler_url": {"$ref": "#/$defs/Crawl"},
        "agent": {"$ref": "#/$defs/Agent"},
    }
    assert schema["$defs"]["Agent"]["required"] == ["agent_type"]


def test_the_keys_of_an_error_tolerance_are_those_of_the_runtimes_noun() -> None:
    assert field_names(ToleranceKeys) == field_names(ErrorTolerance)
    assert ToleranceKeys().tolerance() == ErrorTolerance()
