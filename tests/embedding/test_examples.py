"""What the documentation shows is run as it is shown."""

import re
import subprocess
import sys
from pathlib import Path

from tests.embedding.processes import ROOT, sql
from tests.machine import told_but_for_blame


def run(*arguments: str, cwd: Path) -> "subprocess.CompletedProcess[str]":
    """Python as a reader would run it, with every warning an error."""
    return subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=cwd,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def snippets(language: str) -> list[str]:
    """The README's blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)


def test_the_example_of_ones_own_worker_runs_and_its_second_run_is_the_first(tmp_path: Path) -> None:
    for _ in range(2):
        done = run(str(ROOT / "docs/examples/thumbnails.py"), "pictures.db", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert told_but_for_blame(done.stderr) == ""
        assert done.stdout == "completed: 0 pending, 0 running, 200 completed, 0 failed\n"

    assert sql(tmp_path / "pictures.db", "SELECT kind, count(*) FROM job GROUP BY kind ORDER BY kind") == [
        ("job", 200),
        ("run", 1),
        ("step", 1),
    ]


def test_the_example_of_testing_a_service_passes(tmp_path: Path) -> None:
    arguments = ("-q", "-p", "no:cacheprovider", "-p", "runtime.testing.fixtures", "-c", "/dev/null")
    done = run("-m", "pytest", *arguments, str(ROOT / "docs/examples/test_charging.py"), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "8 passed" in done.stdout


def test_the_guide_to_testing_shows_what_the_example_has() -> None:
    example = (ROOT / "docs/examples/test_charging.py").read_text("utf-8")
    guide = (ROOT / "docs/testing.md").read_text("utf-8")
    shown = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    assert len(shown) >= 4
    for block in shown:
        assert block.strip() in example, f"docs/testing.md shows what the example has not:\n{block}"


def test_the_readmes_service_runs_as_it_is_printed(tmp_path: Path) -> None:
    (snippet,) = snippets("python")
    (tmp_path / "service.py").write_text(snippet, encoding="utf-8")
    done = run("service.py", cwd=tmp_path)

    assert (done.returncode, told_but_for_blame(done.stderr)) == (0, "")
    assert done.stdout == "0 pending, 0 running, 3 completed, 0 failed\n"
    assert done.stdout.strip() in snippet


def test_the_readmes_definition_is_accepted_without_a_warning(tmp_path: Path) -> None:
    (definition,) = snippets("toml")
    (tmp_path / "docs.toml").write_text(definition, encoding="utf-8")
    done = run("-m", "runtime.cli", "check", "docs.toml", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "docs.toml: job definition docs, 1 step: ok\n"


def test_the_commands_and_files_that_the_readme_names_exist(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        assert (ROOT / target).exists(), f"README.md leads to {target}, which is not there"
    for command in set(re.findall(r"quaero ([a-z]+)", text)) - {"runtime"}:
        done = run("-m", "runtime.cli", command, "--help", cwd=tmp_path)
        assert done.returncode == 0, f"README.md names `quaero {command}`: {done.stderr}"
