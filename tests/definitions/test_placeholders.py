"""``{key}`` and ``{ns:key}`` in a definition: what takes their place, and what is left alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.definitions import DefinitionError, Loaded, load_definition_text
from runtime.definitions.placeholders import Filled, Variables, fill
from tests.definitions.actions import MANAGERS

KNOWN = {"city": "Berlin", "api-key": "k", "stock:ticker": "GNP", "pages": 7, "deep": True, "two": ["a", "b"]}


def filled(value: Any, **environment: str) -> Filled:
    return fill(value, Variables(KNOWN, environment).find, lambda _: False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{city}", "Berlin"),
        ("restaurants in {city}, {city}", "restaurants in Berlin, Berlin"),
        ("{stock:ticker}.AX", "GNP.AX"),
        ("{pages}", 7),
        ("page {pages}", "page 7"),
        ("{deep}", True),
        ("is it {deep}?", "is it true?"),
        ("{two}", ["a", "b"]),
        ("{two} of them", '["a","b"] of them'),
        ("{{city}}", "{Berlin}"),
        ("{api-key}", "k"),
    ],
)
def test_a_placeholder_takes_the_variables_value(text: str, value: Any) -> None:
    assert filled({"x": [text]}).value == {"x": [value]}


def test_where_a_whole_text_is_that_of_a_variable_is_known() -> None:
    found = filled({"a": "{city}", "b": ["{pages}", "in {city}", "{api-key}"]})

    assert found.texts == {("a",), ("b", 2)}


@pytest.mark.parametrize(
    "text",
    [
        "a{2,3}",
        "a{2}",
        r"\p{Greek}",
        r"\P{Lu}+",
        r"\x{1F600}",
        "{}",
        "{ city }",
        "{config.x}",
        "{a.b}",
        "{a:b:c}",
        "{",
        "}{",
        "{2-3}",
    ],
)
def test_braces_that_mean_something_else_are_left_alone(text: str) -> None:
    assert filled(text) == Filled(text)


def test_a_variable_that_is_not_there_is_told_with_its_place() -> None:
    assert filled({"a": ["x", "{town}"], "b": "{stock:name} of {city}"}) == Filled(
        {"a": ["x", "{town}"], "b": "{stock:name} of Berlin"}, ((("a", 1), "town"), (("b",), "stock:name"))
    )


def test_the_environment_goes_before_the_file_by_the_very_name_and_after_it_by_the_usual_one() -> None:
    assert filled("{city}", city="Rome").value == "Rome"
    assert filled("{city}", CITY="Rome").value == "Berlin"
    assert filled("{google-api-key}", GOOGLE_API_KEY="k").value == "k"
    assert filled("{stock:name}", STOCK_NAME="Genetic").value == "Genetic"
    assert filled("{x}", x="\udcff").value == "?"


def test_what_was_put_in_is_not_looked_at_again() -> None:
    assert filled("{a}{b}", a="{city}", b="{b}").value == "{city}{b}"


def test_variables_never_show_their_values() -> None:
    assert "Berlin" not in repr(Variables(KNOWN, {"SECRET": "hidden"}))
    assert "hidden" not in repr(Variables(KNOWN, {"SECRET": "hidden"}))


@given(st.text(alphabet="{}:a1_-\\p.", max_size=30))
def test_any_text_is_filled_and_a_text_without_known_names_stays_as_it_is(text: str) -> None:
    assert fill(text, Variables().find, lambda _: False).value == text


TOP = 'id = "{city}"\nname = "News of {city}"\n'


def load(text: str, **environment: str) -> Loaded:
    return load_definition_text(
        TOP + text, managers=MANAGERS, file="docs.toml", variables=Variables(KNOWN, environment)
    )


def test_a_whole_file_is_filled_but_for_its_id() -> None:
    definition = load(
        'tags = ["{city}"]\nmeta = { x = "{nothing}" }\n[config]\nhost = "{stock:ticker}.example"\n'
        '[step.a]\naction = "crawl"\nmax_pages = "{pages}"\nstart_urls = ["https://{config.host}/{city}"]\n'
    ).definition

    assert (definition.id, definition.name, definition.tags) == ("{city}", "News of Berlin", ("Berlin",))
    assert definition.steps[0].config == {"max_pages": 7, "start_urls": ["https://GNP.example/Berlin"]}


def test_a_variables_text_is_read_as_the_type_of_its_key() -> None:
    """Environments have only texts."""
    definition = load(
        'enabled = "{on}"\n[step.a]\naction = "crawl"\nmax_depth = "{depth}"\nfollow_links = "{off}"\n'
        'enabled = "{off}"\nstart_urls = "{urls}"\n[step.b]\naction = "places_search"\nsearch_query = "{depth}"\n'
        '[step.b.location]\nlatitude = "{lat}"\n',
        on="yes",
        off="false",
        depth="4",
        urls="https://a.example, https://b.example",
        lat="-37.9",
    ).definition

    crawl, places = definition.steps
    assert (definition.enabled, crawl.enabled) == (True, False)
    assert crawl.config == {
        "max_depth": 4,
        "follow_links": False,
        "start_urls": ["https://a.example", "https://b.example"],
    }
    assert places.config == {"search_query": "4", "location_latitude": -37.9}


def test_a_missing_variable_is_one_warning_with_its_first_line_and_stays_as_it_is() -> None:
    found = load('[step.a]\naction = "crawl"\noutput_tags = [\n  "{cty}",\n  "{cty}",\n]\n')

    assert found.definition.steps[0].config == {"output_tags": ["{cty}", "{cty}"]}
    assert [str(each) for each in found.warnings] == [
        (
            'docs.toml:6: step.a.output_tags[0]: there is no variable "cty", so that the text stays as it is; '
            'did you mean "city"?'
        )
    ]


def test_a_value_that_does_not_fit_is_told_as_if_it_had_been_written() -> None:
    with pytest.raises(
        DefinitionError,
        match=r'docs\.toml:5: step "a": max_depth must be an integer of at least 0, got "Berlin"',
    ):
        load('[step.a]\naction = "crawl"\nmax_depth = "{city}"\n')
