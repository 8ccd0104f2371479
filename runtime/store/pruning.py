"""Pruning: what goes from a store, in small transactions of its own between those of the work.

A round looks for what is kept no longer and erases it; a deletion is erased without a round. Nothing of it is
remembered but in the rows: whoever opens the store after a death begins a round, and finds what is left to do.
"""

from collections import deque
from collections.abc import Callable

from actors.seams import Clock
from runtime.store.commit import Commit, Committer
from runtime.store.retention import Retention
from runtime.store.transaction import Transaction
from runtime.store.verbs.erase import erase_some
from runtime.store.verbs.expire import Chore, event_expiry, key_expiry, rate_expiry, run_expiry

SLICE_SECONDS = 0.005
"""How long the write lock is held for one slice, and the commit besides."""
PAUSE_SECONDS = 0.01
"""Between slices: pruning has half of a writer's time at most, and other processes find the lock free."""
SLICE_BATCHES = 50
"""No more than so many statements with their rows, however fast."""


class Pruning:
    """The pruning of one store by one runtime."""

    def __init__(self, committer: Committer, retention: Retention) -> None:
        self._committer = committer
        self._retention = retention
        self._chores: deque[Chore] = deque()

    def __repr__(self) -> str:
        return f"<Pruning(chores={len(self._chores)})>"

    def begin(self) -> None:
        """Begin a round, unless one is going on."""
        if len(self._chores) > 1:
            return
        self._chores.clear()
        if not self._retention.keeps_runs or self._retention.deliveries_days:
            self._chores.append(run_expiry(self._retention))
        if self._retention.events_days:
            self._chores.append(event_expiry(self._retention))
        self._chores += (key_expiry(), rate_expiry(), erase_some)

    def erase(self, pause: Callable[[float], object]) -> None:
        """Erase all that was deleted, slice by slice, with a pause of so many seconds after each.

        Raises:
            StoreUnavailableError: not all was; whoever opens the store next goes on.
        """
        self._chores.clear()
        while self.slice()[1]:
            pause(PAUSE_SECONDS)

    def slice(self) -> tuple[list[Commit], bool]:
        """One commit of the round, or of a deletion; returns also whether more is to be done.

        Raises:
            StoreUnavailableError: nothing was committed; the same is done the next time.
        """
        share = _Share(self._committer.clock)
        finished = 0

        def some(transaction: Transaction) -> None:
            nonlocal finished
            finished = 0
            for chore in self._chores:
                if chore(transaction, share.left):
                    return
                finished += 1

        if not self._chores:
            self._chores.append(erase_some)
        commits = self._committer.commit((), None, before=(some,))
        for _ in range(finished):
            self._chores.popleft()
        return commits, bool(self._chores)


class _Share:
    """What one slice may use."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = clock.monotonic() + SLICE_SECONDS
        self._batches = SLICE_BATCHES

    def left(self) -> bool:
        """Whether there is time for one more batch; there is for the first."""
        self._batches -= 1
        first = self._batches == SLICE_BATCHES - 1
        return first or (self._batches >= 0 and self._clock.monotonic() < self._until)
