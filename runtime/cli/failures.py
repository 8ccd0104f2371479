"""What went wrong, as the user is told: one message, the file and line if there are any, and what to do next.

Every error that bad input can cause is translated here. What is not is a fault of ours, and keeps its traceback.
"""

import os
from typing import Any

from runtime.cli.exits import ExitCode
from runtime.cli.printable import one_line


class CommandError(Exception):
    """A command can not do what it was asked; nothing was changed unless the message says so."""

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        file: str = "",
        line: int | None = None,
        path: str = "",
        exit_code: ExitCode = ExitCode.BAD_INPUT,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.file = file
        self.line = line
        self.path = path
        self.exit_code = exit_code

    def __str__(self) -> str:
        place = (
            f"{self.file}:{self.line}: " if self.line and self.file else f"{self.file}: " if self.file else ""
        )
        return one_line(place + self.message + (f"; {self.hint}" if self.hint else ""))

    def as_object(self) -> dict[str, Any]:
        """The object that ``--json`` shows: ``{message, file?, line?, path?, hint?}``."""
        shown = {
            "message": self.message,
            "file": self.file,
            "line": self.line,
            "path": self.path,
            "hint": self.hint,
        }
        return {name: value for name, value in shown.items() if value}


def explained(error: Exception) -> CommandError | None:
    """The error in the user's terms; None if nothing the user gave can have caused it."""
    import typer

    from actors.ids import UnknownIdError
    from actors.worker.crawler.credential import CredentialError
    from runtime.store.database import StoreBusyError, StoreError
    from runtime.store.reading.query import SearchQueryError
    from runtime.store.reading.records import EventsPrunedError
    from runtime.toml.diagnostic import BadFileError

    match error:
        case CommandError():
            return error
        case typer.TyperException():
            return _usage(error)
        case BadFileError():
            return _bad_file(error)
        case StoreError():
            busy = isinstance(error, StoreBusyError)
            return CommandError(str(error), exit_code=ExitCode.FAILED if busy else ExitCode.BAD_INPUT)
        case CredentialError() | UnknownIdError() | SearchQueryError() | EventsPrunedError():
            return CommandError(str(error))
        case OSError() if error.filename is not None:
            return CommandError(
                error.strerror or str(error), file=os.fsdecode(error.filename), hint="check the path"
            )
        case OSError():
            return CommandError(str(error), exit_code=ExitCode.FAILED)
    return None


def _usage(error: Any) -> CommandError:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else "quaero"
    message = error.format_message().replace("Value error, ", "")
    return CommandError(message.rstrip("."), hint=f"`{command} --help` shows what it takes")


def _bad_file(error: Any) -> CommandError:
    """The first diagnostic, which is an error; how many more there are is part of the hint."""
    first = error.diagnostics[0]
    more = sum(each.severity == first.severity for each in error.diagnostics[1:])
    hint = first.hint
    if more:
        hint += ("; " if hint else "") + f"{more} more: `quaero check {first.file}` shows them"
    return CommandError(first.message, hint=hint, file=first.file, line=first.line, path=first.key_path)
