import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import quaero
from tests.cli.filling import Filled

COMMANDS = (
    "run", "check", "work", "jobs", "show", "tree", "logs", "events", "documents", "search", "cancel", "schema", "bench"
)  # fmt: skip


def test_help_names_every_command_and_the_exit_codes(tmp_path: Path) -> None:
    done = quaero("--help", cwd=tmp_path)
    assert done.code == 0
    assert done.err == ""
    for command in COMMANDS:
        assert f"\n  {command} " in done.out
    assert "130 interrupted" in done.out


@pytest.mark.parametrize("command", COMMANDS[:-1])
def test_every_command_takes_the_common_options(tmp_path: Path, command: str) -> None:
    done = quaero(command, "--help", cwd=tmp_path)
    assert done.code == 0
    for option in ("--store", "--config", "--json"):
        assert option in done.out


def test_without_a_command_the_help_goes_to_stderr_and_the_exit_code_is_2(tmp_path: Path) -> None:
    done = quaero(cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert "Commands:" in done.err


def test_the_version_is_printed(tmp_path: Path) -> None:
    done = quaero("--version", cwd=tmp_path)
    assert done.code == 0
    assert done.out.startswith("quaero 0.")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("job",), "No such command 'job'. Did you mean 'jobs'?"),
        (("jobs", "--stroe", "x"), "No such option: --stroe"),
        (("jobs", "--limit", "many"), "Invalid value for '--limit'"),
        (("jobs", "--limit", "0"), "Invalid value for '--limit'"),
        (("jobs", "--limit", "99999999999999999999"), "Invalid value for '--limit'"),
        (("events", "--after", "99999999999999999999"), "Invalid value for '--after'"),
        (("jobs", "--state", "done"), "Invalid value for '--state': 'done' is not one of 'scheduled'"),
        (("show",), "Missing argument 'ID'"),
        (("show", "one", "two"), "unexpected extra argument"),
        (("bench", "nothing"), "No such command 'nothing'"),
    ],
)
def test_wrong_usage_is_one_message_with_the_next_step_and_exit_code_2(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    done = quaero(*arguments, cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert sentence in done.err
    assert "--help` shows what it takes" in done.err
    assert done.err.count("\n") == 1


def test_wrong_usage_under_json_is_an_error_object_on_stdout_too(tmp_path: Path) -> None:
    done = quaero("jobs", "--json", "--stroe", "x", cwd=tmp_path)
    assert done.code == 2
    assert done.value["error"]["message"].startswith("No such option: --stroe")
    assert done.value["error"]["hint"] == "`quaero jobs --help` shows what it takes"
    assert "No such option" in done.err


def test_common_options_may_stand_before_the_command(filled: Filled, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = quaero("--json", "--store", filled.path, "show", filled.run, cwd=elsewhere)
    assert done.code == 0, done.err
    assert done.value["id"] == filled.run


def test_starting_a_command_that_reads_loads_neither_the_engine_nor_the_crawlers_libraries() -> None:
    code = (
        "import sys; from runtime.cli import application; from runtime.cli.opening import reading;"
        "from runtime.store.reading.reader import StoreReader;"
        "heavy = {'aiohttp', 'selectolax', 're2', 'asyncio', 'rich.console', 'runtime.engine'};"
        "print(sorted(heavy & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
