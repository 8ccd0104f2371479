"""The io dispatcher: threads for what may block. Actors there are serial as everywhere: a cell is queued once.

Handing work to a thread costs a wake-up and, while others compute, up to 5 ms until that thread may run. So work is
put into one shared deque, one sleeping thread is woken, and only that one, once it runs, wakes a second if it sees more
work than its own. Once bodies are seen to be brief the second only stands by: it looks every few milliseconds, and
works too when the first gets on no more. So brief bodies do not compete for the interpreter lock with each other and
with everybody else, and one that blocks among them keeps the others waiting for some milliseconds at most.
"""

from collections import deque
from contextlib import suppress
from threading import Lock, Thread, current_thread

from actors.pace import UNLIMITED, shared_room
from runtime.engine.bodies import EngineBody
from runtime.engine.cell import ActorCell
from runtime.engine.joining import real_now
from runtime.engine.receiver import Runnable
from runtime.precedence import Precedence

LOOK_SECONDS = 0.005
"""Between looks of the thread that stands by; at the end each thread is waited for so long before the next one is."""
QUIET_LOOKS = 20
"""Looks without any work after which the thread that stands by sleeps."""
SERIES = 16
"""Bodies by which a thread judges whether they are brief ..."""
SERIES_SECONDS = 0.008
"""... which they are if all of them together take less than this."""
QUICK_SECONDS = 0.0008
"""Less than this, and none of them blocks. Quick ones take longer when their thread waits for the interpreter ..."""
QUICK_SERIES = 8
"""... so one such series tells for as many of the following ones."""
QUICK_BODIES = 32
"""Quick bodies of one step worth having here: with fewer threads wait for each other, with more nothing is gained."""


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
        # One gate for each sleeping thread; the last to sleep is the first to wake.
        self._sleeping: list[Lock] = []
        self._waking = False  # a thread was woken and has not looked at the jobs yet
        self._awake: set[Lock] = set()  # the gates of the threads that work
        self.brief = False
        """Whether the last bodies were so short that a second thread would only be in their way."""
        self._standing_by = False  # a thread looks whether they still are
        self._quick = 0  # series for which they are taken not to block
        self._finished = 0
        self._made = 0
        self._lock = Lock()

    @property
    def working(self) -> int:
        """Threads that run bodies, or are about to."""
        return len(self._awake)

    def enqueue(self, runnable: Runnable) -> None:
        """Run it soon; from any thread."""
        self.jobs.append(runnable)
        if not self._waking and not (self._standing_by and self.brief and self._awake):
            self._wake_one()

    def room(self, sharing: int) -> int:
        """Bodies that one of ``sharing`` steps should have here; see ``actors.pace``.

        While one thread does all, since none blocks at all, others would only wait here, each with an actor of its own.
        """
        one_does_all = self._quick and self.brief and len(self._awake) <= 1
        return shared_room(QUICK_BODIES, sharing) if one_does_all else UNLIMITED

    def write_off(self, body: EngineBody) -> bool:
        """The thread that runs this body will not come back soon: another one takes its place.

        Returns whether there is such a thread; it tells the body when it comes back.
        """
        if body.over:
            return False  # it is back already, and about to take the next one
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
        gate = Lock()
        gate.acquire()
        while not self.closed:
            self._waking = False
            if self._is_needed(gate):
                self._awake.add(gate)
                try:
                    if not self._work_off():
                        return
                finally:
                    self._awake.discard(gate)
            self._sleeping.append(gate)
            # Work that came just before this thread was seen sleeping is found here; if it was woken in the same
            # moment, the gate is open already.
            if self.jobs or self.closed:
                with suppress(ValueError):
                    self._sleeping.remove(gate)
                    continue
            gate.acquire()

    def _work_off(self) -> bool:
        """Run bodies until none is left; False if the thread is done because its body was given up."""
        jobs, running = self.jobs, self._running
        precedence = self._precedence
        if len(jobs) > 1 and not (self.brief and self._standing_by):
            self._wake_one()
        done, since = 0, real_now()
        while not self.closed:
            try:
                job = jobs.popleft()
            except IndexError:
                return True
            running.add(job)
            if precedence.held:
                precedence.step_aside()
            job.run_turn()
            try:
                running.remove(job)
            except KeyError:
                # An actor is queued again before this thread notes that its turn is over: another one, that ran the
                # next turn meanwhile, has taken it off for both. A body that is missing was given up.
                if isinstance(job, EngineBody):
                    self._leave()
                    job.run_no_more()
                    return False
            self._finished += 1
            done += 1
            if done == SERIES:
                now = real_now()
                self.judge(now - since)
                done, since = 0, now
        return True

    def judge(self, seconds: float) -> None:
        """``SERIES`` bodies took so long, one after the other."""
        self.brief = seconds < SERIES_SECONDS
        self._quick = QUICK_SERIES if seconds < QUICK_SECONDS else max(self._quick - 1, 0)

    def _is_needed(self, gate: Lock) -> bool:
        """Whether another thread is to work: at once, or, while bodies are brief, once they get on no more."""
        if not self.brief or not self._awake or self._standing_by:
            return True
        self._standing_by = True
        quiet = 0
        try:
            while self.brief and self._awake and quiet < QUIET_LOOKS and not self.closed:
                finished = self._finished
                gate.acquire(timeout=LOOK_SECONDS)
                if not self.jobs:
                    quiet += 1
                elif self._finished != finished:
                    quiet = 0
                else:
                    self.brief = False
            return quiet < QUIET_LOOKS
        finally:
            self._standing_by = False

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
