"""``quaero bench``: how fast the runtime is on this machine, beside bare ``sqlite3`` in the same run."""

import typer

from runtime.cli.commands.bench import engine, fanout, latency

application = typer.Typer(
    help="Measure the runtime on this machine.",
    rich_markup_mode=None,
    no_args_is_help=False,
)
for _name, _command in (
    ("fanout", fanout.fanout),
    ("latency", latency.latency),
    ("engine", engine.engine),
):
    application.command(_name)(_command)
