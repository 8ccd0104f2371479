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

from runtime.engine.joining import join_threads
from runtime.engine.receiver import ReadyQueue, Runnable
from runtime.precedence import Precedence

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
    """A thread's right to work off the queue, and what others may see of its work."""

    __slots__ = ("asleep", "current", "gate", "left", "thread", "turns")

    def __init__(self) -> None:
        self.thread: Thread | None = None
        self.turns = 0
        self.current: Runnable | None = None
        self.asleep = False
        self.left = False  # the thread is done with the queue
        self.gate = Lock()
        self.gate.acquire()

    def wake(self) -> None:
        """Let the thread look around, if it sleeps."""
        # Open already: somebody else was faster, and the thread is about to look.
        with suppress(RuntimeError):
            self.gate.release()


class Runner:
    """The queue and its threads, which are made when there is work."""

    def __init__(
        self,
        name: str,
        chores: Chores,
        *,
        ready: ReadyQueue | None = None,
        awake: Callable[[], None] | None = None,
        precedence: Precedence | None = None,
    ) -> None:
        self.name = name
        self.ready: ReadyQueue = deque() if ready is None else ready
        self.chores = chores
        self.closed = False
        self.seat: Seat | None = None
        self.threads: set[Thread] = set()
        self._awake = awake  # called when the thread has woken up, for the watchdog
        self._precedence = precedence or Precedence()
        self._made = 0
        self._lock = Lock()

    def enqueue(self, runnable: Runnable) -> None:
        """Run it soon; from any thread."""
        self.ready.append(runnable)
        seat = self.seat
        if seat is None:
            self._start()
        elif seat.asleep:
            seat.asleep = False  # it is told: those who come before it looks need not
            seat.wake()

    def wake(self) -> None:
        """Something besides the queue has changed: a timer was started, or the clock moved."""
        seat = self.seat
        if seat is None:
            self._start()
        else:
            seat.wake()

    def _start(self) -> None:
        with self._lock:
            if self.seat is None and not self.closed:
                self._give_seat()

    def hand_over(self, seat: Seat) -> bool:
        """Let a new thread work off the queue instead of the one in that seat; False if it has no seat any more."""
        with self._lock:
            if self.seat is not seat or self.closed:
                return False
            self._give_seat()
        seat.wake()
        return True

    def _give_seat(self) -> None:
        # Each stays known until it has ended, or nobody would wait for one that is about to.
        self.threads = {each for each in self.threads if each.is_alive()}
        seat = Seat()
        self._made += 1
        thread = Thread(target=self._work, args=(seat,), name=f"{self.name}-{self._made}", daemon=True)
        seat.thread = thread
        self.threads.add(thread)
        self.seat = seat
        thread.start()

    def _work(self, seat: Seat) -> None:
        try:
            if self._awake is not None:
                self._awake()
            self._work_off(seat)
        finally:
            seat.left = True
            seat.current = None

    def _work_off(self, seat: Seat) -> None:
        ready, chores = self.ready, self.chores
        precedence = self._precedence
        while self.seat is seat:
            if precedence.held:
                seat.current = None
                precedence.step_aside()
            if ready:
                try:
                    runnable = ready.popleft()
                except IndexError:  # the seat just changed hands, and the other thread took it
                    continue
                seat.current = runnable
                try:
                    runnable.run_turn()
                except Exception:
                    logger.exception("the engine failed in a turn of %r", runnable)
                turns = seat.turns = seat.turns + 1
                if not turns % TURNS_PER_LOOK:
                    chores.fire()
            elif not self._sleep(seat):
                return

    def _sleep(self, seat: Seat) -> bool:
        """Wait for work; False when the runner is closed."""
        seat.current = None
        if self.chores.fire():
            return True
        # From here on whoever enqueues sees that this thread has to be woken ...
        seat.asleep = True
        # ... and what was enqueued, started or closed just before is seen here.
        seconds = self.chores.sleep_seconds()
        if self.closed:
            return False
        if not self.ready and seconds != 0:
            seat.gate.acquire(timeout=seconds if seconds > 0 else -1)
        seat.asleep = False
        if self._awake is not None:
            self._awake()
        return True

    def close(self) -> None:
        """Let the thread end once nothing is ready."""
        with self._lock:
            self.closed = True
        if self.seat is not None:
            self.seat.wake()

    def join(self, deadline: float) -> list[str]:
        """Wait for the threads until that monotonic time; the names of those that still run."""
        return join_threads(self.threads, deadline)
