import pytest

from runtime.toml.diagnostic import BadFileError, Diagnostic, Path, Severity, parse_path, path_text
from runtime.toml.wording import key_shown, nearest, one_of, shown


def test_a_diagnostic_reads_file_line_message_hint() -> None:
    found = Diagnostic("max_depth must be an integer", "docs.toml", 14, hint="write max_depth = 3")

    assert str(found) == "docs.toml:14: max_depth must be an integer; write max_depth = 3"
    assert str(Diagnostic("there is no such file", "docs.toml")) == "docs.toml: there is no such file"


def test_an_error_speaks_of_its_first_error_and_holds_all() -> None:
    error = BadFileError(
        [
            Diagnostic("a", "f", 1, severity=Severity.WARNING),
            Diagnostic("c", "f", 9),
            Diagnostic("b", "f", 3),
        ]
    )

    assert str(error) == "f:3: b"
    assert [each.message for each in error.diagnostics] == ["b", "c", "a"]


@pytest.mark.parametrize("path", [("a",), ("steps", 0, "config", "max_depth"), ("a", 1, 2, "b")])
def test_a_path_is_written_and_read_as_people_write_it(path: Path) -> None:
    assert parse_path(path_text(path)) == path


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\nb", '"a\\nb"'),
        (True, "true"),
        ([1, "a", 2, 3, 4, 5], '[1, "a", 2, 3, …]'),
        ({"a": 1}, "a table of 1 key"),
        (10**500, "a number of more than 60 digits"),
    ],
)
def test_a_value_is_shown_on_one_line(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_long_value_is_cut() -> None:
    assert len(shown("x" * 10_000)) <= 80


def test_the_nearest_name_ignores_case_and_dashes_and_may_go_on() -> None:
    assert nearest("Max-Depht", ["max_depth", "max_pages"]) == "max_depth"
    assert nearest("lease", ["lease_seconds", "max_lost"]) == "lease_seconds"
    assert nearest("zebra", ["max_depth", "max_pages"]) is None


def test_names_are_listed_as_a_choice_and_keys_quoted_where_they_must_be() -> None:
    assert one_of(["a", "b", "c"]) == '"a", "b" or "c"'
    assert [key_shown(key) for key in ("max-depth_1", "a b", "")] == ["max-depth_1", '"a b"', '""']
