"""Runs Thespian's suite in a process of its own and says how it went."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.conformance.plugin import REPORT_VARIABLE

PROJECT = Path(__file__).resolve().parents[2]


class SuiteError(Exception):
    """The suite could not be run."""


def run_suite(tests: Sequence[str], report: Path, *, timeout_seconds: float) -> dict[str, str]:
    """The outcome of each test, by its name within the suite.

    Args:
        tests: modules or names of tests as pytest takes them after ``--pyargs``.
        report: where the outcomes are written to.
        timeout_seconds: of the whole run.

    Raises:
        SuiteError: no outcome was reported.
    """
    command = [sys.executable, "-m", "pytest", "-c", "tests/conformance/suite.ini", "--rootdir", "."]
    command += ["-p", "no:randomly", "-p", "no:cacheprovider", "-p", "tests.conformance.plugin"]
    command += ["-q", "--tb=short", "--timeout=120", "--pyargs", *tests]
    environment = {
        **os.environ,
        REPORT_VARIABLE: str(report),
        "PYTHONPATH": str(PROJECT),
        "PYTEST_ADDOPTS": "",
        "QUAERO_ENCODE_MESSAGES": "0",  # its messages are objects of any class
    }
    done = subprocess.run(
        command,
        cwd=PROJECT,
        env=environment,
        timeout=timeout_seconds,
        capture_output=True,
        text=True,
        check=False,
    )
    if not report.exists():
        raise SuiteError(
            f"pytest ended with {done.returncode}:\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        )
    outcomes: dict[str, str] = json.loads(report.read_text(encoding="utf-8"))
    if "failed" in outcomes.values():
        print(done.stdout[-20000:])  # noqa: T201 (pytest shows it with the failure)
    return outcomes


def without_parameters(name: str) -> str:
    """The test's name, as written in its module."""
    return re.sub(r"\[.*\]$", "", name)
