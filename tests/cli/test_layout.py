import pytest

from runtime.cli.layout import columns, duration_text, time_text


def test_columns_are_aligned_by_cells_and_the_last_is_as_long_as_it_is() -> None:
    lines = list(columns(("A", "B"), [("世界", "x" * 30), ("b", "y")]))
    assert lines == ["A     B", "世界  " + "x" * 30, "b     y"]


def test_columns_are_cut_at_the_width_of_a_terminal() -> None:
    assert list(columns(("A", "B"), [("a", "0123456789")], width=8)) == ["A  B", "a  0123…"]


def test_a_table_without_rows_is_its_header() -> None:
    assert list(columns(("A", "B"), [])) == ["A  B"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (59.4, "59 s"),
        (60, "1 min 00 s"),
        (3599, "59 min 59 s"),
        (3660, "1 h 01 min"),
        (90000, "1 d 1 h"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_no_time_is_a_dash() -> None:
    assert time_text(None) == "-"
