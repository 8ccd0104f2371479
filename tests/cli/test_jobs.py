from pathlib import Path

import pytest

from tests.cli.command import quaero
from tests.cli.filling import Filled


def _ids(found: list[dict[str, object]]) -> list[object]:
    return [each["id"] for each in found]


def test_jobs_lists_runs_steps_and_jobs_in_the_order_of_their_ids(filled: Filled, tmp_path: Path) -> None:
    found = quaero("jobs", "--json", cwd=tmp_path).value
    assert _ids(found) == [
        filled.run,
        filled.pages,
        filled.words,
        filled.first,
        filled.failed,
        filled.spawned,
    ]
    assert found[0]["counts"] == {
        "total": 3,
        "scheduled": 0,
        "pending": 1,
        "running": 0,
        "completed": 1,
        "failed": 1,
        "cancelled": 0,
    }
    assert found[3]["payload"] == {"page": "first"}
    assert found[3]["result"] == {"links": 1}


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("--kind", "run"), ["The docs"]),
        (("--state", "failed"), ["second"]),
        (("--type", "visit", "--state", "pending"), ["third"]),
        (("--type", "crawl_here"), ["pages"]),
        (("--limit", "2"), ["The docs", "pages"]),
        (("--newest-first", "--limit", "1"), ["third"]),
        (("--state", "cancelled"), []),
    ],
)
@pytest.mark.usefixtures("filled")
def test_jobs_filters_and_limits(tmp_path: Path, options: tuple[str, ...], names: list[str]) -> None:
    found = quaero("jobs", *options, "--json", cwd=tmp_path).value
    assert [each["name"] for each in found] == names


def test_jobs_pages_by_the_last_id_of_the_page_before(filled: Filled, tmp_path: Path) -> None:
    found = quaero("jobs", "--run", filled.run, "--after", filled.first, "--json", cwd=tmp_path).value
    assert _ids(found) == [filled.failed, filled.spawned]


@pytest.mark.usefixtures("filled")
def test_the_table_shows_errors_and_progress_and_no_control_characters(tmp_path: Path) -> None:
    done = quaero("jobs", cwd=tmp_path)
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].split() == ["ID", "KIND", "STATE", "CREATED", "ATTEMPT", "NAME", "PROGRESS,", "ERROR"]
    assert "1 pending, 0 running, 1 completed, 1 failed" in lines[1]
    assert "the page \\x1b[2Jis no page" in lines[5]


def test_a_run_that_does_not_exist_is_bad_input(filled: Filled, tmp_path: Path) -> None:
    done = quaero("jobs", "--run", filled.first, "--json", cwd=tmp_path)
    assert done.code == 2
    assert done.value["error"]["message"] == f"there is no run {filled.first} in quaero.db"


def test_a_missing_store_is_bad_input_and_none_is_made(tmp_path: Path) -> None:
    done = quaero("jobs", "--store", "nothing.db", cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "there is no store at nothing.db" in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_store_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "notes.db").write_text("not a store, however long this text may be\n" * 100)
    before = (tmp_path / "notes.db").read_bytes()
    done = quaero("jobs", "--store", "notes.db", cwd=tmp_path)
    assert done.code == 2
    assert "is not a store" in done.err
    assert (tmp_path / "notes.db").read_bytes() == before


@pytest.mark.usefixtures("filled")
def test_the_store_is_the_flags_before_the_environments_before_the_files(tmp_path: Path) -> None:
    (tmp_path / "quaero.toml").write_text('[store]\npath = "file.db"\n')
    (tmp_path / "other.toml").write_text('[store]\npath = "other.db"\n')
    flag = quaero("jobs", "--store", "flag.db", cwd=tmp_path, QUAERO_STORE__PATH="environment.db")
    assert "flag.db" in flag.err
    environment = quaero("jobs", cwd=tmp_path, QUAERO_STORE__PATH="environment.db")
    assert "environment.db" in environment.err
    assert "file.db" in quaero("jobs", cwd=tmp_path).err
    assert "other.db" in quaero("jobs", "--config", "other.toml", cwd=tmp_path).err


@pytest.mark.usefixtures("filled")
def test_a_wrong_configuration_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "quaero.toml").write_text('[store]\npath = "quaero.db"\nlease_seconds = "long"\n')
    done = quaero("jobs", "--json", cwd=tmp_path)
    assert done.code == 2
    assert done.value["error"]["line"] == 3
    assert done.err.startswith("quaero.toml:3: store.lease_seconds")
