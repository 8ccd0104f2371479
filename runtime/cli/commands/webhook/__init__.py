"""``quaero webhook``: where events are sent. A secret is shown when it is made, and never again."""

import typer

from runtime.cli.commands.webhook import add, listing, secret, switch, trial

application = typer.Typer(
    help="Where events are sent: signed requests, each event once as a durable job.",
    rich_markup_mode=None,
    no_args_is_help=False,
)
for _name, _command in (
    ("add", add.add),
    ("list", listing.listing),
    ("test", trial.trial),
    ("rotate", secret.rotate),
    ("secret", secret.secret),
    ("disable", switch.disable),
    ("enable", switch.enable),
    ("remove", switch.remove),
):
    application.command(_name)(_command)
