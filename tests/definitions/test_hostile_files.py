"""Files that were made to break the loader: each is a definition or a DefinitionError, soon."""

import time
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actors.job import JobDefinition
from runtime.definitions import DefinitionError, load_definition_text
from tests.definitions.actions import MANAGERS
from tests.machine import slowness

TOP = 'id = "d"\nname = "D"\n'
CRAWL = '[step.c]\naction = "crawl"\n'
SECONDS = 15.0
"""Of computing. Far more than any takes; far less than one whose time grows with the square of its size."""


def faults_of(content: str | bytes) -> list[str]:
    try:
        found = load_definition_text(content, managers=MANAGERS, file="f.toml")
    except DefinitionError as error:
        return [str(each) for each in error.diagnostics]
    return [str(each) for each in (*found.warnings, *found.unrunnable)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ((TOP + CRAWL).encode("utf-16"), "f.toml:1: is not UTF-8 text: byte 0xff"),
        ('id = "d"\nname = "Caf\xe9"\n'.encode("latin-1"), "f.toml:2: is not UTF-8 text: byte 0xe9"),
        (TOP + 'description = "\0"\n' + CRAWL, "f.toml:3: holds a NUL byte"),
        (TOP + 'description = "\\ud800"\n' + CRAWL, "f.toml:3: not TOML: escaped character is not a Unicode scalar"),
        ((TOP + CRAWL).replace("\n", "\r"), "f.toml:1: not TOML"),
        (TOP + ".".join("a" * 50_000) + " = 1\n" + CRAWL, "f.toml:3: a key has more than 32 parts"),
        (TOP + "a" * 100_000 + " = 1\n" + CRAWL, "f.toml:3: a key is longer than 1024 characters"),
        (TOP + "[" + ".".join("a" * 50_000) + "]\n", "f.toml:3: a key has more than 32 parts"),
        (TOP + "x = " + "{a=" * 500 + "1" + "}" * 500 + "\n" + CRAWL, "f.toml:3: values are nested deeper"),
        (TOP + "priority = " + "9" * 5000 + "\n" + CRAWL, "f.toml:3: not TOML: Exceeds the limit"),
        (TOP + CRAWL + "max_depth = inf\n", 'f.toml:5: step "c": max_depth must be an integer of at least 0, got inf'),
        (TOP + CRAWL + "max_depth = 1979-05-27\n", 'f.toml:5: step "c": max_depth must be an integer'),
        (TOP + "tags = [1979-05-27T00:00:00Z]\n" + CRAWL, "f.toml:3: tags[0] must be text"),
        (TOP + "[config]\nn = nan\n" + CRAWL, "f.toml:4: config.n must be a number, got nan"),
        ('id = "a\\u202Eb"\nname = "D"\n' + CRAWL, "f.toml:1: id must be on one line"),
        ('{"id": "d"}', "f.toml:1: not TOML"),
    ],
    ids=range(16),
)  # fmt: skip
def test_what_is_no_definition_is_one_message_with_its_line(content: str | bytes, message: str) -> None:
    found = faults_of(content)

    assert len(found) == 1
    assert found[0].startswith(message)


def test_a_byte_order_mark_and_line_ends_of_another_system_are_accepted() -> None:
    assert faults_of(b"\xef\xbb\xbf" + (TOP + CRAWL).replace("\n", "\r\n").encode()) == []


@pytest.mark.parametrize(
    ("text", "least"),
    [
        (TOP + "".join(f"k{number} = 1\n" for number in range(49_000)) + CRAWL, 51),
        (TOP + CRAWL + f"start_urls = [{'1, ' * 40_000}]\n", 40_000),
        (TOP + CRAWL + "output_tags = [" + "'{x}', " * 40_000 + "]\n", 1),
        (TOP + CRAWL + f"depends = {[f'x{number}' for number in range(40_000)]}\n", 40_000),
        (
            TOP + "[config]\n" + "".join(f"k{number} = 1\n" for number in range(15_000)) + CRAWL
            + f"output_tags = {[f'{{config.x{number}}}' for number in range(15_000)]}\n",
            15_000,
        ),
    ],
    ids=["unknown keys", "wrong types", "one placeholder", "dependencies", "variables"],
)  # fmt: skip
def test_tens_of_thousands_of_faults_are_told_within_seconds(text: str, least: int) -> None:
    began = time.process_time()
    found = faults_of(text)

    assert len(found) >= least
    assert time.process_time() - began < SECONDS * slowness()


KEYS = st.sampled_from(
    [
        *("id", "name", "type", "action", "depends", "on_error", "condition", "timeout", "concurrency", "config"),
        *("max_retries", "initial_backoff", "error_tolerance", "start_urls", "max_depth", "follow_links", "tags"),
        *("include_patterns", "enabled", "schedule", "time_zone", "pre_jobs", "priority", "location", "filters"),
        *("document_filter", "agent_type", "extension", "always_run", "step", "steps", "x", "é", "", "a.b", "'"),
    ]
)  # fmt: skip
SCALARS = st.one_of(
    st.integers(-5, 5),
    st.sampled_from([2**63, -(2**63), 10**30, 0.5, float("inf")]),
    st.booleans(),
    st.text(max_size=5),
    st.sampled_from(["crawl", "agent", "retry", "a", "a,b", "a.failed > 0", "{config.x}", "{x}", "(", "30m"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=5,
)


def toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + "".join(c if c.isalnum() else f"\\U{ord(c):08x}" for c in value) + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(item)}" for key, item in value.items()) + "}"
    return repr(value)


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=60)
@given(
    st.dictionaries(KEYS, VALUES, max_size=4),
    st.dictionaries(st.sampled_from("abc"), st.dictionaries(KEYS, VALUES, max_size=4), max_size=3),
)
def test_any_shape_is_a_definition_that_can_be_stored_or_a_definition_error(
    top: dict[str, Any], steps: dict[str, dict[str, Any]]
) -> None:
    table = {
        "id": "d",
        "name": "D",
        "step": {name: {"action": "crawl", **step} for name, step in steps.items()},
    }
    text = "\n".join(f"{toml(key)} = {toml(value)}" for key, value in (table | top).items())
    try:
        definition = load_definition_text(text, managers=MANAGERS).definition
    except DefinitionError as error:
        definition, told = None, error.diagnostics
    else:
        told = ()

    assert all(each.line and "\n" not in str(each) for each in told)
    if definition is not None:
        assert msgspec.json.decode(msgspec.json.encode(definition), type=JobDefinition) == definition
