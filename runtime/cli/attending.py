"""What the main thread of ``run`` and ``work`` does while the actors work: it waits, and in the end stops them.

It looks at the store after commits, at most every so often, and at once when its run may have ended or a signal came.
"""

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runtime.cli.exits import ExitCode
from runtime.cli.failures import CommandError
from runtime.cli.output import tell
from runtime.cli.signals import Bell, SignalCount

if TYPE_CHECKING:
    from runtime.embedding import Runtime

_AT_ONCE = "stopping at once; what runs is given back. A third signal kills the process"
HURRY_SECONDS = 3.0
"""After the second signal the process ends at the latest then."""


class Attendance:
    """One command's attendance of its started runtime."""

    def __init__(self, runtime: "Runtime", bell: Bell, signals: SignalCount) -> None:
        self.runtime = runtime
        self._bell = bell
        self._signals = signals
        self._changed = False
        self._awaits_change = False

    def __repr__(self) -> str:
        return f"<Attendance({self.runtime!r}, signals={self._signals.received})>"

    @property
    def stopped(self) -> bool:
        """Whether the user wants the command to end, or the runtime can not go on."""
        return self.interrupted or bool(self.failure)

    @property
    def interrupted(self) -> bool:
        """Whether a signal came."""
        return self._signals.received > 0

    @property
    def failure(self) -> str:
        """Why the runtime can not go on; "" while it can."""
        return self.runtime.assembly.failure

    @contextmanager
    def listening(self, run_id: int | None = None) -> Iterator[None]:
        """Hear of commits, and of the end of this run."""
        hub = self.runtime.assembly.hub
        leave: list[Callable[[], None]] = [hub.on_commit(self._committed)]
        if run_id is not None:
            leave.append(hub.on_end(run_id, self._bell.ring))
        try:
            yield
        finally:
            for each in leave:
                each()

    def pause(self, least_seconds: float, most_seconds: float) -> None:
        """Wait for the least time, then for a commit unless there was one meanwhile; an end or a signal ends both."""
        if self._bell.wait(least_seconds):
            return
        self._awaits_change = True
        if not self._changed:
            self._bell.wait(most_seconds - least_seconds)
        self._awaits_change = self._changed = False

    def close(self) -> None:
        """Drain and stop the runtime, filling the search index; a further signal ends the grace.

        Raises:
            Exception: what ``Runtime.close`` raised.
        """
        hurried = self._signals.received > 1
        if hurried:
            tell(_AT_ONCE)
        ends: list[BaseException | None] = []

        def close() -> None:
            try:
                self.runtime.close(grace_seconds=0.0 if hurried else None, fill_index=True)
                ends.append(None)
            except BaseException as error:  # noqa: BLE001 - raised again in the main thread
                ends.append(error)
            self._bell.ring()

        # The runtime is closed by another thread, so that this one goes on hearing signals.
        closing = threading.Thread(target=close, name="quaero-close", daemon=True)
        closing.start()
        waits = 0
        while not ends:
            if self._signals.received > 1 and not hurried:
                hurried = True
                tell(_AT_ONCE)
                self.runtime.hurry()
            waits += hurried
            if waits > HURRY_SECONDS / 0.5:
                # A body that can not be broken off holds a thread. Nothing is lost: what it does is given back by
                # whoever opens the store next, as after a kill.
                tell("something that runs does not let go: the process ends without it")
                os._exit(ExitCode.INTERRUPTED)
            self._bell.wait(0.5)
        closing.join()
        if ends[0] is not None:
            raise ends[0]

    def _committed(self) -> None:
        self._changed = True
        if self._awaits_change:
            self._bell.ring()


@contextmanager
def attended(runtime: "Runtime") -> Iterator[Attendance]:
    """Start the runtime and attend it; it is closed at the end, however that comes.

    Raises:
        StoreError: the store can not be used.
        CommandError: the runtime refused a request, or did not answer.
    """
    from runtime.embedding import RefusedError
    from runtime.engine import EngineError
    from runtime.store.database import explain

    bell = Bell()
    try:
        with SignalCount(bell) as signals:
            attendance = Attendance(runtime, bell, signals)
            runtime.start()
            try:
                yield attendance
            finally:
                attendance.close()
    except RefusedError as error:
        raise CommandError(str(error)) from error
    except EngineError as error:
        raise CommandError(
            f"the runtime does not answer: {error}",
            hint="`quaero work --until-idle` continues what the store holds",
            exit_code=ExitCode.FAILED,
        ) from error
    except sqlite3.Error as error:
        raise explain(runtime.settings.store, error) from error
