from runtime.definitions.variables import substitute


def test_a_text_that_is_one_placeholder_takes_the_value_with_its_type() -> None:
    assert substitute({"depth": "{config.depth}"}, {"depth": 4}) == ({"depth": 4}, [])


def test_a_placeholder_within_a_text_takes_the_value_as_text() -> None:
    value, _ = substitute({"urls": ["https://{config.host}/{config.page}"]}, {"host": "a.example", "page": 7})

    assert value == {"urls": ["https://a.example/7"]}


def test_a_variable_that_is_not_there_stays_as_it_is_and_is_reported_with_its_place() -> None:
    value, missing = substitute({"a": {"b": ["x{config.q}"]}}, {})

    assert value == {"a": {"b": ["x{config.q}"]}}
    assert missing == [(("a", "b", 0), "q")]


def test_other_braces_are_left_alone() -> None:
    patterns = {"include_patterns": ["a{2,3}", "{key}", "{config.}"]}

    assert substitute(patterns, {"key": 1}) == (patterns, [])


def test_a_variable_is_not_looked_for_in_the_value_of_another() -> None:
    assert substitute("{config.a}-", {"a": "{config.b}", "b": 1}) == ("{config.b}-", [])
