"""The pytest plugin, in a pytest of its own: fixtures for who asks for them, and nothing for who does not."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLUGIN = "runtime.testing.fixtures"
ASKING = """
from datetime import UTC, datetime
import msgspec, pytest
from actors.worker import JobContext, worker

class Letter(msgspec.Struct, frozen=True):
    to: str

@worker("send")
def send(payload: Letter, context: JobContext) -> str:
    return payload.to

def test_a_runtime(quaero, quaero_clock):
    runtime = quaero(workers=[send])
    assert runtime.fan_out(send, [Letter("ann")]).wait().counts.completed == 1
    assert runtime.clock is quaero_clock
    assert runtime.now == datetime(2026, 1, 1, tzinfo=UTC)

def test_the_next_one_is_another(quaero, quaero_seed):
    assert quaero(workers=[send]).jobs() == []
    assert quaero_seed == 0
"""
NOT_ASKING = """
import sys

def test_nothing_heavy_was_imported():
    assert not [name for name in ("msgspec", "peewee", "thespian", "sqlite3", "asyncio") if name in sys.modules]
    assert not [name for name in sys.modules if name.startswith("actors")]
    assert {name for name in sys.modules if name.partition(".")[0] == "runtime"} == {
        "runtime", "runtime.testing", "runtime.testing.fixtures"
    }
"""


def run(tmp_path: Path, source: str, *arguments: str) -> str:
    """What a pytest prints that knows the plugin, with every warning an error."""
    (tmp_path / "test_it.py").write_text(source, encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            PLUGIN,
            "-W",
            "error",
            "-p",
            "no:cacheprovider",
            *arguments,
        ],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return done.stdout + done.stderr


def test_who_asks_gets_runtimes_that_are_closed_after_the_test(tmp_path: Path) -> None:
    assert "2 passed" in run(tmp_path, ASKING)


def test_who_does_not_ask_has_nothing_imported(tmp_path: Path) -> None:
    assert "1 passed" in run(tmp_path, NOT_ASKING)


def test_a_conftest_may_name_the_plugin_though_it_is_loaded_already(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(f'pytest_plugins = ["{PLUGIN}"]', encoding="utf-8")
    assert "2 passed" in run(tmp_path, ASKING)


def test_the_fixtures_are_listed_with_what_they_are_for(tmp_path: Path) -> None:
    listed = run(tmp_path, ASKING, "--fixtures")
    for name in ("quaero ", "quaero_clock ", "quaero_seed "):
        assert f"\n{name}" in listed
    assert "Make simulated runtimes" in listed


def test_the_entry_point_has_the_modules_name(tmp_path: Path) -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {PLUGIN: PLUGIN}
