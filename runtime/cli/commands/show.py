"""``quaero show ID``: one run, step, job or document, whole."""

from typing import Annotated, Any

import msgspec
import typer

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.failures import CommandError
from runtime.cli.opening import reading
from runtime.cli.output import write_json, write_text

_TIMES = ("created_at", "started_at", "finished_at", "not_before", "saved_at")


def show(
    job: Annotated[
        str, typer.Argument(metavar="ID", help="A run, a step, a job or a document.", show_default=False)
    ],
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one run, step, job or document, whole.

    A job comes with its payload, result and errors, a document with its text.
    """
    from actors.ids import parse_id

    number = parse_id(job)
    with reading(store, config) as reader:
        found = reader.job(number) or reader.document(number)
        if found is None:
            raise CommandError(
                f"there is no job and no document {job} in {reader.path}",
                hint="`quaero jobs` and `quaero documents` list them",
            )
        run = reader.run(number) if found.get("kind") == "run" else None
    if as_json:
        write_json(found)
        return
    write_text("\n".join(described(found)))
    if run is not None:
        write_text("\n".join(steps_of(run)))


def described(found: dict[str, Any]) -> list[str]:
    """The object as lines of key and value; a document's body last. Pure."""
    from runtime.cli.layout import time_text

    shown = dict(found)
    body = shown.pop("body", None)
    width = max(map(len, shown)) + 1
    lines = []
    for key, value in shown.items():
        match value:
            case None:
                text = "-"
            case int() if key in _TIMES:
                text = time_text(value)
            case str():
                text = value
            case {"text": str(words), "percentage": float(percentage)}:
                text = f"{percentage:.0f} %: {words}"
            case _:
                text = msgspec.json.encode(value).decode()
        lines.append(f"{key + ':':{width}} " + text.replace("\n", "\n" + " " * (width + 1)))
    return lines if body is None else [*lines, "", body]


def steps_of(run: dict[str, Any]) -> list[str]:
    """The run's steps, a line each. Pure."""
    from actors.job import Counts

    return ["steps:"] + [
        f"  {step['job_id']}  {step['name']}: {step['state']}, {Counts(**step['counts']).text()}"
        for step in run["steps"]
    ]
