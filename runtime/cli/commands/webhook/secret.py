"""``quaero webhook secret`` makes a secret for a configuration; ``rotate`` gives a webhook a new one."""

from typing import Annotated

import typer

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.asking import asked, writing
from runtime.cli.commands.webhook.options import NameArgument, book_of
from runtime.cli.opening import settings
from runtime.cli.output import write_json, write_text


def secret(
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a secret for `[webhooks.NAME]` of a configuration. Nothing is changed."""
    del store, config  # common to all commands
    from actors.seams import SystemRandom
    from actors.webhooks.signature import new_secret

    made = new_secret(SystemRandom())
    if as_json:
        write_json({"secret": made})
    else:
        write_text(made)


def rotate(
    name: NameArgument,
    *,
    keep_hours: Annotated[
        float,
        typer.Option("--keep-hours", metavar="N", help="The old secret signs besides for so many hours."),
    ] = 24.0,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a webhook a new secret, which is shown now and never again; for a while both sign."""
    from actors.seams import SystemRandom
    from runtime.webhooks import rotation

    wanted = settings(store, config)
    with book_of(wanted) as book:
        request, made = rotation(book, SystemRandom(), name, keep_hours)
    with writing(wanted) as file:
        asked(file, request)
    if as_json:
        write_json({"name": name, "secret": made, "keep_hours": keep_hours})
        return
    write_text(f"{made}\n")
    write_text(f"webhook {name} signs by it from now on, and by the old one for {keep_hours:g} hours")
