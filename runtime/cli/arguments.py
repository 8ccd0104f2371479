"""Options and arguments that several commands share."""

import os
from pathlib import Path
from typing import Annotated

import typer

LARGEST = 2**63 - 1
"""Of a number that SQLite can take."""

StoreOption = Annotated[
    Path | None,
    typer.Option(
        "--store",
        metavar="PATH",
        help="The store's file. [default: the configuration's, else quaero.db]",
        show_default=False,
    ),
]
ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="The configuration. [default: quaero.toml, if the current directory has one]",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
LimitOption = Annotated[
    int | None,
    typer.Option("--limit", min=1, max=LARGEST, metavar="N", help="At most so many.", show_default=False),
]
RunOption = Annotated[
    str | None, typer.Option("--run", metavar="ID", help="Only of this run.", show_default=False)
]
AfterOption = Annotated[
    int,
    typer.Option(
        "--after",
        min=0,
        max=LARGEST,
        metavar="N",
        help="Only those with a larger number.",
        show_default=False,
    ),
]
DefinitionArgument = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="The job definition: a TOML file, or its id in the configuration's directory of definitions.",
        show_default=False,
    ),
]
ScheduleArgument = Annotated[
    str, typer.Argument(metavar="ID", help="The definition's id.", show_default=False)
]
JobArgument = Annotated[str, typer.Argument(metavar="ID", help="A run, a step or a job.", show_default=False)]

_VALUED = ("--store", "--config")


def common_options_last(arguments: list[str]) -> list[str]:
    """The arguments with the common options moved behind the command, where it expects them. Pure.

    So ``quaero --store a.db jobs`` means the same as ``quaero jobs --store a.db``.
    """
    moved: list[str] = []
    rest = list(arguments)
    while rest:
        first = rest[0]
        if first == "--json" or first.startswith(tuple(f"{option}=" for option in _VALUED)):
            moved.append(rest.pop(0))
        elif first in _VALUED and len(rest) > 1:
            moved += [rest.pop(0), rest.pop(0)]
        else:
            break
    if not moved or not rest or rest[0].startswith("-"):
        return list(arguments)
    end = rest.index("--") if "--" in rest else len(rest)
    return [*rest[:end], *moved, *rest[end:]]


def unreadable(arguments: list[str]) -> str | None:
    """The first argument that is not UTF-8 text, but for names of files, which may be any bytes."""
    for before, each in zip(["", *arguments], arguments, strict=False):
        if before in _VALUED or each.startswith(tuple(f"{option}=" for option in _VALUED)):
            continue
        if any("\ud800" <= character <= "\udfff" for character in each) and not os.path.lexists(each):
            return each
    return None
