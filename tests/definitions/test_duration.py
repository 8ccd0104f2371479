import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.definitions.duration import DurationError, parse_duration


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30m", 1800),
        ("1h30m", 5400),
        ("2h30m10s", 9010),
        ("1.5h", 5400),
        ("250ms", 0.25),
        ("1d", 86400),
        (" 5s ", 5),
        ("", 0),
        ("0", 0),
        (90, 90),
        (0.3, 0.3),
        (0, 0),
    ],
)
def test_a_duration_is_text_with_units_or_a_number_of_seconds(value: float | str, seconds: float) -> None:
    assert parse_duration(value) == seconds


@pytest.mark.parametrize(
    "value", ["30", "3 days", "m", "1h 30m", "-5s", "1h30", "1.s", "½h", "1e3s", "٣m", "1H"]
)
def test_text_without_units_or_with_strange_ones_says_how_to_write_it(value: str) -> None:
    with pytest.raises(DurationError, match='a duration like "30m" or "1h30m", or a number of seconds'):
        parse_duration(value)


@pytest.mark.parametrize(
    "value", [-1, float("nan"), float("inf"), "999999999999999d", 10**12, "1" * 15 + "h"]
)
def test_a_negative_or_endless_duration_is_none(value: float | str) -> None:
    with pytest.raises(DurationError, match="between 0 and ten years"):
        parse_duration(value)


@given(st.integers(0, 999), st.integers(0, 59), st.integers(0, 59))
def test_the_parts_of_a_duration_add_up(hours: int, minutes: int, seconds: int) -> None:
    assert parse_duration(f"{hours}h{minutes}m{seconds}s") == hours * 3600 + minutes * 60 + seconds


@given(st.text(max_size=20) | st.floats())
def test_any_value_is_seconds_or_a_duration_error(value: float | str) -> None:
    try:
        seconds = parse_duration(value)
    except DurationError:
        return
    assert seconds >= 0
