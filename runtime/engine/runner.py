"""A ready queue that one thread at a time works off. A seat says which thread that is: whoever holds it may go on.

The thread that has the seat sleeps on a lock when nothing is ready; those who enqueue wake it only then. The seat can
be given to another thread while a handler blocks: the blocked thread notices on its return, and leaves.
"""

import logging
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Thread
from typing import Protocol

from runtime.engine.receiver import ReadyQueue, Runnable

logger = logging.getLogger("quaero.engine")

TURNS_PER_LOOK = 16
"""Turns between looks at the clock for timers that came due while the queue is busy."""


class Chores(Protocol):
    """What the thread of the core queue does besides: fire timers."""

    def fire(self) -> bool:
        """Do what is due; whether there was something."""
        ...

    def sleep_seconds(self) -> float:
        """How long the thread may sleep: until something is due; negative: until it is woken."""
        ...


class NoChores:
    """Nothing but the queue."""

    def fire(self) -> bool:
        """Nothing."""
        return False

    def sleep_seconds(self) -> float:
        """Until woken."""
        return -1.0


class Seat:
    """A thread's right to work off the queue."""

    __slots__ = ("thread",)

    def __init__(self) -> None:
        self.thread: Thread | None = None


class Runner:
    """The queue and its threads."""

    def __init__(
        self,
        name: str,
        chores: Chores,
        *,
        ready: ReadyQueue | None = None,
        busy: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.ready: ReadyQueue = deque() if ready is None else ready
        self.chores = chores
        self.turns = 0
        self.current: Runnable | None = None
        self.asleep = False
        self.closed = False
        self.seat: Seat | None = None
        self.threads: list[Thread] = []
        self._busy = busy  # called when the thread wakes up, for the watchdog
        self._gate = Lock()
        self._gate.acquire()
        self._lock = Lock()

    def enqueue(self, runnable: Runnable) -> None:
        """Run it soon; from any thread."""
        self.ready.append(runnable)
        if self.asleep:
            self.wake()
        elif self.seat is None:
            self.start()

    def wake(self) -> None:
        """Let the sleeping thread look around."""
        # Unlocked already: somebody else was faster, and the thread is about to look.
        with suppress(RuntimeError):
            self._gate.release()

    def start(self) -> None:
        """Start the thread, if there is none yet."""
        with self._lock:
            if self.seat is None and not self.closed:
                self.give_seat()

    def give_seat(self) -> Seat:
        """Let a new thread work off the queue, from now on alone."""
        seat = self.seat = Seat()
        name = f"quaero-{self.name}-{len(self.threads)}"
        thread = seat.thread = Thread(target=self.work, args=(seat,), name=name, daemon=True)
        self.threads.append(thread)
        thread.start()
        return seat

    def work(self, seat: Seat) -> None:
        """Work off the queue while this thread has the seat."""
        ready, chores = self.ready, self.chores
        while self.seat is seat:
            if ready:
                try:
                    runnable = ready.popleft()
                except IndexError:  # the seat just changed hands
                    continue
                self.current = runnable
                try:
                    runnable.run_turn()
                except Exception:
                    logger.exception("the engine failed in a turn of %r", runnable)
                turns = self.turns = self.turns + 1
                if not turns % TURNS_PER_LOOK:
                    chores.fire()
                continue
            if not self._sleep():
                return

    def _sleep(self) -> bool:
        """Wait for work; False when the runner is closed."""
        self.current = None
        if self.chores.fire():
            return True
        # From here on whoever enqueues sees that this thread has to be woken ...
        self.asleep = True
        # ... and what was enqueued, started or closed just before is seen here.
        seconds = self.chores.sleep_seconds()
        if self.closed:
            return False
        if not self.ready and seconds != 0:
            self._gate.acquire(timeout=seconds if seconds > 0 else -1)
        self.asleep = False
        if self._busy is not None:
            self._busy()
        return True

    def close(self) -> None:
        """Let the thread end once nothing is ready."""
        self.closed = True
        self.wake()

    def join(self, deadline: float) -> list[str]:
        """Wait for the threads until that monotonic time; the names of those that still run."""
        from runtime.engine.joining import join_threads

        return join_threads(self.threads, deadline)
