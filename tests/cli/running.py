"""A command that runs while a test goes on: what it said so far, signals, its end."""

import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.cli.command import SECONDS, Ended, command_line, surroundings


class Running:
    """A running command; its stderr is read as it comes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self._told: list[str] = []
        self._out: list[str] = []
        self._news = threading.Condition()
        self._told_all = (
            threading.Event()
        )  # with what was said last: the process may have ended before that is read
        self._printed_all = threading.Event()
        self._readers = [
            threading.Thread(target=self._read, args=(process.stderr, self._told, self._told_all)),
            threading.Thread(target=self._read, args=(process.stdout, self._out, self._printed_all)),
        ]
        for reader in self._readers:
            reader.start()

    def tells(self, words: str) -> None:
        """Wait until stderr has a line with these words."""
        with self._news:
            found = self._news.wait_for(
                lambda: any(words in line for line in self._told) or self._told_all.is_set(), SECONDS
            )
        assert found, f"{words!r} is not among {self._told}"
        assert any(words in line for line in self._told), f"it ended and told {self._told}"

    def prints(self, lines: int) -> None:
        """Wait until stdout has so many lines."""
        with self._news:
            self._news.wait_for(lambda: len(self._out) >= lines or self._printed_all.is_set(), SECONDS)
        assert len(self._out) >= lines, f"{len(self._out)} lines, stderr: {self._told}"

    @property
    def printed(self) -> list[str]:
        """The lines of stdout so far."""
        return list(self._out)

    def end(self) -> Ended:
        """Wait for its end."""
        code = self.process.wait(SECONDS)
        for reader in self._readers:
            reader.join(SECONDS)
        return Ended(code, "".join(self._out), "".join(self._told))

    def _read(self, stream: IO[str], lines: list[str], all_read: threading.Event) -> None:
        for line in stream:
            with self._news:
                lines.append(line)
                self._news.notify_all()
        with self._news:
            all_read.set()
            self._news.notify_all()


@contextmanager
def running(*arguments: object, cwd: Path) -> Iterator[Running]:
    """Start the command; it is killed if the test leaves it running."""
    with subprocess.Popen(
        command_line(*arguments),
        cwd=cwd,
        env=surroundings(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        command = Running(process)
        try:
            yield command
        finally:
            process.kill()
            command.end()
