"""``quaero search QUERY``: full-text search in the documents."""

from typing import Annotated, Any

import typer

from runtime.cli.arguments import LARGEST, ConfigOption, JsonOption, RunOption, StoreOption
from runtime.cli.commands.documents import SourceTypeOption, TagOption
from runtime.cli.opening import known_run, reading
from runtime.cli.output import tell, write_json, write_text

SHOWN = 20
"""Hits shown to people when nobody says how many."""
_UNLIMITED = -1


def search(
    query: Annotated[
        list[str],
        typer.Argument(
            metavar="QUERY",
            help='Words; also "a phrase", AND, OR, NOT, (…), prefix*, and title:, body:, url: or tag: before them.',
            show_default=False,
        ),
    ],
    *,
    run: RunOption = None,
    tag: TagOption = None,
    source_type: SourceTypeOption = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            min=1,
            max=LARGEST,
            metavar="N",
            help=f"At most so many. [default: {SHOWN}; with --json all]",
            show_default=False,
        ),
    ] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Search the documents, the best hit first."""
    from actors.documents import DocumentFilter

    most = limit or (_UNLIMITED if as_json else SHOWN)
    with reading(store, config) as reader:
        wanted = DocumentFilter(
            run_id=known_run(reader, run),
            tags=tuple(tag or ()),
            source_types=tuple(source_type or ()),
            limit=most,
        )
        found = reader.search(" ".join(query), wanted)
    if as_json:
        write_json(found)
        return
    for hit in found:
        if not write_text("\n".join(lines(hit))):
            return
    if not found:
        tell("nothing found")
    elif limit is None and len(found) == SHOWN:
        tell(f"these are the best {SHOWN}; --limit N shows more")


def lines(hit: dict[str, Any]) -> list[str]:
    """A hit as people read it: title, address, the place where the words stand. Pure."""
    from runtime.cli.printable import one_line

    where = [f"    {one_line(hit['url'])}"] if hit["url"] else []
    return [f"{hit['id']}  {one_line(hit['title'])}", *where, f"    {one_line(hit['snippet'])}"]
