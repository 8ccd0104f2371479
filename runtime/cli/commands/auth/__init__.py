"""``quaero auth``: the auth records that crawls log in with. No command ever shows a value of one."""

import typer

from runtime.cli.commands.auth import add, listing, remove, show

application = typer.Typer(
    help="What crawls log in with: cookies, headers and tokens, sealed in the store.",
    rich_markup_mode=None,
    no_args_is_help=False,
)
for _name, _command in (
    ("add", add.add),
    ("list", listing.listing),
    ("show", show.show),
    ("remove", remove.remove),
):
    application.command(_name)(_command)
