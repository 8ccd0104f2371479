import pytest

from runtime.cli.arguments import common_options_last


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], []),
        (["jobs"], ["jobs"]),
        (["jobs", "--json"], ["jobs", "--json"]),
        (["--json", "jobs"], ["jobs", "--json"]),
        (
            ["--store", "a", "--config=b", "jobs", "--limit", "1"],
            ["jobs", "--limit", "1", "--store", "a", "--config=b"],
        ),
        (["--json", "search", "--", "--odd"], ["search", "--json", "--", "--odd"]),
        (["--json"], ["--json"]),
        (["--json", "--help"], ["--json", "--help"]),
        (["--store"], ["--store"]),
        (["--stroe", "a", "jobs"], ["--stroe", "a", "jobs"]),
    ],
)
def test_common_options_move_behind_the_command_and_nothing_else_moves(
    given: list[str], expected: list[str]
) -> None:
    assert common_options_last(given) == expected
