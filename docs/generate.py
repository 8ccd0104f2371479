"""Writes docs/reference/ from what the code says: the commands, the configuration, the keys of a definition.

``python docs/generate.py`` writes, ``python docs/generate.py --check`` only says what is out of date (exit 1).
"""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer

from actors.states import OPEN, TABLE, JobKind, JobState, Move
from docs.keys import configuration, definition
from docs.markdown import table
from runtime.cli.application import application
from runtime.cli.arguments import LARGEST
from tests.terminal.table import PARENTS, PATHS, PATHS_OF_RUNTIMES

REFERENCE = Path(__file__).parent / "reference"
MADE = "<!-- Made by docs/generate.py (make docs); a test says when it is out of date. -->\n\n"
COMMON = ("--store", "--config", "--json")

EXITS = """\
Exit codes: 0 completed, 1 failed or cancelled, 2 bad input or usage, 3 completed with failures, 130 interrupted
(drained). Results go to stdout, progress and logs to stderr. Every command takes:
"""

CONFIGURATION = """\
`quaero.toml` configures the runtime. A flag goes before an environment variable, that before the file. A variable is
`QUAERO_` and the key with `__` for the dot: `QUAERO_STORE__PATH=jobs.db`. An unknown key is a warning with the nearest
known one, a wrong value an error with its line; `quaero check quaero.toml` shows both without starting anything.

`[workers.TYPE]` and `[managers.ACTION]` also hold the settings that the code of that worker or manager declares
(`settings_type`); those that come with the runtime are below. A setting marked secret is shown nowhere; instead of
`KEY` one may write `KEY_file`, the path of a file that holds nothing else, and either is best given by a variable:
`QUAERO_WORKERS__TYPE__KEY`. In code: `Runtime(worker_settings={…}, manager_settings={…})`.
"""

DEFINITION = """\
A definition is a TOML file: keys of its own at the top, and a table `[step.NAME]` for each step. Steps run in the order
of the file unless one names `depends`. `quaero schema definition` prints all this as JSON Schema. A wrong value and a
key that is a known one with a slip of the pen are errors with their line; any other unknown key is a warning.

`{key}` in a text is a variable from outside: of `variables.toml` beside the file, or of the environment; a table
`[stock]` of that file with `ticker = "GNP"` is `{stock:ticker}`. The environment goes first by the very name (`city`
for `{city}`), and after the file by the usual spelling (`CITY`). A text that is nothing but one placeholder takes the
value's type. A variable that is not there stays as it is, with a warning. `{config.x}` is a variable of the
definition's own.

Older shapes are read into the same: `[[steps]]` with `action` and `[steps.config]`, `[step.NAME]` with `type`
(`"crawler"` is `crawl`; there `on_error` is `"continue"` when nothing is said), and a crawler's keys at the top.
"""

TERMINAL_PATHS = """\
Every way a job can end, under every state its parent can be in, and what the parent then is: its state, and how many
of its children completed · failed · were cancelled. Each row is a test (`tests/terminal/`) that plays it with real
runtimes and counts the rows by SQL: the parent ends, once, in the transaction of its last child's end, with these
counts.

The parents:

"""


STATES = """\
Runs, steps and jobs go from state to state only along these ways. The table is `TABLE` in `actors/states.py`: the
store's statements are made from it, every change of a run or step is judged by it, and `make exhaustive` goes along
every line of it with up to three jobs, two runtimes and one fault.

A terminal state is left only by an operator's retry, which opens a new epoch (*reopened*). That something is paused,
closing or waits for another step is no state: it keeps what is below it from being leased.
"""

KINDS = {
    JobKind.JOB: "A job",
    JobKind.STEP: "A step",
    JobKind.RUN: "A run",
}


def pages() -> dict[str, str]:
    """The pages by file name."""
    return {
        "commands.md": "".join(("# Commands\n\n", MADE, *_commands())),
        "configuration.md": "".join(("# Configuration\n\n", MADE, CONFIGURATION, *configuration())),
        "states.md": "".join(("# States\n\n", MADE, STATES, *_states())),
        "definition.md": "".join(("# Definition\n\n", MADE, DEFINITION, *definition())),
        "terminal-paths.md": "".join(("# Terminal paths\n\n", MADE, TERMINAL_PATHS, *_terminal_paths())),
    }


# -- commands ------------------------------------------------------------------------------------------------------


def _commands() -> Iterator[str]:
    root: Any = typer.main.get_command(application)
    context = root.make_context("quaero", [], resilient_parsing=True)
    yield EXITS
    yield table(("option", "meaning"), _options(root.commands["run"], context, common=True))
    yield from _command_sections(root, context)


def _command_sections(group: Any, context: Any) -> Iterator[str]:
    for name, command in group.commands.items():
        own = command.make_context(name, [], parent=context, resilient_parsing=True)
        if hasattr(command, "commands"):
            yield from _command_sections(command, own)
            continue
        arguments = [_argument(each) for each in command.params if not each.opts[0].startswith("-")]
        yield f"\n## {' '.join([own.command_path, *arguments])}\n\n{inspect.cleandoc(command.help)}\n"
        options = list(_options(command, own, common=False))
        if options:
            yield table(("option", "meaning"), options)


def _options(command: Any, context: Any, *, common: bool) -> Iterator[tuple[str, str]]:
    for parameter in command.params:
        record = parameter.get_help_record(context)
        if record is not None and (parameter.opts[0] in COMMON) is common:
            name = record[0] if parameter.opts[0].startswith("-") else _argument(parameter)
            yield f"`{name}`", record[1].replace(f"<={LARGEST}", "").replace("  [required]", "")


def _argument(parameter: Any) -> str:
    name = (parameter.metavar or parameter.name).upper().rstrip(".") + (
        "..." if parameter.nargs == -1 else ""
    )
    return name if parameter.required else f"[{name.strip('[]')}]"


# -- terminal paths ------------------------------------------------------------------------------------------------


def _terminal_paths() -> Iterator[str]:
    yield "".join(f"- **{name}**: {text}\n" for name, text in PARENTS.items())
    rows = []
    for path in (*PATHS, *PATHS_OF_RUNTIMES):
        ends = [end.split() for end in path.ends]
        cells = [f"{state} {' · '.join(counts)}" for state, *counts in ends]
        rows.append((f"**{path.name}**: {path.means}", *cells))
    yield table(("the job's path", *PARENTS), rows)


# -- states --------------------------------------------------------------------------------------------------------


def _states() -> Iterator[str]:
    for kind, title in KINDS.items():
        moves = [move for move in TABLE if move.kind is kind]
        yield f"\n## {title}\n\n```mermaid\nstateDiagram-v2\n{''.join(_arrows(kind, moves))}```\n"
        rows = [
            (
                ", ".join(f"`{state}`" for state in move.before) or "made",
                f"`{move.after}`",
                str(move.cause),
                move.meaning,
            )
            for move in moves
        ]
        yield table(("from", "to", "cause", "when"), rows)


def _arrows(kind: JobKind, moves: list[Move]) -> Iterator[str]:
    """One arrow for each pair of states, with all its causes."""
    causes: dict[tuple[str, str], list[str]] = {}
    for move in moves:
        for before in move.before or ("[*]",):
            causes.setdefault((str(before), str(move.after)), []).append(str(move.cause))
    for (before, after), names in causes.items():
        yield f"    {before} --> {after}: {', '.join(names)}\n"
    for state in JobState:
        if state not in OPEN[kind] and any(after == state for _, after in causes):
            yield f"    {state} --> [*]\n"


def main(arguments: list[str]) -> int:
    """Write the pages, or with ``--check`` compare them; returns the exit code."""
    made = pages()
    stale = [
        name
        for name, text in made.items()
        if not (REFERENCE / name).is_file() or (REFERENCE / name).read_text("utf-8") != text
    ]
    if "--check" in arguments:
        for name in stale:
            print(f"{REFERENCE / name} is out of date: make docs")
        return 1 if stale else 0
    REFERENCE.mkdir(exist_ok=True)
    for name in stale:
        (REFERENCE / name).write_text(made[name], encoding="utf-8")
        print(f"wrote {REFERENCE / name}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
