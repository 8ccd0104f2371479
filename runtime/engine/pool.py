"""The io dispatcher: threads for what may block. Actors there are serial as everywhere: a cell is queued once.

Handing work to a thread costs a wake-up and, while others compute, up to 5 ms until that thread may run. So work is
put into one shared deque, one sleeping thread is woken, and only that one, once it runs, wakes a second if it sees more
work than its own; a burst of short bodies is thus done by a thread or two in one go.
"""

from collections import deque
from contextlib import suppress
from threading import Lock, Thread, current_thread

from runtime.engine.bodies import EngineBody
from runtime.engine.cell import ActorCell
from runtime.engine.joining import real_now
from runtime.engine.receiver import Runnable
from runtime.precedence import Precedence

LOOK_SECONDS = 0.005
"""At the end each thread is waited for so long before the next one is."""


class Pool:
    """At most ``limit`` threads, made when there is work for them; abandoned ones do not count."""

    def __init__(self, name: str, limit: int, precedence: Precedence | None = None) -> None:
        self._precedence = precedence or Precedence()
        self.name = name
        self.limit = limit
        self.size = 0
        self.abandoned = 0
        self.jobs: deque[Runnable] = deque()
        self.closed = False
        self.threads: set[Thread] = set()
        self._running: set[Runnable] = set()
        self._sleeping: list[
            Lock
        ] = []  # one gate for each sleeping thread; the last to sleep is the first to wake
        self._waking = False  # a thread was woken and has not looked at the jobs yet
        self._made = 0
        self._lock = Lock()

    def enqueue(self, runnable: Runnable) -> None:
        """Run it soon; from any thread."""
        self.jobs.append(runnable)
        if not self._waking:
            self._wake_one()

    def write_off(self, body: EngineBody) -> bool:
        """The thread that runs this body will not come back soon: another one takes its place.

        Returns whether there is such a thread; it tells the body when it comes back.
        """
        try:
            # Whoever removes the body decides: this one, or the thread when it is done after all.
            self._running.remove(body)
        except KeyError:
            return False
        with self._lock:
            self.size -= 1
            self.abandoned += 1
        if self.jobs and not self._waking:
            self._wake_one()
        return True

    def abandon_bodies_of(self, cell: ActorCell) -> None:
        """Their actor has ended: nobody wants what they return."""
        for runnable in list(self._running):
            if isinstance(runnable, EngineBody) and runnable.cell is cell:
                runnable.abandon()

    def _wake_one(self) -> None:
        try:
            gate = self._sleeping.pop()
        except IndexError:
            if self.size < self.limit:
                self._grow()
            return
        self._waking = True
        gate.release()

    def _grow(self) -> None:
        with self._lock:
            if self.size >= self.limit or self.closed:
                return
            self.size += 1
            self._made += 1
            self._waking = True
            thread = Thread(target=self._work, name=f"quaero-{self.name}-{self._made}", daemon=True)
            self.threads.add(thread)
        thread.start()

    def _work(self) -> None:
        jobs, running, gate = self.jobs, self._running, Lock()
        precedence, held = self._precedence, self._precedence.held
        gate.acquire()
        woken = True
        while not self.closed:
            if woken:
                self._waking = woken = False
                if len(jobs) > 1:
                    self._wake_one()
            try:
                job = jobs.popleft()
            except IndexError:
                self._sleeping.append(gate)
                # Work that came just before this thread was seen sleeping is found here; if it was woken in the same
                # moment, the gate is open already.
                if jobs or self.closed:
                    with suppress(ValueError):
                        self._sleeping.remove(gate)
                        continue
                gate.acquire()
                woken = True
                continue
            running.add(job)
            if held():
                precedence.step_aside()
            job.run_turn()
            try:
                running.remove(job)
            except KeyError:
                self._leave()
                if isinstance(job, EngineBody):
                    job.run_no_more()
                return

    def _leave(self) -> None:
        """This thread ran an abandoned body: another one has its place already."""
        with self._lock:
            self.abandoned -= 1
        # It may have been the one that was woken.
        if self.jobs and not self._waking:
            self._wake_one()

    def close(self) -> None:
        """Drop what waits; the threads end after what they run."""
        self.closed = True
        self.jobs.clear()
        while self._sleeping:
            with suppress(IndexError):
                self._sleeping.pop().release()

    def join(self, deadline: float) -> list[str]:
        """Wait for the threads until that monotonic time; the names of those that still run.

        Nobody waits for threads that were given up: it would be in vain.
        """
        while True:
            running = [each for each in self.threads if each.is_alive() and each is not current_thread()]
            if len(running) <= self.abandoned or real_now() >= deadline:
                return [thread.name for thread in running]
            for thread in running:
                thread.join(LOOK_SECONDS)
