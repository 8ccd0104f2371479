from pathlib import Path

import pytest

from tests.cli.command import quaero
from tests.cli.filling import Filled


def test_documents_are_listed_with_where_they_come_from(filled: Filled, tmp_path: Path) -> None:
    first, second = quaero("documents", "--json", cwd=tmp_path).value
    assert first["url"] == "https://a.example/"
    assert second["tags"] == ["food"]
    for each in (first, second):
        assert set(each) == {"id", "url", "title", "source_type", "tags", "run_id", "job_id", "saved_at"}
        assert (each["run_id"], each["job_id"]) == (filled.run, filled.first)


def test_documents_filter_by_run_tag_and_source_type(filled: Filled, tmp_path: Path) -> None:
    def titles(*options: str) -> list[str]:
        return [each["title"] for each in quaero("documents", *options, "--json", cwd=tmp_path).value]

    assert titles("--tag", "food") == ["Bread"]
    assert len(titles("--run", filled.run)) == 2
    assert titles("--source-type", "mail") == []
    assert len(titles("--limit", "1")) == 1


@pytest.mark.usefixtures("filled")
def test_a_title_can_not_command_the_terminal(tmp_path: Path) -> None:
    for command in (("documents",), ("search", "yeast")):
        out = quaero(*command, cwd=tmp_path).out
        assert "A \\x1b[2Jtitle" in out
        assert "\x1b" not in out
