"""``quaero auth add FILE``: acknowledged when durable, also beside runtimes that work on the store."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.asking import asked, writing
from runtime.cli.commands.auth.options import vault_of
from runtime.cli.failures import CommandError
from runtime.cli.opening import settings
from runtime.cli.output import tell, write_json, write_text


def add(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The record, JSON; - is stdin.", show_default=False)
    ],
    *,
    auth_id: Annotated[
        str | None,
        typer.Option(
            "--id",
            metavar="ID",
            help="What to call it. [default: as it says itself, else its site]",
            show_default=False,
        ),
    ] = None,
    site: Annotated[
        str | None,
        typer.Option(
            "--site",
            metavar="URL",
            help="The site that gets headers and token. [default: as it says itself, else its cookies' domain]",
            show_default=False,
        ),
    ] = None,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep an auth record, in place of an older one of its id; definitions name it by `auth_id`.

    FILE is a list of cookies as browsers' extensions export them, or an object with `cookies`, `headers`,
    `bearer_token`, `site` and `id`. It is sealed by the key file of the store, which the first record makes.
    """
    from actors.messages import SaveAuthRecord
    from actors.seams import SystemClock
    from runtime.authentication import shown_record
    from runtime.credentials.record import RecordError, read_record

    wanted = settings(store, config)
    name, text = ("stdin", sys.stdin.buffer.read()) if file == "-" else (file, Path(file).read_bytes())
    try:
        now_seconds = SystemClock().wall_ms() / 1000
        checked = read_record(text, auth_id=auth_id, site=site, now_seconds=now_seconds)
    except RecordError as error:
        message = f"{error.path}: {error.message}" if error.path else error.message
        raise CommandError(message, file=name, path=error.path, hint=error.hint) from None
    credential = checked.credential
    with writing(wanted) as opened, vault_of(wanted) as vault:
        answer = asked(opened, SaveAuthRecord(credential.id, credential.site, vault.seal(credential)))
    for warning in checked.warnings:
        tell(f"warning: {name}: {warning}")
    if as_json:
        write_json({**shown_record(credential), "changed": answer.changed})
        return
    done = "has taken the place of an older one" if answer.changed else "is kept"
    write_text(
        f"{credential.id} for {credential.site} {done}: {len(credential.cookies)} cookies; sealed by {vault.key_file}"
    )
