from pathlib import Path

from tests.cli.command import quaero
from tests.cli.filling import Filled


def test_the_tree_hangs_a_spawned_job_below_its_spawner(filled: Filled, tmp_path: Path) -> None:
    tree = quaero("tree", filled.run, "--json", cwd=tmp_path).value
    assert [each["name"] for each in tree["children"]] == ["pages", "words"]
    pages = tree["children"][0]
    assert [each["name"] for each in pages["children"]] == ["first", "second"]
    assert [each["name"] for each in pages["children"][0]["spawned"]] == ["third"]


def test_the_drawn_tree_has_a_line_for_each_job(filled: Filled, tmp_path: Path) -> None:
    lines = quaero("tree", filled.run, cwd=tmp_path).out.splitlines()
    assert lines[0] == f"The docs running (1 pending, 0 running, 1 completed, 1 failed) {filled.run}"
    assert lines[2] == f"│   ├── first completed {filled.first}"
    assert lines[3] == f"│   │   └── third pending {filled.spawned}"
    assert lines[4].startswith("│   └── second failed the page \\x1b[2Jis no page")
    assert len(lines) == 6


def test_the_tree_says_how_many_children_it_does_not_show(filled: Filled, tmp_path: Path) -> None:
    lines = quaero("tree", filled.pages, "--limit", "1", cwd=tmp_path).out.splitlines()
    assert lines[-1] == "└── … and 2 more: --limit N shows them"
