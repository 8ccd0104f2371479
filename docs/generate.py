"""Writes docs/reference/ from what the code says: the commands, the configuration, the keys of a definition.

``python docs/generate.py`` writes, ``python docs/generate.py --check`` only says what is out of date (exit 1). A key's
meaning is its ``Meta`` description, or the text below the field in the source.
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import typer
from msgspec import UNSET, UnsetType
from msgspec import inspect as shapes

from actors.agent.config import AgentConfig
from actors.places.config import PlacesConfig
from actors.settings import Secret
from actors.states import OPEN, TABLE, JobKind, JobState, Move
from actors.worker.crawler.config import CrawlConfig
from runtime.cli.application import application
from runtime.cli.arguments import LARGEST
from runtime.config.schema import Config, Worker
from runtime.definitions.keys import DefinitionKeys, StepKeys, ToleranceKeys
from runtime.repertoire import BUILT_IN_MANAGERS, BUILT_IN_WORKERS
from runtime.webhook_settings import WebhookSettings
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
        "configuration.md": "".join(("# Configuration\n\n", MADE, CONFIGURATION, *_configuration())),
        "states.md": "".join(("# States\n\n", MADE, STATES, *_states())),
        "definition.md": "".join(("# Definition\n\n", MADE, DEFINITION, *_definition())),
        "terminal-paths.md": "".join(("# Terminal paths\n\n", MADE, TERMINAL_PATHS, *_terminal_paths())),
    }


# -- commands ------------------------------------------------------------------------------------------------------


def _commands() -> Iterator[str]:
    root: Any = typer.main.get_command(application)
    context = root.make_context("quaero", [], resilient_parsing=True)
    yield EXITS
    yield _table(("option", "meaning"), _options(root.commands["run"], context, common=True))
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
            yield _table(("option", "meaning"), options)


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
    yield _table(("the job's path", *PARENTS), rows)


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
        yield _table(("from", "to", "cause", "when"), rows)


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


# -- keys ----------------------------------------------------------------------------------------------------------


def _configuration() -> Iterator[str]:
    for field in msgspec.structs.fields(Config):
        shape = shapes.type_info(field.type)
        name = field.encode_name
        if isinstance(shape, shapes.StructType):
            yield from _section(f"[{name}]", shape.cls)
            for inner in msgspec.structs.fields(shape.cls):
                part = shapes.type_info(inner.type)
                if isinstance(part, shapes.StructType):
                    yield from _section(f"[{name}.{inner.encode_name}]", part.cls)
        elif name == "workers":
            yield from _section("[workers.TYPE]", Worker)
            for each in BUILT_IN_WORKERS:
                yield from _section(f"[workers.{each.worker_type}]", each.settings_type)
        elif name == "webhooks":
            yield from _section("[webhooks.NAME]", WebhookSettings)
        elif name == "managers":
            for manager in BUILT_IN_MANAGERS:
                yield from _section(f"[managers.{manager.manager_type}]", manager.settings_type)
        else:
            yield f"\n## [{name}.NAME]\n\n{_meanings(Config)[name]}\n"


def _definition() -> Iterator[str]:
    yield from _section("At the top", DefinitionKeys)
    yield from _section("[error_tolerance], [step.NAME.error_tolerance]", ToleranceKeys)
    yield from _section("[step.NAME]", StepKeys)
    yield from _section('[step.NAME] with action = "crawl"', CrawlConfig)
    yield from _section('[step.NAME] with action = "agent"', AgentConfig)
    yield from _section('[step.NAME] with action = "places_search"', PlacesConfig)


def _section(title: str, struct: type[msgspec.Struct]) -> Iterator[str]:
    meanings = _meanings(struct)
    rows = []
    for field in msgspec.structs.fields(struct):
        shape = shapes.type_info(field.type)
        if isinstance(shape, shapes.StructType):
            continue  # a section of its own
        default = _shown(field.default if field.default is not msgspec.NODEFAULT else _made(field))
        extra = shape.extra_json_schema if isinstance(shape, shapes.Metadata) else None
        meaning = meanings.get(field.encode_name) or (extra or {})["description"]
        rows.append((f"`{field.encode_name}`", _kind(shape), default, meaning[0].upper() + meaning[1:]))
    if rows:
        about = inspect.cleandoc(struct.__doc__ or "").replace("``", "`")
        yield f"\n## {title}\n\n{about}\n"
        yield _table(("key", "value", "default", "meaning"), rows)


def _made(field: Any) -> Any:
    return field.default_factory() if field.default_factory is not msgspec.NODEFAULT else msgspec.NODEFAULT


def _shown(value: Any) -> str:
    if value is msgspec.NODEFAULT:
        return "must be given"
    if value is UNSET or value is None:
        return "none" if value is None else "the worker's own"
    if isinstance(value, Secret):
        return "none"
    return f"`{msgspec.json.encode(value).decode()}`"


def _kind(shape: shapes.Type) -> str:
    """A type in words, with its limits."""
    match shape:
        case shapes.Metadata(type=inner):
            return _kind(inner)
        case shapes.UnionType(types=types):
            return " or ".join(
                dict.fromkeys(_kind(each) for each in types if not isinstance(each, shapes.NoneType | _Unset))
            )
        case shapes.LiteralType(values=values):
            return ", ".join(f"`{msgspec.json.encode(value).decode()}`" for value in values)
        case shapes.EnumType(cls=cls):
            return ", ".join(f"`{msgspec.json.encode(each).decode()}`" for each in cls)
        case shapes.IntType() | shapes.FloatType():
            word = "integer" if isinstance(shape, shapes.IntType) else "number"
            return word + _limits(shape.ge, shape.gt, shape.le)
        case shapes.CustomType():
            return "secret text"
        case shapes.VarTupleType(item_type=item):
            return f"list of {_kind(item)}"
    return _WORDS[type(shape)]


_WORDS = {
    shapes.BoolType: "true or false",
    shapes.DictType: "table",
    shapes.StrType: "text",
    shapes.StructType: "table",
}
_Unset = type(shapes.type_info(UnsetType))


def _limits(least: float | None, above: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f" {least:,.15g} … {most:,.15g}"
    limits = ((" ≥ ", least), (" > ", above), (" ≤ ", most))
    return ",".join(f"{sign}{limit:,.15g}" for sign, limit in limits if limit is not None)


@cache
def _meanings(struct: type[msgspec.Struct]) -> dict[str, str]:
    """The texts below a Struct's fields, and below those of the Structs it is made from."""
    found: dict[str, str] = {}
    for each in reversed(struct.__mro__):
        if each is not msgspec.Struct and issubclass(each, msgspec.Struct):
            found |= _own_meanings(each)
    return found


def _own_meanings(struct: type[msgspec.Struct]) -> dict[str, str]:
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(struct))).body
    found: dict[str, str] = {}
    body = definition.body if isinstance(definition, ast.ClassDef) else []
    for field, text in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(text, ast.Expr)
            and isinstance(text.value, ast.Constant)
        ):
            found[field.target.id] = " ".join(str(text.value.value).split()).replace("``", "`")
    return found


def _table(head: tuple[str, ...], rows: Any) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n" + "".join(f"| {' | '.join(_cell(cell) for cell in line)} |\n" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


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
