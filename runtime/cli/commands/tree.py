"""``quaero tree ID``: a run or step with everything below it, as a tree."""

import io
from typing import TYPE_CHECKING, Annotated, Any

import typer

from runtime.cli.arguments import LARGEST, ConfigOption, JobArgument, JsonOption, StoreOption
from runtime.cli.opening import known_job, reading
from runtime.cli.output import terminal_width, write, write_json

if TYPE_CHECKING:
    from rich.text import Text

SHOWN = 100
"""Children drawn of one parent when nobody says how many."""
_UNLIMITED = -1
_STYLES = {
    "completed": "green",
    "completed_with_failures": "yellow",
    "failed": "red",
    "cancelled": "magenta",
    "running": "cyan",
}


def tree(
    job: JobArgument,
    *,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            min=1,
            max=LARGEST,
            metavar="N",
            help=f"At most so many children of each parent. [default: {SHOWN}; with --json all]",
            show_default=False,
        ),
    ] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw a run or step with all below it.

    A job hangs below the job that spawned it.
    """
    with reading(store, config) as reader:
        found = reader.tree(known_job(reader, job), limit=limit or (_UNLIMITED if as_json else SHOWN))
    if as_json:
        write_json(found)
    elif found is not None:
        write(drawn(found, terminal_width()))


def drawn(found: dict[str, Any], width: int | None) -> str:
    """The tree as text; with colours if ``width`` is a terminal's."""
    from rich.console import Console
    from rich.tree import Tree

    root = Tree(label(found))
    for link in found.get("links", ()):
        root.add(linked(link))
    waiting: list[tuple[Tree, dict[str, Any]]] = [(root, found)]
    while waiting:
        branch, node = waiting.pop()
        nodes = (*node.get("children", ()), *node.get("spawned", ()))
        waiting.extend((branch.add(label(below)), below) for below in nodes)
        if not_shown := node.get("children_not_shown"):
            branch.add(f"… and {not_shown} more: --limit N shows them")
    console = Console(
        file=io.StringIO(), width=width or 10_000, force_terminal=width is not None, highlight=False
    )
    console.print(root, no_wrap=True, overflow="ellipsis", crop=width is not None)
    assert isinstance(console.file, io.StringIO)  # noqa: S101 - tells mypy
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def linked(link: dict[str, Any]) -> "Text":
    """One run that is linked with this one, on one line. Pure."""
    from rich.text import Text

    from runtime.cli.printable import one_line

    text = Text(f"{link['role'].replace('_', '-')} {one_line(link['definition_id'])}", style="italic")
    text.append(f" {link['state']}", style=_STYLES.get(link["state"], ""))
    return text.append(f" {link['run_id']}", style="dim")


def label(node: dict[str, Any]) -> "Text":
    """One job on one line: name, state, progress or error, id."""
    from rich.text import Text

    from runtime.cli.printable import one_line

    text = Text(one_line(node["name"]), style="bold" if node["kind"] != "job" else "")
    text.append(f" {node['state']}", style=_STYLES.get(node["state"], ""))
    if "progress" in node:
        text.append(f" ({node['progress']['text']})")
    if node.get("error"):
        text.append(f" {one_line(node['error'])}", style="red")
    return text.append(f" {node['id']}", style="dim")
