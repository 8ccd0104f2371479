import os
import signal
import subprocess
from pathlib import Path

from tests.cli.command import SECONDS, command_line, quaero, surroundings
from tests.cli.filling import Filled


def test_the_log_of_a_run_has_the_lines_of_its_jobs(filled: Filled, tmp_path: Path) -> None:
    found = quaero("logs", filled.run, "--json", cwd=tmp_path).values
    assert [each["text"] for each in found[:2]] == ["fetched", "slow"]
    assert found[0]["job_id"] == filled.first
    assert set(found[0]) == {"number", "job_id", "time", "level", "text"}
    assert quaero("logs", filled.first, "--json", cwd=tmp_path).values == found[:2]
    assert quaero("logs", filled.spawned, "--json", cwd=tmp_path).values == []


def test_the_log_filters_by_level_and_goes_on_after_a_number(filled: Filled, tmp_path: Path) -> None:
    found = quaero("logs", filled.first, "--json", cwd=tmp_path).values
    assert quaero("logs", filled.first, "--level", "error", "--json", cwd=tmp_path).values == found[1:]
    after = quaero("logs", filled.first, "--after", found[0]["number"], "--json", cwd=tmp_path)
    assert after.values == found[1:]
    assert quaero("logs", filled.first, "--limit", 1, "--json", cwd=tmp_path).values == found[:1]


def test_the_log_is_a_line_each_for_people(filled: Filled, tmp_path: Path) -> None:
    lines = quaero("logs", filled.first, cwd=tmp_path).out.splitlines()
    assert lines == [
        f"2023-11-14 22:13:20 info    {filled.first}  fetched",
        f"2023-11-14 22:13:20 error   {filled.first}  slow",
    ]


def test_following_the_log_of_an_ended_job_ends(filled: Filled, tmp_path: Path) -> None:
    done = quaero("logs", "-f", filled.first, cwd=tmp_path)
    assert done.code == 0
    assert len(done.out.splitlines()) == 2


def test_ctrl_c_ends_following_with_130_and_without_a_traceback(filled: Filled, tmp_path: Path) -> None:
    with subprocess.Popen(
        command_line("logs", "-f", filled.run),
        cwd=tmp_path,
        env=surroundings(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as following:
        assert following.stdout is not None
        assert following.stdout.readline().endswith("fetched\n")
        os.kill(following.pid, signal.SIGINT)
        _, err = following.communicate(timeout=SECONDS)
    assert (following.returncode, err) == (130, "")
