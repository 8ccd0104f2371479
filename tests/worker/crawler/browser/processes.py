"""The processes below one, as the kernel knows them."""

import os
from pathlib import Path
from threading import Event
from time import monotonic

LOOK_SECONDS = 0.05
SECONDS = 100.0
"""What is there by then has outlived whom it belongs to."""


def below(pid: int) -> dict[int, str]:
    """All processes below one, by id, with their command lines."""
    found: dict[int, str] = {}
    waiting = [pid]
    for each in waiting:
        for thread in _listed(Path(f"/proc/{each}/task")):
            for child in _read(thread / "children").split():
                found[int(child)] = _read(Path(f"/proc/{child}/cmdline")).replace("\0", " ")
                waiting.append(int(child))
    return found


def processes(pid: int, what: str) -> list[int]:
    """Those below one: the "browser" itself, the "pages" it has made, or its "driver"."""
    kinds = {
        "browser": lambda line: (
            "--remote-debugging-pipe" in line and "--type=" not in line and "/sh " not in line
        ),
        "pages": lambda line: "--type=renderer" in line,
        "driver": lambda line: "run-driver" in line,
    }
    return [each for each, line in below(pid).items() if kinds[what](line)]


def gone(pids: set[int]) -> bool:
    """Whether all of them end."""
    end, pause = monotonic() + SECONDS, Event()
    while left := {pid for pid in pids if _alive(pid)}:
        if monotonic() > end:
            raise AssertionError(f"still there: {[_read(Path(f'/proc/{pid}/cmdline')) for pid in left]}")
        pause.wait(LOOK_SECONDS)
    return True


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not _read(Path(f"/proc/{pid}/stat")).rpartition(")")[2].startswith(" Z")


def _listed(directory: Path) -> list[Path]:
    try:
        return list(directory.iterdir())
    except OSError:
        return []


def _read(file: Path) -> str:
    try:
        return file.read_text(errors="replace")
    except OSError:
        return ""
