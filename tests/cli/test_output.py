import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import SECONDS, command_line, quaero, surroundings
from tests.cli.filling import Filled


def test_a_reader_that_goes_away_ends_the_command_quietly(filled: Filled, tmp_path: Path) -> None:
    for command in (("events",), ("events", "--json"), ("jobs",), ("logs", filled.run), ("jobs", "--json")):
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run(
            command_line(*command),
            cwd=tmp_path,
            env=surroundings(),
            stdout=writing,
            stderr=subprocess.PIPE,
            timeout=SECONDS,
            check=False,
        )
        os.close(writing)
        assert (done.returncode, done.stderr) == (0, b""), command


@pytest.mark.usefixtures("filled")
def test_a_full_disk_below_stdout_is_one_message(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            command_line("jobs"),
            cwd=tmp_path,
            env=surroundings(),
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=SECONDS,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == b"quaero: the result can not be written to stdout: No space left on device\n"


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    "command", [("show",), ("jobs", "--type"), ("documents", "--tag"), ("unschedule",), ("webhook", "test")]
)
def test_an_argument_that_is_not_utf8_is_told_as_it_is_escaped(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    done = quaero(*command, os.fsdecode(b"\xff"), "--json", cwd=tmp_path)
    assert done.code == 2
    assert "\\udcff" in done.value["error"]["message"]
    assert done.err.isascii()


def test_a_terminal_that_can_not_show_a_character_gets_an_escape(filled: Filled, tmp_path: Path) -> None:
    done = quaero("tree", filled.run, cwd=tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.code == 0
    assert done.out.isascii()


def test_paths_that_no_file_can_have_are_bad_input_without_a_traceback(tmp_path: Path) -> None:
    long = "x" * 3000
    for arguments in (("check", long), ("run", long), ("jobs", "--store", long), ("jobs", "--config", long)):
        done = quaero(*arguments, cwd=tmp_path)
        assert (done.code, done.err.count("\n")) == (2, 1), done.err
        assert "ame too long" in done.err
