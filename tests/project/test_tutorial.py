"""docs/tutorial.md does what it says: its files and commands, exactly as printed, in a directory of their own."""

import shlex
import subprocess
import sys
from pathlib import Path

from tests.cli.command import SECONDS, surroundings
from tests.project.tutorial import WrittenFile, matches, steps_of

PAGE = Path(__file__).parents[2] / "docs" / "tutorial.md"
ROOT = str(PAGE.parents[1])


def test_every_file_and_command_of_the_tutorial_works_as_printed(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    for name, command in (("quaero", "-m runtime.cli"), ("python", "")):
        script = tmp_path / "bin" / name
        script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -W error {command} "$@"\n')
        script.chmod(0o755)
    home = tmp_path / "reader"
    home.mkdir()
    found = surroundings(PATH=f"{tmp_path / 'bin'}:/usr/bin:/bin", PYTHONPATH=ROOT)
    played = 0

    for step in steps_of(PAGE):
        if isinstance(step, WrittenFile):
            with (home / step.name).open("a" if step.append else "w", encoding="utf-8") as file:
                file.write(step.content)
            continue
        done = subprocess.run(
            ["sh", "-c", step.line],
            cwd=home,
            env=found,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if step.code else subprocess.PIPE,
            timeout=SECONDS,
            check=False,
            encoding="utf-8",
        )
        said = f"$ {step.line}\n{done.stdout}{done.stderr or ''}"
        assert done.returncode == step.code, said
        assert matches(step.output, done.stdout), said
        played += 1

    assert played == 11
