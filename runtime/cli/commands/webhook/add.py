"""``quaero webhook add NAME URL``: acknowledged when durable, also beside runtimes that work on the store."""

from typing import Annotated

import typer

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.asking import asked, writing
from runtime.cli.commands.webhook.options import NameArgument, book_of
from runtime.cli.opening import settings
from runtime.cli.output import write_json, write_text


def add(
    name: NameArgument,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where to send.", show_default=False)],
    *,
    event: Annotated[
        list[str] | None,
        typer.Option("--event", metavar="TYPE", help="Only events of this type; may be repeated."),
    ] = None,
    definition: Annotated[
        list[str] | None,
        typer.Option("--definition", metavar="ID", help="Only of its runs; may be repeated."),
    ] = None,
    run: Annotated[
        list[str] | None, typer.Option("--run", metavar="ID", help="Only of this run; may be repeated.")
    ] = None,
    level: Annotated[
        str, typer.Option("--level", help="runs; parents = steps too; all = single jobs too.")
    ] = "all",
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", help="Of one request, 1 to 60.")
    ] = 15.0,
    concurrency: Annotated[
        int, typer.Option("--concurrency", metavar="N", help="Requests at once, 1 to 32.")
    ] = 4,
    private: Annotated[
        bool,
        typer.Option(
            "--allow-private-addresses", help="It may be on this machine or in a network of its own."
        ),
    ] = False,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send the events from now on to a URL, signed by a secret that is shown now and never again.

    One in place of an older one of its name keeps its secret, and goes on where that was. Any runtime on the store
    delivers; while none is up nothing is sent, and nothing is lost.
    """
    from actors.seams import SystemRandom
    from runtime.webhooks import set_request

    wanted = settings(store, config)
    said = {
        "url": url,
        "events": event or [],
        "definitions": definition or [],
        "runs": run or [],
        "level": level,
        "timeout_seconds": timeout,
        "concurrency": concurrency,
        "allow_private_addresses": private,
    }
    with book_of(wanted) as book:
        request, secret = set_request(book, SystemRandom(), name, said)
    with writing(wanted) as file:
        answer = asked(file, request)
    if as_json:
        shown = {"name": name, "url": url, "changed": answer.changed, "enabled": answer.enabled}
        write_json({**shown, "secret": secret} if secret else shown)
    elif secret:
        write_text(f"{secret}\n")
        write_text(f"webhook {name} sends to {url}; the secret above is shown this once")
    else:
        write_text(f"webhook {name} sends to {url}; its secret is as before")
