import fcntl
import os
import pty
import struct
import subprocess
import termios
from pathlib import Path

from tests.cli.command import SECONDS, command_line, surroundings
from tests.cli.definitions import configure, define

HIDE_CURSOR, SHOW_CURSOR, ERASE_LINE = "\x1b[?25l", "\x1b[?25h", "\x1b[2K"


def _on_a_terminal(*arguments: object, cwd: Path, columns: int = 100) -> tuple[int, str]:
    """Run the command on a terminal; its exit code and all that the terminal got."""
    command = command_line(*arguments)
    environment = surroundings(TERM="xterm-256color")
    for fixed in ("COLUMNS", "LINES"):  # they would be believed rather than the terminal
        environment.pop(fixed, None)
    terminal, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen(
        command, cwd=cwd, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        got = _all_of(terminal)
        return process.wait(SECONDS), got.decode()


def _all_of(terminal: int) -> bytes:
    """What the terminal gets until the last process that has it is gone."""
    got = b""
    while True:
        try:
            more = os.read(terminal, 65536)
        except OSError:  # EIO: the child has closed its side
            break
        if not more:
            break
        got += more
    os.close(terminal)
    return got


def test_a_run_on_a_terminal_has_a_live_bar_for_each_step(tmp_path: Path) -> None:
    configure(tmp_path)
    definition = define(tmp_path, "two", "gates = 2", "gates = 3\nbroken = 1")
    code, got = _on_a_terminal("run", definition, cwd=tmp_path)
    assert code == 3
    assert HIDE_CURSOR in got
    assert ERASE_LINE in got
    assert "2/2 done, 0 failed, completed" in got
    assert "3/3 done, 1 failed, completed_with_failures" in got
    after = got.rpartition(SHOW_CURSOR)[2]
    assert "two: completed_with_failures" in after
    assert "\x1b" not in after


def test_lists_on_a_terminal_are_cut_at_its_width(tmp_path: Path) -> None:
    configure(tmp_path)
    definition = define(tmp_path, "broken", "gates = 1\nbroken = 1")
    _on_a_terminal("run", definition, cwd=tmp_path)
    code, got = _on_a_terminal("jobs", cwd=tmp_path, columns=60)
    assert code == 0
    assert max(map(len, got.splitlines())) <= 60


def test_json_on_a_terminal_is_indented(tmp_path: Path) -> None:
    configure(tmp_path)
    _on_a_terminal("run", define(tmp_path, "one", "gates = 1"), cwd=tmp_path)
    code, got = _on_a_terminal("jobs", "--kind", "run", "--json", cwd=tmp_path)
    assert code == 0
    assert got.startswith('[\r\n  {\r\n    "id": ')
