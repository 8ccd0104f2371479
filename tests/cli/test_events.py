import json
import subprocess
from pathlib import Path

from actors.ids import parse_id
from actors.messages import CancelJob
from actors.seams import SystemClock
from runtime.store.file import StoreFile
from tests.cli.command import SECONDS, command_line, quaero, surroundings
from tests.cli.filling import Filled


def test_events_are_objects_one_a_line_without_a_hole_in_their_numbers(
    filled: Filled, tmp_path: Path
) -> None:
    found = quaero("events", "--json", cwd=tmp_path).values
    assert [each["seq"] for each in found] == list(range(1, len(found) + 1))
    assert set(found[0]) == {"seq", "type", "run_id", "job_id", "time", "data"}
    states = [
        each["data"]["state"] for each in found if each["job_id"] == filled.first and "state" in each["data"]
    ]
    assert states == ["pending", "running", "completed"]


def test_events_go_on_after_a_number_and_filter_by_type_and_run(filled: Filled, tmp_path: Path) -> None:
    every = quaero("events", "--json", cwd=tmp_path).values
    assert quaero("events", "--after", "4", "--json", cwd=tmp_path).values == every[4:]
    assert quaero("events", "--run", filled.run, "--json", cwd=tmp_path).values == every
    saved = quaero("events", "--type", "document_saved", "--json", cwd=tmp_path).values
    assert saved == [each for each in every if each["type"] == "document_saved"]
    assert quaero("events", "--limit", "3", "--json", cwd=tmp_path).values == every[:3]
    assert quaero("events", "--after", "9999", "--json", cwd=tmp_path).values == []


def test_following_shows_what_others_commit_and_ends_with_the_run(filled: Filled, tmp_path: Path) -> None:
    last = quaero("events", "--json", cwd=tmp_path).values[-1]["seq"]
    with subprocess.Popen(
        command_line("events", "--follow", "--run", filled.run, "--json"),
        cwd=tmp_path,
        env=surroundings(),
        stdout=subprocess.PIPE,
        text=True,
    ) as following:
        assert following.stdout is not None
        seen = [json.loads(following.stdout.readline())["seq"] for _ in range(last)]
        file = StoreFile(filled.path, SystemClock())
        commit = file.commit([CancelJob(parse_id(filled.run))], None, sweep=[])[-1]
        file.commit([], None, sweep=sorted(commit.unsweeped))
        file.close()
        rest, _ = following.communicate(timeout=SECONDS)
    assert seen == list(range(1, last + 1))
    assert following.returncode == 0
    assert json.loads(rest.splitlines()[0])["seq"] == last + 1
    run = [each for each in map(json.loads, rest.splitlines()) if each["job_id"] == filled.run]
    assert [each["data"]["state"] for each in run if each["type"] == "job_status_change"] == ["cancelled"]
