"""Timers of an engine: a heap by due time, first due first, and first started first among equals.

A cancelled timer leaves the heap when it comes due or when cancelled ones are the majority, so that a timeout per job
costs no memory beyond the jobs that run.
"""

import heapq
from collections.abc import Callable
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runtime.engine.cell import ActorCell

NEVER = float("inf")
_MIN_COMPACTION = 512


class EngineTimer:
    """One timer; also the message that tells its cell that it fired."""

    __slots__ = ("active", "cell", "message", "timers", "waiting")

    def __init__(self, timers: "Timers", cell: "ActorCell", message: object) -> None:
        self.timers = timers
        self.cell = cell
        self.message = message
        self.active = True
        self.waiting = True  # in the heap, not yet in the mailbox

    def cancel(self) -> None:
        """Its message will not be delivered, even if it waits in the mailbox already."""
        if self.active:
            self.active = False
            if self.waiting:
                self.timers.note_cancelled()


class Timers:
    """The heap. Started and cancelled from any thread, fired by the one that runs the core queue."""

    def __init__(self, now: Callable[[], float], wake: Callable[[], None]) -> None:
        self._now = now
        self._wake = wake
        self._heap: list[tuple[float, int, EngineTimer]] = []
        self._numbers = count()
        self._cancelled = 0
        self._lock = Lock()
        self.next_due = NEVER

    def __len__(self) -> int:
        return len(self._heap)

    def start(self, cell: "ActorCell", seconds: float, message: object) -> EngineTimer:
        """Post the timer to its cell once ``seconds`` have passed."""
        timer = EngineTimer(self, cell, message)
        due = self._now() + max(seconds, 0.0)
        with self._lock:
            heapq.heappush(self._heap, (due, next(self._numbers), timer))
            earlier = due < self.next_due
            if earlier:
                self.next_due = due
        if earlier:
            self._wake()
        return timer

    def fire(self) -> bool:
        """Post all timers that are due; whether there was one."""
        now = self._now()
        if now < self.next_due:
            return False
        due: list[EngineTimer] = []
        with self._lock:
            while self._heap and self._heap[0][0] <= now:
                timer = heapq.heappop(self._heap)[2]
                timer.waiting = False
                if timer.active:
                    due.append(timer)
                else:
                    self._cancelled -= 1
            self.next_due = self._heap[0][0] if self._heap else NEVER
        for timer in due:
            timer.cell.post(timer, timer.cell.address)
        return bool(due)

    def next_of(self, wanted: Callable[[object], bool]) -> float:
        """When the next timer comes due whose message is wanted; NEVER if there is none."""
        with self._lock:
            return min(
                (due for due, _, timer in self._heap if timer.active and wanted(timer.message)), default=NEVER
            )

    def waiting_for(self, cell: "ActorCell") -> list[float]:
        """In how many seconds that actor's timers come due."""
        now = self._now()
        with self._lock:
            return [due - now for due, _, timer in self._heap if timer.cell is cell and timer.active]

    def note_cancelled(self) -> None:
        """One more of the heap's timers will not fire."""
        with self._lock:
            self._cancelled += 1
            if self._cancelled < _MIN_COMPACTION or 2 * self._cancelled < len(self._heap):
                return
            self._heap = [entry for entry in self._heap if entry[2].active]
            heapq.heapify(self._heap)
            self._cancelled = 0
            self.next_due = self._heap[0][0] if self._heap else NEVER
