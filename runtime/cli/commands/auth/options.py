"""What the commands share: their argument, the vault, a record as people read it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from runtime.credentials.vault import Vault
    from runtime.settings import RuntimeSettings

AuthArgument = Annotated[str, typer.Argument(metavar="ID", help="The record's id.", show_default=False)]


@contextmanager
def vault_of(wanted: "RuntimeSettings") -> "Iterator[Vault]":
    """Seals and opens the records of these settings' store."""
    from actors.seams import SystemClock
    from runtime.credentials.vault import Vault
    from runtime.store.reading.shared import SharedReader

    reader = SharedReader(wanted.store, busy_timeout_seconds=wanted.busy_timeout_seconds)
    try:
        yield Vault(wanted.store, reader, SystemClock(), key_file=wanted.key_file)
    finally:
        reader.close()


def record_lines(shown: dict[str, Any]) -> Iterator[str]:
    """A record without its values, as ``shown_record`` has it. Pure, but for the local time zone."""
    from runtime.cli.layout import columns, time_text

    yield f"{shown['id']} for {shown['site']}"
    if shown["bearer_token"]:
        yield "bearer token: …"
    for name in shown["headers"]:
        yield f"header {name}: …"
    if shown["cookies"]:
        rows = [
            (
                each["name"],
                "…",
                each["domain"],
                each["path"],
                "session" if each["expires"] is None else time_text(round(each["expires"] * 1000)),
                " ".join(word for word in ("secure", "httpOnly") if each[word]),
            )
            for each in shown["cookies"]
        ]
        yield from columns(("COOKIE", "VALUE", "DOMAIN", "PATH", "EXPIRES", ""), rows)
