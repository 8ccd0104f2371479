import os
from pathlib import Path

import pytest

from runtime.cli.arguments import common_options_last, unreadable


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


def test_only_names_of_files_may_be_other_than_utf8(tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.toml")
    assert unreadable(["run", name]) == name
    Path(name).touch()
    assert unreadable(["run", name, "--store", "\udce9.db", "--config=\udce9.toml"]) is None
    assert unreadable(["jobs", "--type", "caf\u00e9", "--tag", "\udce9"]) == "\udce9"
