"""Ctrl-C and SIGTERM while a runtime works: the first asks to drain, the second to stop at once, a third kills.

A handler only counts and rings a bell that may be rung from a handler; what follows is done by the main thread's loop.
"""

import queue
import signal
from types import FrameType, TracebackType
from typing import Any, Self

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Bell:
    """Wakes one waiting thread; rings that nobody heard are one ring.

    ``threading.Event`` can not be set by a signal handler that interrupts its own ``wait``; a ``SimpleQueue`` can.
    """

    def __init__(self) -> None:
        self._rings: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._rung = False

    def ring(self) -> None:
        """Wake who waits, or who waits next; from any thread and from signal handlers."""
        if not self._rung:
            self._rung = True
            self._rings.put(None)

    def wait(self, timeout_seconds: float | None = None) -> bool:
        """Wait for a ring; returns whether there was one."""
        try:
            self._rings.get(timeout=timeout_seconds)
        except queue.Empty:
            return False
        # What rang before this line is looked at by the caller after it: no ring is lost.
        self._rung = False
        return True


class SignalCount:
    """Counts the signals that came while it is entered, and rings the bell for each. The main thread's only."""

    def __init__(self, bell: Bell) -> None:
        self.received = 0
        self._bell = bell
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        for number in SIGNALS:
            self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self.received += 1
        if self.received == 2:
            for each in SIGNALS:
                signal.signal(each, signal.SIG_DFL)
        self._bell.ring()
