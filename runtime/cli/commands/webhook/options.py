"""What the commands share: their argument, and what seals and opens secrets."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from runtime.cli.failures import CommandError

if TYPE_CHECKING:
    from runtime.settings import RuntimeSettings
    from runtime.webhook_book import WebhookBook

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The webhook's name.", show_default=False)]


@contextmanager
def book_of(wanted: "RuntimeSettings") -> "Iterator[WebhookBook]":
    """The webhooks of these settings' store.

    Raises:
        CommandError: what is asked of one is refused.
    """
    from actors.seams import SystemClock
    from runtime.refusal import RefusedError
    from runtime.webhook_book import WebhookBook

    book = WebhookBook(
        wanted.store,
        SystemClock(),
        key_file=wanted.key_file,
        busy_timeout_seconds=wanted.busy_timeout_seconds,
    )
    try:
        yield book
    except RefusedError as error:
        raise CommandError(str(error)) from error
    finally:
        book.close()
