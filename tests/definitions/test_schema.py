import json

from actors.job import ErrorTolerance
from runtime.definitions import definition_schema, payload_schema
from runtime.definitions.keys import DefinitionKeys, StepKeys, ToleranceKeys, field_names
from tests.definitions.actions import MANAGERS, Agent, Crawl


def test_the_schema_of_a_definition_knows_every_action_and_its_keys() -> None:
    schema = definition_schema(MANAGERS)

    branches = schema["properties"]["step"]["additionalProperties"]["anyOf"]
    assert [branch["title"] for branch in branches] == list(MANAGERS)
    assert schema["$defs"]["Crawl"]["properties"]["max_depth"] == {
        "type": "integer",
        "minimum": 0,
        "default": 2,
    }
    assert set(schema["$defs"]["DefinitionKeys"]["properties"]) == field_names(DefinitionKeys)
    assert set(schema["$defs"]["StepKeys"]["properties"]) == field_names(StepKeys)
    json.dumps(schema)


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
