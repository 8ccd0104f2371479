"""A command as a short-lived writer without actors: it asks the store for one thing and leaves.

The answer is durable. Runtimes that work on the same store notice by themselves.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from runtime.cli.failures import CommandError

if TYPE_CHECKING:
    from runtime.settings import RuntimeSettings
    from runtime.store.commit import Commit
    from runtime.store.file import StoreFile


@contextmanager
def writing(wanted: "RuntimeSettings") -> "Iterator[StoreFile]":
    """The store, opened for writing.

    Raises:
        StoreError: the store can not be written.
        CommandError: it could not be written now.
    """
    from actors.seams import SystemClock
    from runtime.cli.exits import ExitCode
    from runtime.cli.reporting import logs_told
    from runtime.store.failure import StoreUnavailableError
    from runtime.store.file import StoreFile

    with logs_told():
        file = StoreFile(
            wanted.store,
            SystemClock(),
            synchronous=wanted.synchronous,
            busy_timeout_seconds=wanted.busy_timeout_seconds,
            lease_seconds=wanted.lease_seconds,
            max_lost=wanted.max_lost,
        )
    try:
        yield file
    except StoreUnavailableError as error:
        raise CommandError(
            f"{wanted.store} can not be written now: {error}", exit_code=ExitCode.FAILED
        ) from error
    finally:
        file.close()


def asked(file: "StoreFile", request: Any) -> Any:
    """The store's answer to the request, in a transaction of its own.

    Raises:
        CommandError: it was refused.
    """
    return answered(file.commit([request], None, sweep=[])[0])


def answered(done: "Commit") -> Any:
    """The answer to a commit's only request.

    Raises:
        CommandError: it was refused.
    """
    from actors.messages import Refused

    (answer,) = done.replies
    if isinstance(answer, Refused):
        raise CommandError(answer.message, hint=answer.hint)
    return answer
