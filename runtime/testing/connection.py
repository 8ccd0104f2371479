"""The store's connection with faults: statements and commits that fail, answers that are lost, death in between."""

import sqlite3
from collections.abc import Callable
from typing import Any, Protocol

NO_ERROR = ""


class Killed(BaseException):
    """The runtime's process is gone, in the middle of whatever it was doing."""


class Faults(Protocol):
    """Draws what goes wrong with a transaction."""

    def at_begin(self) -> tuple[int, str]:
        """After how many statements what happens: an error's name or "kill"; (0, "") for nothing."""
        ...

    def at_commit(self) -> str:
        """An error's name, "unknown", "kill_before", "kill_after", or "" for nothing."""
        ...


class FaultyConnection:
    """Stands before a connection; ``committed`` is called after every transaction that changed something."""

    def __init__(
        self, connection: sqlite3.Connection, faults: Faults, committed: Callable[[sqlite3.Connection], None]
    ) -> None:
        self.connection = connection
        self._execute = connection.execute
        self._faults = faults
        self._committed = committed
        self._left = 0  # statements until the drawn fault
        self._fault = NO_ERROR
        self._wrote = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)

    def execute(self, statement: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Execute, or fail as drawn."""
        if self._left:
            self._left -= 1
            if not self._left and statement != "ROLLBACK":
                self._fail(self._fault)
        first = statement.lstrip()[:6]
        if first == "COMMIT":
            return self._commit(statement)
        if first == "BEGIN ":
            self._wrote = False
            self._left, self._fault = self._faults.at_begin()
        elif first not in {"SELECT", "PRAGMA"} and not statement.startswith("UPDATE owner"):
            self._wrote = True
        return self._execute(statement, parameters)

    def _commit(self, statement: str) -> sqlite3.Cursor:
        self._left = 0
        fault = self._faults.at_commit()
        if fault and not fault.endswith(("unknown", "after")):
            self._fail(fault)
        cursor = self._execute(statement)
        if self._wrote:
            self._committed(self.connection)
        if fault:
            self._fail("kill" if fault == "kill_after" else "SQLITE_IOERR")
        return cursor

    def _fail(self, fault: str) -> None:
        if fault.startswith("kill"):
            raise Killed
        error = sqlite3.OperationalError(f"simulated {fault}")
        error.sqlite_errorname = fault
        raise error
