"""``quaero webhook test NAME``: one message, now, whatever becomes of it."""

from runtime.cli.arguments import ConfigOption, JsonOption, StoreOption
from runtime.cli.commands.webhook.options import NameArgument, book_of
from runtime.cli.exits import ExitCode
from runtime.cli.opening import settings
from runtime.cli.output import write_json, write_text


def trial(
    name: NameArgument,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> int:
    """Send a message of type `webhook_test` and show the answer; it is not repeated, and no job.

    Exit code 1: there was no answer, or one other than 2xx.
    """
    import asyncio

    from actors.seams import SystemRandom

    with book_of(settings(store, config)) as book:
        answer = asyncio.run(book.test(name, f"{SystemRandom().bits(64):016x}"))
    if as_json:
        write_json(
            {
                "name": name,
                "accepted": answer.accepted,
                "status": answer.status,
                "elapsed_ms": answer.elapsed_ms,
                "answer": answer.words,
            }
        )
    else:
        words = f": {answer.words}" if answer.words else ""
        write_text(f"webhook {name} answered {answer.status} in {answer.elapsed_ms} ms{words}")
    return ExitCode.DONE if answer.accepted else ExitCode.FAILED
