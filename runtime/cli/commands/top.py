"""``quaero top``: the store as it moves, on a terminal: what is open, what waits by type, the counts."""

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.following import commits
from runtime.cli.opening import reading
from runtime.cli.output import is_terminal, write_json, write_text
from runtime.cli.printable import one_line

if TYPE_CHECKING:
    from rich.console import Group

    from runtime.store.reading.reader import StoreReader

SHOWN_RUNS = 20
"""Open runs on the screen, the newest."""


def top(
    once: Annotated[bool, typer.Option("--once", help="Print it once and end.")] = False,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Watch a store: open runs with their progress, what waits and runs by job type, counts. Ctrl-C ends it.

    It works beside any runtime. Where there is no terminal, and with --json, it prints once.
    """
    with reading(store, config) as reader:
        if as_json:
            write_json(picture(reader))
        elif once or not is_terminal(sys.stdout):
            write_text(plain(picture(reader)))
        else:
            _watch(reader)


def picture(reader: "StoreReader") -> dict[str, Any]:
    """What is shown, all of one moment."""
    from runtime.store.reading.jobs import JobFilter, list_jobs
    from runtime.store.reading.statistics import read_queues, read_statistics

    open_runs = JobFilter(
        kind="run", states=("running", "pending"), limit=SHOWN_RUNS, newest_first=True, deliveries=False
    )
    with reader.snapshot() as connection:
        return {
            "statistics": read_statistics(connection),
            "queues": read_queues(connection, ()),
            "runs": list_jobs(connection, open_runs),
        }


def plain(shown: dict[str, Any]) -> str:
    """The picture as lines. Pure."""
    from runtime.cli.layout import columns

    runs = [(run["id"], run["state"], run["name"], run["progress"]["text"]) for run in shown["runs"]]
    queues = [
        (queue["type"] + (" (paused)" if queue["paused"] else ""), *(f"{queue[key]}" for key in _QUEUED))
        for queue in shown["queues"]
    ]
    return "\n".join(
        [
            counts_text(shown["statistics"]),
            "",
            *columns(("RUN", "STATE", "NAME", "PROGRESS"), runs or [("none is open", "", "", "")]),
            "",
            *columns(("TYPE", "WAITING", "RUNNING", "LATER"), queues or [("nothing waits", "", "", "")]),
        ]
    )


_QUEUED = ("pending", "running", "scheduled")


def counts_text(statistics: dict[str, Any]) -> str:
    """The counts of the store in one line. Pure."""
    jobs, runs = statistics["jobs"], statistics["runs"]
    return (
        f"{runs['running'] + runs['pending']} of {runs['total']} runs open; jobs: {jobs['pending'] + jobs['scheduled']}"
        f" waiting, {jobs['running']} running, {jobs['completed']} completed, {jobs['failed']} failed,"
        f" {jobs['cancelled']} cancelled; {statistics['documents']} documents"
    )


def _watch(reader: "StoreReader") -> None:
    from rich.live import Live

    with Live(screen=True, auto_refresh=False) as live:
        for _ in commits(reader, follow=True):
            live.update(drawn(picture(reader)), refresh=True)


def drawn(shown: dict[str, Any]) -> "Group":
    """The picture as the terminal shows it; what others named is text in it."""
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    runs = Table(box=None, expand=True, title="Open runs", title_justify="left")
    for name in ("Run", "State", "Name", "", "Progress"):
        runs.add_column(name, overflow="ellipsis", no_wrap=True)
    for run in shown["runs"]:
        bar = ProgressBar(total=100, completed=run["progress"]["percentage"], width=24)
        runs.add_row(run["id"], run["state"], Text(one_line(run["name"])), bar, run["progress"]["text"])
    queues = Table(box=None, title="Queue", title_justify="left")
    for name in ("Type", "Waiting", "Running", "Later", ""):
        queues.add_column(name, justify="left" if name in {"Type", ""} else "right")
    for queue in shown["queues"]:
        numbers = (f"{queue[key]:,}" for key in _QUEUED)
        queues.add_row(Text(one_line(queue["type"])), *numbers, "paused" if queue["paused"] else "")
    return Group(Text(counts_text(shown["statistics"])), Text(), runs, Text(), queues)
