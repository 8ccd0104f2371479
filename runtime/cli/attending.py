"""What the main thread of ``run`` and ``work`` does while the actors work: it waits, and in the end stops them.

It looks at the store after commits, at most every so often, and at once when its run may have ended or a signal came.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from runtime.cli.output import tell
from runtime.cli.signals import Bell, SignalCount

if TYPE_CHECKING:
    from runtime.embedding import Runtime


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
        failed: list[BaseException] = []

        def close() -> None:
            try:
                self.runtime.close(fill_index=True)
            except BaseException as error:  # noqa: BLE001 - raised again in the main thread
                failed.append(error)
            finally:
                self._bell.ring()

        # The runtime is closed by another thread, so that this one goes on hearing signals.
        closing = threading.Thread(target=close, name="quaero-close", daemon=True)
        hurried = self._signals.received > 1
        closing.start()
        while closing.is_alive():
            if self._signals.received > 1 and not hurried:
                hurried = True
                tell("stopping at once; what runs is given back. A third signal kills the process")
                self.runtime.hurry()
            self._bell.wait(0.5)
        if failed:
            raise failed[0]

    def _committed(self) -> None:
        self._changed = True
        if self._awaits_change:
            self._bell.ring()


@contextmanager
def attended(runtime: "Runtime") -> Iterator[Attendance]:
    """Start the runtime and attend it; it is closed at the end, however that comes.

    Raises:
        StoreError: the store can not be used.
    """
    bell = Bell()
    with SignalCount(bell) as signals:
        attendance = Attendance(runtime, bell, signals)
        runtime.start()
        try:
            yield attendance
        finally:
            attendance.close()
