"""A process that works on a store until it is idle, or stands still once its store has done so much work.

The work is that of SQLite on the writing connection, in instructions of its machine: from the first lease on, or from
the opening where rows wait to be erased. It is the same on every machine, however fast: a process that stands still can
not have ended, and does so in the middle of a statement as well as between two transactions.
"""

import sqlite3
import sys
from pathlib import Path
from threading import Event
from typing import Any

from actors.seams import SystemClock
from runtime import Runtime
from runtime.assembly import Assembly
from runtime.precedence import Precedence
from runtime.settings import RuntimeSettings
from runtime.store.file import StoreFile
from tests.embedding.workers import ALL

STRIDE = 50
"""Instructions between two looks at the tether."""


class Tether:
    """Counts the work of one store, and holds it up for ever where it ends; 0 = it has no end."""

    def __init__(self, length: int, told: Path) -> None:
        self._length = length
        self._told = told
        self._clock = SystemClock()
        self._began = 0.0
        self._done = 0

    def put_on(self, assembly: Assembly) -> None:
        """Have the runtime's store on it from its opening on."""

        def opened(precedence: Precedence) -> StoreFile:
            file = Assembly._open_store(assembly, precedence)
            if erasing(file.connection):
                self._begin(file)
            else:
                self._begin_with_a_lease(file)
            return file

        setattr(assembly, "_open_store", opened)  # noqa: B010 (an instance's own)

    def _begin(self, file: StoreFile) -> None:
        self._began = self._clock.monotonic()
        file.connection.set_progress_handler(self._step, STRIDE)

    def _begin_with_a_lease(self, file: StoreFile) -> None:
        commit = file.committer.commit

        def committed(*arguments: Any, **options: Any) -> Any:
            commits = commit(*arguments, **options)
            if not self._began and any(each.jobs or each.starts for each in commits):
                self._begin(file)
            return commits

        setattr(file.committer, "commit", committed)  # noqa: B010

    def _step(self) -> int:
        self._done += STRIDE
        if self._length and self._done >= self._length:
            self._told.write_text("held", encoding="ascii")
            Event().wait()
        return 0

    def tell(self) -> None:
        """Say how much work it was, and how long it took."""
        seconds = self._clock.monotonic() - self._began
        self._told.write_text(f"{self._done} {seconds}", encoding="ascii")


def erasing(connection: sqlite3.Connection) -> bool:
    """Whether something was deleted and is not erased yet."""
    return bool(connection.execute("SELECT EXISTS (SELECT 1 FROM deletion)").fetchone()[0])


def busy(runtime: Runtime) -> bool:
    """Whether there is something left to do."""
    with runtime.reader.snapshot() as connection:
        if erasing(connection):
            return True
    return runtime.reader.has_work(tuple(runtime.assembly.workers), tuple(runtime.assembly.managers))


def main(store: Path, length: int, told: Path) -> None:
    """Work until nothing is left, or as far as the tether reaches."""
    runtime = Runtime(RuntimeSettings(store=store), workers=ALL)
    tether = Tether(length, told)
    tether.put_on(runtime.assembly)
    with runtime:
        bell = Event()
        runtime.assembly.hub.on_commit(bell.set)
        while busy(runtime):
            bell.wait(0.05)
            bell.clear()
    tether.tell()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
