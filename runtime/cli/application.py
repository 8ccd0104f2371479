"""The application: the commands together, and what becomes of the errors they raise.

``main`` returns the exit code and never lets a traceback out for something the user gave.
"""

import sys

import typer

from runtime import __version__
from runtime.cli.arguments import common_options_last, unreadable
from runtime.cli.commands import (
    auth,
    bench,
    cancel,
    check,
    delete,
    documents,
    events,
    explain,
    jobs,
    logs,
    pause,
    rerun,
    resume,
    retry,
    run,
    schedule,
    schedules,
    schema,
    search,
    serve,
    show,
    token,
    top,
    tree,
    unschedule,
    webhook,
    work,
)
from runtime.cli.exits import ExitCode
from runtime.cli.failures import CommandError, explained
from runtime.cli.output import prepare_streams, tell, write, write_json

application = typer.Typer(
    name="quaero",
    help="A durable, actor-model job runtime in one process and one SQLite file.",
    epilog="Every command takes --store PATH, --config FILE and --json. Exit codes: 0 completed, 1 failed or"
    " cancelled, 2 bad input or usage, 3 completed with failures, 130 interrupted.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for _name, _command in (
    ("run", run.run),
    ("check", check.check),
    ("work", work.work),
    ("serve", serve.serve),
    ("token", token.token),
    ("top", top.top),
    ("jobs", jobs.jobs),
    ("show", show.show),
    ("tree", tree.tree),
    ("logs", logs.logs),
    ("events", events.events),
    ("documents", documents.documents),
    ("search", search.search),
    ("cancel", cancel.cancel),
    ("pause", pause.pause),
    ("resume", resume.resume),
    ("retry", retry.retry),
    ("rerun", rerun.rerun),
    ("delete", delete.delete),
    ("explain", explain.explain),
    ("schedule", schedule.schedule),
    ("unschedule", unschedule.unschedule),
    ("schedules", schedules.schedules),
    ("schema", schema.schema),
):
    application.command(_name)(_command)
application.add_typer(auth.application, name="auth")
application.add_typer(webhook.application, name="webhook")
application.add_typer(bench.application, name="bench")


@application.callback(invoke_without_command=True)
def _options(
    context: typer.Context,
    version: bool = typer.Option(False, "--version", help="Print the version."),
) -> None:
    if version:
        write(f"quaero {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        tell(context.get_help())
        raise typer.Exit(ExitCode.BAD_INPUT)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns its exit code.

    Args:
        arguments: what follows ``quaero``; None = of ``sys.argv``.
    """
    prepare_streams()
    given = common_options_last(sys.argv[1:] if arguments is None else arguments)
    try:
        if (wrong := unreadable(given)) is not None:
            raise CommandError(f"{wrong!r} is neither UTF-8 text nor the name of a file")
        return int(application(given, prog_name="quaero", standalone_mode=False) or ExitCode.DONE)
    except Exception as error:
        known = explained(error)
        as_json = "--json" in given[: given.index("--") if "--" in given else None]
        if known is None:
            if as_json:
                write_json({"error": {"message": f"{type(error).__name__}: {error}", "hint": "see stderr"}})
            raise
        if as_json:
            write_json({"error": known.as_object()})
        tell(_told(known))
        return int(known.exit_code)


def _told(error: CommandError) -> str:
    """With a file the line begins with it, so that an editor can go there."""
    return str(error) if error.file else f"quaero: {error}"
