"""``quaero documents``: what the runs have saved."""

from typing import Annotated

import typer

from runtime.cli.arguments import ConfigOption, JsonOption, LimitOption, RunOption, StoreOption
from runtime.cli.opening import known_run, reading
from runtime.cli.output import write_columns, write_json

HEADERS = ("ID", "SAVED", "TITLE", "URL")

TagOption = Annotated[
    list[str] | None,
    typer.Option("--tag", metavar="TAG", help="Only with this tag; given again, with each of them."),
]
SourceTypeOption = Annotated[
    list[str] | None,
    typer.Option(
        "--source",
        "--source-type",
        metavar="TYPE",
        help="Only of this source type; given again, of one of them.",
    ),
]


def documents(
    *,
    run: RunOption = None,
    tag: TagOption = None,
    source_type: SourceTypeOption = None,
    limit: LimitOption = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the documents the runs have saved.

    In the order in which they were first saved; `quaero show ID` prints one.
    """
    from actors.documents import DocumentFilter

    with reading(store, config) as reader:
        found = reader.documents(
            DocumentFilter(
                run_id=known_run(reader, run),
                tags=tuple(tag or ()),
                source_types=tuple(source_type or ()),
                limit=limit,
            )
        )
    if as_json:
        write_json(found)
        return
    from runtime.cli.layout import time_text

    rows = ((each["id"], time_text(each["saved_at"]), each["title"], each["url"] or "") for each in found)
    write_columns(HEADERS, rows)
