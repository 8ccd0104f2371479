"""``quaero top``: what a store has to do, at a glance."""

from io import StringIO

from rich.console import Console

from runtime.cli.commands.top import drawn, picture, plain
from runtime.store.reading.reader import StoreReader
from tests.cli.command import quaero
from tests.cli.filling import Filled


def test_it_prints_counts_open_runs_and_queues_where_there_is_no_terminal(filled: Filled) -> None:
    ended = quaero("top", cwd=filled.path.parent)
    assert ended.code == 0
    counts, _, runs, *_ = ended.out.splitlines()
    assert "runs open" in counts
    assert runs.split() == ["RUN", "STATE", "NAME", "PROGRESS"]
    assert "TYPE" in ended.out


def test_its_numbers_are_those_of_the_rows(filled: Filled) -> None:
    shown = quaero("top", "--json", cwd=filled.path.parent).value
    reader = StoreReader(filled.path)
    try:
        assert plain(shown) == plain(picture(reader))
        with reader.snapshot() as connection:
            for state, number in shown["statistics"]["jobs"].items():
                if state != "total":
                    rows = connection.execute(
                        "SELECT count(*) FROM job WHERE kind = 'job' AND state = ?", (state,)
                    ).fetchone()[0]
                    assert number == rows, state
    finally:
        reader.close()


def test_a_name_is_text_and_no_command_to_the_terminal(filled: Filled) -> None:
    """Neither markup nor an escape sequence, in the live picture too."""
    reader = StoreReader(filled.path)
    try:
        shown = picture(reader)
    finally:
        reader.close()
    name = "[bold]x[/bold] <img src=x onerror=alert(1)> \x1b[31m\x07"
    progress = {"percentage": 0.0, "text": "0 pending"}
    shown["runs"] = [{"id": "a", "state": "running", "name": name, "progress": progress}]
    shown["queues"] = [{"type": name, "pending": 0, "running": 0, "scheduled": 0, "paused": False}]
    console = Console(file=StringIO(), width=200, force_terminal=False)
    console.print(drawn(shown))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert text.count("[bold]x[/bold] <img src=x onerror=alert(1)> \\x1b[31m\\x07") == 2
    assert "\x1b" not in text
    assert "\x07" not in text
