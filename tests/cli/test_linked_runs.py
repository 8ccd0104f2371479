"""``run``, ``check`` and ``tree`` of definitions with pre_jobs and post_jobs."""

from pathlib import Path

import pytest

from tests.cli.command import quaero
from tests.cli.definitions import configure, define


@pytest.fixture(autouse=True)
def _configured(tmp_path: Path) -> None:
    configure(tmp_path)


def link(directory: Path, name: str, **links: str) -> str:
    """A definition of one gate that links others."""
    define(directory, name, "gates = 1")
    file = directory / f"{name}.toml"
    lines = "".join(f'{key} = ["{other}"]\n' for key, other in links.items())
    file.write_text(lines + file.read_text())
    return file.name


def test_run_waits_for_the_run_and_its_post_jobs_and_tells_of_them(tmp_path: Path) -> None:
    define(tmp_path, "fetch", "gates = 1")
    define(tmp_path, "report", "gates = 1", "gates = 1")
    done = quaero("run", link(tmp_path, "main", pre_jobs="fetch", post_jobs="report"), cwd=tmp_path)
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[2].startswith("  post-job report (run ")
    assert lines[3].startswith("  pre-job fetch (run ")
    assert all(line.endswith(": completed") for line in lines[2:4])
    runs = quaero("jobs", "--kind", "run", "--json", cwd=tmp_path).value
    assert sorted(run["type"] for run in runs) == ["fetch", "main", "report"]
    main = next(run for run in runs if run["type"] == "main")
    tree = quaero("tree", main["id"], cwd=tmp_path).out.splitlines()
    assert tree[1].startswith("├── post-job report completed ")
    assert tree[2].startswith("├── pre-job fetch completed ")


def test_the_exit_code_is_the_runs_own(tmp_path: Path) -> None:
    define(tmp_path, "report", "gates = 1\nbroken = 1")
    done = quaero("run", link(tmp_path, "main", post_jobs="report"), "--json", cwd=tmp_path)
    assert done.code == 0, done.err
    assert [(each["role"], each["state"]) for each in done.value["links"]] == [("post_job", "failed")]


def test_a_failed_pre_job_fails_the_run(tmp_path: Path) -> None:
    define(tmp_path, "fetch", "gates = 1\nbroken = 1")
    done = quaero("run", link(tmp_path, "main", pre_jobs="fetch"), cwd=tmp_path)
    assert done.code == 1
    assert "error: pre-job 'fetch' (run " in done.out


def test_an_id_that_leads_nowhere_is_bad_input_with_its_line(tmp_path: Path) -> None:
    file = link(tmp_path, "main", pre_jobs="absent")
    for command in ("run", "check"):
        done = quaero(command, file, cwd=tmp_path)
        assert done.code == 2
        assert 'main.toml:1: pre_jobs: no definition has the id "absent"' in done.err
    assert not (tmp_path / "quaero.db").exists()
