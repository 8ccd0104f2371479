from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from runtime.config.layers import Layer, Origin, merged, nested, origin_of
from runtime.toml.diagnostic import Path


def layer(name: str, table: dict[str, Any]) -> Layer:
    return Layer(table, lambda _: Origin(name))


LAYERS = [
    layer("file", {"store": {"path": "a.db", "lease_seconds": 30}, "tags": ["x", "y"]}),
    layer("environment", {"store": {"path": "b.db"}, "tags": ["z"]}),
    layer("flags", {}),
]


def test_a_later_layer_overrides_key_by_key_and_lists_as_a_whole() -> None:
    assert merged(LAYERS) == {"store": {"path": "b.db", "lease_seconds": 30}, "tags": ["z"]}


def test_a_table_replaces_a_value_and_a_value_a_table() -> None:
    assert merged([layer("a", {"x": 1, "y": {"z": 1}}), layer("b", {"x": {"z": 2}, "y": 3})]) == {
        "x": {"z": 2},
        "y": 3,
    }


def test_a_value_knows_the_layer_it_came_from() -> None:
    paths: list[Path] = [
        ("store", "path"),
        ("store", "lease_seconds"),
        ("tags", 0),
        ("store", "absent"),
        ("absent",),
    ]
    found = {path: origin_of(LAYERS, path).file for path in paths}

    assert found == {
        ("store", "path"): "environment",
        ("store", "lease_seconds"): "file",
        ("tags", 0): "environment",
        ("store", "absent"): "environment",
        ("absent",): "file",
    }


def test_what_was_not_said_is_no_key() -> None:
    assert nested({("store", "path"): None, ("store", "lease_seconds"): 3, ("a",): False}) == {
        "store": {"lease_seconds": 3},
        "a": False,
    }


def test_a_longer_key_wins_over_a_value_that_stands_in_its_way() -> None:
    assert nested({("a",): 1, ("a", "b"): 2}) == {"a": {"b": 2}}


TABLES = st.recursive(
    st.integers(0, 3), lambda inner: st.dictionaries(st.sampled_from("ab"), inner), max_leaves=5
).filter(lambda value: isinstance(value, dict))


@given(TABLES, TABLES)
def test_merging_with_itself_or_nothing_changes_nothing(one: dict[str, Any], other: dict[str, Any]) -> None:
    both = merged([layer("one", one), layer("other", other)])

    assert merged([layer("one", one), layer("empty", {})]) == one
    assert merged([layer("both", both), layer("other", other)]) == both
