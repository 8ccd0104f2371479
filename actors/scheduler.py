"""Scheduler: the runtime's timers. It wakes the store when something is due and never asks anybody anything.

Nothing on the way from a job's end to its parent's end goes through here: with the clock stopped, parents still end.
Timers start before the store is told: the next round is due by the time of this one, however soon that is done.
"""

from actors.messages import Command, Drain, NextDue, Prune, Sweep, Wiring
from actors.receive import Address, TypedActor

LOOK_SECONDS = 0.25
"""Between looks at what other processes did: a pragma and a lock, no transaction."""
LONGEST_TEND_SECONDS = 10.0
PRUNE_SECONDS = 3600.0
"""Between looks for what is kept no longer, which is a matter of days."""


def tend_seconds(lease_seconds: float) -> float:
    """Between heartbeats of a runtime with such leases: none runs out between two of them. Pure."""
    return min(lease_seconds / 3, LONGEST_TEND_SECONDS)


class Look(Command, frozen=True):
    """Time to look at other processes."""


class Tend(Command, frozen=True):
    """Time for the heartbeat and what is due."""


class LookForOld(Command, frozen=True):
    """Time to look for what is kept no longer."""


class Scheduler(TypedActor):
    """Backoffs and rates that come due, heartbeats, leases of others, what is kept no longer."""

    def __init__(self) -> None:
        super().__init__()
        self._store: Address | None = None
        self._draining = False
        self._tend_seconds = LONGEST_TEND_SECONDS
        self._due_ms: int | None = None

    def receiveMsg_Wiring(self, message: Wiring, sender: Address) -> None:
        """Start, with a first round at once: whatever a dead runtime left is taken over."""
        if self._draining:
            return
        self._store = message.store
        self._tend_seconds = tend_seconds(message.lease_seconds)
        self._await_tending()
        self.timers.start("look", LOOK_SECONDS, Look())
        self.timers.start("prune", 0.0, LookForOld())
        self._tend(message.store)

    def receiveMsg_NextDue(self, message: NextDue, sender: Address) -> None:
        """The store says when the next job, rate or schedule comes due."""
        self._due_ms = message.at_ms
        self._await_due(least_seconds=0.0)

    def receiveMsg_Tend(self, message: Tend, sender: Address) -> None:
        """The heartbeat is due, or a job or a rate is."""
        if self._store is not None:
            self._await_tending()
            self._tend(self._store)

    def receiveMsg_Look(self, message: Look, sender: Address) -> None:
        """See what other processes did."""
        if self._store is not None:
            self.timers.start("look", LOOK_SECONDS, Look())
            self.send(self._store, Sweep(tend=False))

    def receiveMsg_LookForOld(self, message: LookForOld, sender: Address) -> None:
        """Have the store begin a round of pruning."""
        if self._store is not None:
            self.timers.start("prune", PRUNE_SECONDS, LookForOld())
            self.send(self._store, Prune(begin=True))

    def receiveMsg_Drain(self, message: Drain, sender: Address) -> None:
        """The store is about to close."""
        self._store, self._draining = None, True
        for key in ("due", "look", "tend", "prune"):
            self.timers.cancel(key)

    def _tend(self, store: Address) -> None:
        self.send(store, Sweep(tend=True, asked_at=self.resource("clock").monotonic()))

    def _await_tending(self) -> None:
        self.timers.start("tend", self._tend_seconds, Tend())
        # What is due by now is the store's to say again: it may be due for somebody else.
        self._await_due(least_seconds=0.001)

    def _await_due(self, *, least_seconds: float) -> None:
        """Wake when it is due, or not at all if a round of tending comes before: wall clocks jump, it looks again."""
        if self._due_ms is None:
            self.timers.cancel("due")
            return
        wait = max((self._due_ms - self.resource("clock").wall_ms()) / 1000, 0.0)
        if least_seconds <= wait < self._tend_seconds:
            self.timers.start("due", wait, Tend())
        else:
            self.timers.cancel("due")
