"""Runs the real command in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

SECONDS = 100.0
"""A command that has not ended by then hangs."""


class Ended(msgspec.Struct, frozen=True):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def value(self) -> Any:
        """The output as one JSON value."""
        return json.loads(self.out)

    @property
    def values(self) -> list[Any]:
        """The output as one JSON value a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def command_line(*arguments: object) -> list[str]:
    """The command with these arguments, as a process is given it."""
    return [sys.executable, "-W", "error", "-m", "runtime.cli", *map(str, arguments)]


def surroundings(**variables: str) -> dict[str, str]:
    """The environment for a command: none of ours that the machine may have, UTC, a width."""
    kept = {name: value for name, value in os.environ.items() if "QUAERO_" not in name or "__" not in name}
    return {**kept, "TZ": "UTC", "QUAERO_ENCODE_MESSAGES": "1", **variables}


def quaero(*arguments: object, cwd: Path, **variables: str) -> Ended:
    """Run ``quaero`` with these arguments to its end."""
    done = subprocess.run(
        command_line(*arguments),
        cwd=cwd,
        env=surroundings(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
        check=False,
        encoding="utf-8",
        errors="surrogateescape",
    )
    return Ended(done.returncode, done.stdout, done.stderr)
