"""The watchdog of the core queue: a handler that blocks has the queue taken from it within some milliseconds.

It looks every few milliseconds while there is work, and sleeps while there is none. Two looks that see the same
message being handled give the seat to a new thread; the handler goes on in its old one, and nobody else waits for it.
This is a safety net: each hand-over costs everybody its delay. Blocking actors belong on another dispatcher.

How long a handler has blocked is told in looks. Where the machine has no time for this process the looks are late as
well, and a handler that only waits for a processor is blamed for nothing.
"""

import logging
import sys
import traceback
from contextlib import suppress
from threading import Lock, Thread

from runtime.engine.cell import ActorCell
from runtime.engine.joining import join_threads, real_now
from runtime.engine.runner import Runner, Seat

logger = logging.getLogger("quaero.engine")

QUIET_LOOKS = 10
"""Looks at a sleeping core thread after which the watchdog sleeps too."""


class _Blocked:
    """A handler that does not end, in a thread that has lost the queue or is about to."""

    def __init__(self, seat: Seat, cell: ActorCell, since: float) -> None:
        self.seat = seat
        self.cell = cell
        self.handled = cell.handled
        self.since = since
        self.looks = 1
        self.logged = False

    @property
    def over(self) -> bool:
        """Whether the handler has returned."""
        return self.seat.left or self.seat.current is not self.cell or self.cell.handled != self.handled


class Watchdog:
    """Watches one runner; its thread starts with the first work."""

    def __init__(self, name: str, *, handoff_seconds: float, slow_seconds: float, spare_threads: int) -> None:
        self.name = name
        self.hand_overs = 0
        self.slow_handlers = 0
        self.runner: Runner | None = None
        self._handoff_seconds = handoff_seconds
        self._slow_seconds = slow_seconds
        self._spare_threads = spare_threads
        self._blocked: list[_Blocked] = []
        self._seen: tuple[Seat, int, ActorCell, int] | None = None
        self._logged: set[tuple[str, str]] = set()
        self._shouted = False
        self._dozing = True
        self._closed = False
        self._thread: Thread | None = None
        self._lock = Lock()
        self._gate = Lock()
        self._gate.acquire()

    @property
    def spare_threads_in_use(self) -> int:
        """Threads with handlers that block at this moment."""
        return len(self._blocked)

    def wake(self) -> None:
        """The core thread has work. Called by it, often: must cost next to nothing."""
        if self._dozing:
            self._dozing = False
            if self._thread is None:
                self._start()
            with suppress(RuntimeError):
                self._gate.release()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None and not self._closed:
                self._thread = Thread(target=self._work, name=self.name, daemon=True)
                self._thread.start()

    def _work(self) -> None:
        quiet = 0
        while not self._closed:
            seat = self.runner.seat if self.runner is not None else None
            if seat is None or seat.asleep or seat.current is None:
                quiet += 1
            else:
                quiet = 0
            if quiet > QUIET_LOOKS and not self._blocked:
                self._dozing, quiet = True, 0
                # The core thread may have woken up before it could see that: then this is one look too many.
                if seat is None or seat.asleep:
                    self._gate.acquire()
                self._dozing = False
            else:
                self._gate.acquire(timeout=self._handoff_seconds)
            if seat is not None and not self._closed:
                self._look(seat)

    def _look(self, seat: Seat) -> None:
        cell = seat.current
        if isinstance(cell, ActorCell):
            seen = (seat, seat.turns, cell, cell.handled)
            if seen == self._seen:
                self._take_queue_from(seat, cell)
            self._seen = seen
        self._blocked = [each for each in self._blocked if not each.over]
        now = real_now()
        for each in self._blocked:
            each.looks += 1
            if not each.logged and each.looks * self._handoff_seconds >= self._slow_seconds:
                each.logged = True
                self._report(each, now)

    def _take_queue_from(self, seat: Seat, cell: ActorCell) -> None:
        blocked = _Blocked(seat, cell, real_now() - self._handoff_seconds)
        if not any(each.seat is seat and each.handled == blocked.handled for each in self._blocked):
            self._blocked.append(blocked)
        if len(self._blocked) > self._spare_threads:
            if not self._shouted:
                self._shouted = True
                logger.error(
                    "%d handlers block the core dispatcher, which has %d spare threads: everything waits for them; "
                    "give their actors dispatcher = 'io'",
                    len(self._blocked),
                    self._spare_threads,
                )
            return
        self._shouted = False
        if self.runner is not None:
            # Counted first: the new thread may have done a lot before this one goes on.
            self.hand_overs += 1
            if not self.runner.hand_over(seat):
                self.hand_overs -= 1

    def _report(self, blocked: _Blocked, now: float) -> None:
        self.slow_handlers += 1
        thread = blocked.seat.thread
        frame = sys._current_frames().get(thread.ident or 0) if thread is not None else None
        stack = traceback.format_stack(frame) if frame is not None else []
        place = stack[-1].strip() if stack else ""
        if (blocked.cell.plan.name, place) in self._logged or len(self._logged) > 1000:
            return
        self._logged.add((blocked.cell.plan.name, place))
        logger.warning(
            "%s has been handling one message for %.0f ms on the core dispatcher; if it must block, give it "
            "dispatcher = 'io'. It is here (logged once):\n%s",
            blocked.cell,
            1000 * (now - blocked.since),
            "".join(stack),
        )

    def close(self) -> None:
        """Let the thread end."""
        self._closed = True
        with suppress(RuntimeError):
            self._gate.release()

    def join(self, deadline: float) -> list[str]:
        """Wait for the thread until that monotonic time; its name if it still runs."""
        return [] if self._thread is None else join_threads([self._thread], deadline)
