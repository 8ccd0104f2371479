"""Simulation: machines on one store, and time, which moves only when none of them has a turn to take.

It runs in the caller's thread and stops where it is told to. With the same machines, chance and clock the same turns
follow: ``trace`` sums them up.
"""

import heapq
import math
import zlib
from collections import deque
from collections.abc import Callable
from enum import Enum
from itertools import count
from typing import Protocol

from actors.seams import ManualClock
from runtime.testing.bell import Bells
from runtime.testing.connection import Killed
from runtime.testing.machine import Machine
from runtime.testing.turns import Chance
from runtime.testing.virtual_loop import AT_ONCE_SECONDS, OUTSIDE_SECONDS

MAX_TURNS = 1_000_000
"""Of one drive: beyond it something goes round in a circle."""
IDLE_ROUNDS = 5
"""Heartbeats that are waited for before it is said that nothing will ever happen again."""
TAIL = 40
"""Turns that a failure is told with."""


class Halt(Enum):
    """Why a drive stopped."""

    DONE = "what was waited for has come"
    RESTING = "nothing is left that would change anything"
    LATE = "the time is over"
    STILL = "nothing will ever happen again"
    ENDLESS = f"{MAX_TURNS} turns were taken"


class Mischief(Protocol):
    """What goes wrong between two turns."""

    def maybe(self) -> None:
        """A fault, if one is due."""
        ...


class Simulation:
    """Lets machines take turns, and time pass."""

    def __init__(self, clock: ManualClock, chance: Chance) -> None:
        self.clock = clock
        self.chance = chance
        self.machines: list[Machine] = []
        self.bells: Bells = {}
        self.mischief: Mischief | None = None
        self.killed: Callable[[Machine], None] = Machine.kill
        """Called with a machine that was killed in the middle of its turn."""
        self.trace = 0
        self.turns = 0
        self.tail: deque[str] = deque(maxlen=TAIL)
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._idle_rounds = 0

    def __repr__(self) -> str:
        return f"<Simulation(turns={self.turns}, at={self.clock.monotonic():.3f})>"

    def note(self, text: str) -> None:
        """One more line of what has happened."""
        line = f"{self.turns} {self.clock.monotonic():.4f} {text}"
        self.tail.append(line)
        self.trace = zlib.crc32(line.encode(), self.trace)

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something later."""
        heapq.heappush(self._later, (self.clock.monotonic() + seconds, next(self._numbers), action))

    # -- turns --------------------------------------------------------------------------------------------------

    def turn(self) -> bool:
        """One turn of one machine; False if none has one to take now."""
        now = self.clock.monotonic()
        while self._later and self._later[0][0] <= now:
            heapq.heappop(self._later)[2]()
        if self.mischief is not None:
            self.mischief.maybe()
        able = [each for each in self.machines if each.alive and each.paused_until <= now and each.ready]
        if not able:
            return False
        machine = able[int(self.chance.random() * len(able))] if len(able) > 1 else able[0]
        self.turns += 1
        try:
            machine.step()
        except Killed:
            self.note("killed in a transaction")
            self.killed(machine)
        else:
            self.note(machine.queue.last)
        return True

    @property
    def next_due(self) -> float | None:
        """When something is to be done again; None: never."""
        here = [each for each in self.machines if each.alive]
        now = self.clock.monotonic()
        # Several that work, or one that stands still, watch each other's leases: that takes its time.
        calm = len(here) == 1 or not any(
            each.dispatchers.loop.next_due or each.paused_until > now for each in here
        )
        times = [self._later[0][0]] if self._later else []
        for machine in here:
            due = now if machine.ready else machine.next_deed if calm else machine.next_watch
            if due is not None and machine.paused_until < math.inf:
                times.append(max(due, machine.paused_until))
        return min(times, default=None)

    def pass_time(self, limit: float) -> bool:
        """Go to the next moment at which something is to be done; False if that is later than the limit, or never.

        As long as a coroutine waits for a socket or a thread, that is waited for first, in real time.
        """
        due = self.next_due
        if (due is None or due > self.clock.monotonic() + AT_ONCE_SECONDS) and self._outside_brought():
            return True
        self._idle_rounds = 0 if due is not None else self._idle_rounds + 1
        if due is None and self._idle_rounds <= IDLE_ROUNDS:
            due = min((each.next_round for each in self.machines if each.alive), default=math.inf)
        if due is None or due > limit or due == math.inf:
            return False
        # A little more, so that what is kept in whole milliseconds is due as well.
        self.clock.advance(max(due - self.clock.monotonic(), 0.0) + 1e-6)
        return True

    def _outside_brought(self) -> bool:
        """Whether a socket or a thread that is waited for has brought something."""
        loops = [each.dispatchers.loop for each in self.machines if each.alive]
        return any(loop.waits_outside and loop.wait_outside(OUTSIDE_SECONDS) for loop in loops)

    # -- drives -------------------------------------------------------------------------------------------------

    def drive(
        self, done: Callable[[], bool], *, rests: Callable[[], bool] = lambda: False, limit: float = math.inf
    ) -> Halt:
        """Take turns, and let time pass when there is none to take, until something stops that.

        Args:
            done: looked at after every turn.
            rests: looked at when nobody has a turn to take: True ends the drive.
            limit: the monotonic time that is not passed.
        """
        last = self.turns + MAX_TURNS
        while not done():
            if self.turn():
                if self.turns > last:
                    return Halt.ENDLESS
            elif rests():
                return Halt.RESTING
            elif not self.pass_time(limit):
                return Halt.STILL if self.next_due is None else Halt.LATE
        return Halt.DONE

    def drive_to(self, moment: float) -> Halt:
        """Do all that is to be done until then."""
        while True:
            halt = self.drive(lambda: False, limit=moment)
            left = moment - self.clock.monotonic()
            if halt is Halt.ENDLESS or left <= 0:
                return halt
            self.clock.advance(left)
