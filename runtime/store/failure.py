"""What it means that a transaction failed: that nothing can be committed now, or that its request is at fault. Pure."""

import sqlite3
import traceback

from actors.job import AttemptError
from actors.storable import storable

_STALLED = ("SQLITE_BUSY", "SQLITE_LOCKED")
_FAILING = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_NOMEM")


class StoreUnavailableError(Exception):
    """Nothing can be committed now (disk full or failing, lock held elsewhere): try the same again later."""


def raise_if_unavailable(error: sqlite3.Error) -> None:
    """Tell the failing of the store from that of a request.

    Raises:
        StoreUnavailableError: the disk or a lock held elsewhere is the cause, no request.
    """
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(_STALLED + _FAILING):
        raise StoreUnavailableError(f"{error} ({name})") from error


def cause_of(error: Exception, what: str, now_ms: int) -> AttemptError:
    """What an attempt is told to have failed of, in place of what could not be recorded."""
    text = "".join(traceback.format_exception(error))[-4000:]
    return AttemptError(type(error).__name__, storable(f"{what}: {error}"), storable(text), at_ms=now_ms)
