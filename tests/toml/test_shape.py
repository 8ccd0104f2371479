import math
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from runtime.toml.diagnostic import Path
from runtime.toml.shape import UnknownKey, fit, plain


class Inner(msgspec.Struct, frozen=True):
    width: int


class Everything(msgspec.Struct, frozen=True):
    count: int = 0
    natural: Annotated[int, Meta(ge=0)] = 0
    ratio: Annotated[float, Meta(ge=0, le=1)] = 0.5
    text: str = ""
    name: Annotated[str, Meta(min_length=1, max_length=5)] = "x"
    flag: bool = False
    texts: tuple[str, ...] = ()
    pair: Annotated[tuple[int, ...], Meta(max_length=2)] = ()
    choice: Literal["fail", "continue"] = "fail"
    duration: int | float | str = 0
    inner: Inner | None = None
    by_name: dict[str, Inner] = {}
    several: tuple[Inner, ...] = ()
    unset: int | msgspec.UnsetType = msgspec.UNSET
    anything: Any = None


@pytest.mark.parametrize(
    ("value", "path", "sentence", "hint"),
    [
        ({"count": "three"}, ("count",), 'must be an integer, got "three"', "write count = 3"),
        ({"count": "12"}, ("count",), 'must be an integer, got "12"', "write count = 12"),
        ({"count": True}, ("count",), "must be an integer, got true", "write count = 3"),
        ({"count": 1.5}, ("count",), "must be an integer, got 1.5", "write count = 3"),
        ({"count": 2**63}, ("count",), "must be an integer, got 9223372036854775808", "write count = 3"),
        ({"natural": -1}, ("natural",), "must be an integer of at least 0, got -1", "write natural = 3"),
        (
            {"ratio": 2},
            ("ratio",),
            "must be a number of at least 0 and at most 1, got 2",
            "write ratio = 0.5",
        ),
        (
            {"ratio": math.nan},
            ("ratio",),
            "must be a number of at least 0 and at most 1, got nan",
            "write ratio = 0.5",
        ),
        ({"text": 5}, ("text",), "must be text, got 5", 'write text = "5"'),
        (
            {"name": ""},
            ("name",),
            "must be text of at least 1 character and at most 5 characters",
            "write name",
        ),
        ({"flag": "yes"}, ("flag",), 'must be true or false, got "yes"', "write flag = true"),
        ({"texts": "a"}, ("texts",), 'must be a list of texts, got "a"', 'write texts = ["a"]'),
        ({"texts": ["a", 1]}, ("texts", 1), "must be text, got 1", 'write "1"'),
        ({"pair": [1, 2, 3]}, ("pair",), "must be a list of integers of at most 2 items", "write pair = [3]"),
        (
            {"choice": "contnue"},
            ("choice",),
            'must be "continue" or "fail", got "contnue"',
            'did you mean "continue"?',
        ),
        (
            {"duration": []},
            ("duration",),
            "must be an integer or a number or text, got []",
            "write duration = 3",
        ),
        ({"inner": 1}, ("inner",), "must be a table, got 1", "write inner = { … }"),
        ({"inner": {}}, ("inner", "width"), "is missing", "add width = 3"),
        (
            {"by_name": {"a b": {"width": ""}}},
            ("by_name", "a b", "width"),
            'must be an integer, got ""',
            "write width",
        ),
        (
            {"several": [{"width": 1}, {"width": []}]},
            ("several", 1, "width"),
            "must be an integer, got []",
            "write",
        ),
        ({"unset": "x"}, ("unset",), 'must be an integer, got "x"', "write unset = 3"),
        ({"anything": [{"x": math.inf}]}, ("anything", 0, "x"), "must be a number, got inf", "write x = 3"),
        (3, (), "must be a table, got 3", ""),
    ],
)
def test_a_misfit_says_what_is_wanted_what_is_there_and_what_to_write(
    value: Any, path: Path, sentence: str, hint: str
) -> None:
    found = fit(value, Everything)

    assert [misfit.path for misfit in found.misfits] == [path]
    assert found.misfits[0].sentence.startswith(sentence)
    assert found.misfits[0].hint.startswith(hint)


def test_every_misfit_is_found_not_only_the_first() -> None:
    found = fit({"count": "x", "flag": 3, "texts": [1, 2], "by_name": {"a": 1, "b": {}}}, Everything)

    assert [misfit.path for misfit in found.misfits] == [
        ("count",),
        ("flag",),
        ("texts", 0),
        ("texts", 1),
        ("by_name", "a"),
        ("by_name", "b", "width"),
    ]
    assert found.fitting() == {}


def test_an_unknown_key_is_named_with_the_nearest_known_one_and_left_out() -> None:
    found = fit({"flga": True, "zzz": 1, "inner": {"width": 1, "Width": 2}}, Everything)

    assert found.misfits == ()
    assert found.unknown == (
        UnknownKey(("flga",), "flag"),
        UnknownKey(("zzz",), None),
        UnknownKey(("inner", "Width"), "width"),
    )
    assert found.value == {"inner": {"width": 1}}


def test_a_number_without_fraction_is_an_integer() -> None:
    assert msgspec.convert(fit({"count": 3.0}, Everything).value, Everything).count == 3


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["width", "x"]), inner, max_size=2)
    ),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(Everything.__struct_fields__), VALUES))
def test_what_fits_can_be_decoded_and_written_as_json(value: dict[str, Any]) -> None:
    found = fit(value, Everything)
    if found.misfits:
        value = found.fitting()
    decoded = msgspec.convert(fit(value, Everything).value, Everything)

    assert msgspec.json.decode(msgspec.json.encode(decoded), type=Everything) == decoded


@given(VALUES)
def test_plain_values_survive_json(value: Any) -> None:
    found = plain(value)

    if not found.misfits:
        assert msgspec.json.decode(msgspec.json.encode(found.value)) == found.value
