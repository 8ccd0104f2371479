import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.definitions.schedule import schedule_problem, time_zone_problem


@pytest.mark.parametrize(
    "expression", ["0 3 * * *", "*/5 * * * *", "0 0 * * MON-FRI", "0  9 1,15 * *", "0 0 29 2 *"]
)
def test_a_five_field_cron_expression_has_no_problem(expression: str) -> None:
    assert schedule_problem(expression) is None


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("0 3 * *", 'must have five fields, got "0 3 * *"'),
        ("0 0 3 * * *", "must have five fields"),
        ("@daily", 'must have five fields, got "@daily"'),
        ("60 * * * *", '"60 * * * *" is no cron expression: bad minute'),
        ("0 0 30 2 *", '"0 0 30 2 *" is no cron expression: bad day-of-month'),
        ("x " * 10_000, "must have five fields"),
    ],
)
def test_any_other_expression_is_told_what_is_wrong(expression: str, sentence: str) -> None:
    problem = schedule_problem(expression)

    assert problem is not None
    assert problem[0].startswith(sentence)
    assert problem[1] == 'write minute, hour, day, month, weekday, as in "0 3 * * *"'


@given(st.text("0123456789*/,-# LMONJA?W", max_size=25))
def test_any_text_is_judged_without_an_error(expression: str) -> None:
    problem = schedule_problem(expression)

    assert problem is None or all(problem)


def test_a_time_zone_is_known_or_the_nearest_one_is_named() -> None:
    assert time_zone_problem("Europe/Berlin") is None
    assert time_zone_problem("Europe/Berln") == (
        '"Europe/Berln" is no time zone of this host',
        'did you mean "Europe/Berlin"?',
    )


@pytest.mark.parametrize("name", ["../../etc/passwd", "Europe", "a\0b", "/etc/localtime", "x" * 5000])
def test_a_path_is_no_time_zone(name: str) -> None:
    assert time_zone_problem(name) is not None
