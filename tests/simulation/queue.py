"""Which ready actor or body goes next: any, by the seed; some are held for a while, as by a slow thread."""

import random
from collections.abc import Callable

from runtime.engine.bodies import EngineBody
from runtime.engine.cell import ActorCell
from runtime.engine.receiver import Runnable

HELD_SECONDS = (0.001, 0.05, 0.4, 1.2)


class SeededQueue:
    """A ready queue of one runtime."""

    def __init__(self, chance: random.Random, slow: float, now: Callable[[], float]) -> None:
        self._chance = chance
        self.slow = slow
        self._now = now
        self._ready: list[Runnable] = []
        self._held: list[tuple[float, Runnable]] = []
        self.last = ""
        self.met: list[str] = []

    def __len__(self) -> int:
        return len(self._ready)

    def append(self, runnable: Runnable, /) -> None:
        """One more is ready, now or after a while."""
        # Turns of the loop are not held: it asks for one at a time.
        if self.slow and isinstance(runnable, ActorCell | EngineBody) and self._chance.random() < self.slow:
            seconds = self._chance.choice(HELD_SECONDS)
            self._held.append((self._now() + seconds, runnable))
            self.met.append("slow_body" if isinstance(runnable, EngineBody) else "slow_actor")
        else:
            self._ready.append(runnable)

    def popleft(self) -> Runnable:
        """Any of the ready ones."""
        ready = self._ready
        chosen = ready.pop(int(self._chance.random() * len(ready)))
        self.last = describe(chosen)
        return chosen

    @property
    def next_due(self) -> float | None:
        """When the next held one is to go on."""
        return min((due for due, _ in self._held), default=None)

    def release(self, *, everything: bool = False) -> None:
        """Those that were held long enough are ready."""
        if not self._held:
            return
        now = self._now()
        over = [held for held in self._held if everything or held[0] <= now]
        if over:
            self._held = [] if everything else [held for held in self._held if held[0] > now]
            self._ready.extend(runnable for _, runnable in over)

    @property
    def waiting(self) -> list[Runnable]:
        """All that is ready or held."""
        return self._ready + [runnable for _, runnable in self._held]


def describe(runnable: Runnable) -> str:
    """Who takes a turn, and with which message."""
    if not isinstance(runnable, ActorCell):
        return type(runnable).__name__
    name = runnable.plan.name.rpartition(".")[2]
    if not runnable.mailbox:
        return name
    message = runnable.mailbox[0][0]
    return f"{name} {type(getattr(message, 'message', message)).__name__}"
