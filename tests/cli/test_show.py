from pathlib import Path

import pytest

from tests.cli.command import quaero
from tests.cli.filling import Filled


def test_show_of_a_job_has_its_payload_result_and_attempts(filled: Filled, tmp_path: Path) -> None:
    shown = quaero("show", filled.first, "--json", cwd=tmp_path).value
    assert shown["kind"] == "job"
    assert shown["parent_id"] == filled.pages
    assert shown["root_id"] == filled.run
    assert (shown["state"], shown["attempt"]) == ("completed", 1)
    assert shown["payload"] == {"page": "first"}
    assert shown["result"] == {"links": 1}


def test_show_of_a_run_has_counts_and_progress_and_names_its_steps_to_people(
    filled: Filled, tmp_path: Path
) -> None:
    shown = quaero("show", filled.run, "--json", cwd=tmp_path).value
    assert shown["counts"]["total"] == 3
    assert shown["progress"]["text"] == "1 pending, 0 running, 1 completed, 1 failed"
    text = quaero("show", filled.run, cwd=tmp_path).out
    assert f"  {filled.pages}  pages: running, 1 pending, 0 running, 1 completed, 1 failed" in text
    assert f"  {filled.words}  words: pending" in text


def test_show_of_a_failed_job_tells_the_error(filled: Filled, tmp_path: Path) -> None:
    text = quaero("show", filled.failed, cwd=tmp_path).out
    assert "the page \\x1b[2Jis no page" in text
    assert "\x1b" not in text


@pytest.mark.usefixtures("filled")
def test_show_of_a_document_has_its_text(tmp_path: Path) -> None:
    document = quaero("documents", "--json", cwd=tmp_path).value[1]["id"]
    assert quaero("show", document, "--json", cwd=tmp_path).value["body"] == "Flour and yeast."
    assert quaero("show", document, cwd=tmp_path).out.endswith("\n\nFlour and yeast.\n")


@pytest.mark.usefixtures("filled")
def test_an_unknown_id_and_a_text_that_is_no_id_are_bad_input(tmp_path: Path) -> None:
    for command in ("show", "tree", "logs", "cancel"):
        unknown = quaero(command, "0" * 13, "--json", cwd=tmp_path)
        assert unknown.code == 2, command
        assert unknown.value["error"]["message"].endswith(f"{'0' * 13} in quaero.db")
        wrong = quaero(command, "yesterday", "--json", cwd=tmp_path)
        assert wrong.code == 2, command
        assert "'yesterday' is not a job id" in wrong.value["error"]["message"]
