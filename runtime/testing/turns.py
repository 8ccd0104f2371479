"""Which ready actor or body of a stepped engine goes next: the first one, or any, as a seed draws it."""

from collections.abc import Callable
from typing import Protocol

from runtime.engine.bodies import EngineBody
from runtime.engine.cell import ActorCell
from runtime.engine.receiver import Runnable

HELD_SECONDS = (0.001, 0.05, 0.4, 1.2)


class Chance(Protocol):
    """Where a simulation draws from: ``random.Random`` and ``SeededRandom`` are such."""

    def random(self) -> float:
        """At least 0.0 and less than 1.0."""
        ...


class TurnQueue:
    """First in, first out. A ready queue that tells what waits in it and who had the last turn."""

    def __init__(self) -> None:
        self._ready: list[Runnable] = []
        self.last = ""
        self.preferred: Runnable | None = None
        """Goes before all others, whenever it is ready."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}(waiting={len(self.waiting)})>"

    def __len__(self) -> int:
        return len(self._ready)

    def append(self, runnable: Runnable, /) -> None:
        """One more is ready."""
        self._ready.append(runnable)

    def popleft(self) -> Runnable:
        """The one whose turn it is."""
        preferred = self.preferred
        place = self._ready.index(preferred) if preferred in self._ready else self._place()
        chosen = self._ready.pop(place)
        self.last = describe(chosen)
        return chosen

    @property
    def next_due(self) -> float | None:
        """When one that is held goes on; None: none is held."""
        return None

    def release(self) -> None:
        """Those that were held long enough are ready."""

    @property
    def waiting(self) -> list[Runnable]:
        """All that is ready or held."""
        return list(self._ready)

    def _place(self) -> int:
        return 0


class SeededQueue(TurnQueue):
    """Any of the ready ones, by chance; some are held for a while before they are ready, as by a slow thread."""

    def __init__(self, chance: Chance, slow: float, now: Callable[[], float]) -> None:
        super().__init__()
        self._chance = chance
        self.slow = slow
        self._now = now
        self._held: list[tuple[float, Runnable]] = []
        self.met: list[str] = []

    def append(self, runnable: Runnable, /) -> None:
        """One more is ready, now or after a while."""
        # Turns of the loop are not held: it asks for one at a time.
        if self.slow and isinstance(runnable, ActorCell | EngineBody) and self._chance.random() < self.slow:
            seconds = HELD_SECONDS[int(self._chance.random() * len(HELD_SECONDS))]
            self._held.append((self._now() + seconds, runnable))
            self.met.append("slow_body" if isinstance(runnable, EngineBody) else "slow_actor")
        else:
            self._ready.append(runnable)

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

    def _place(self) -> int:
        return int(self._chance.random() * len(self._ready))


def describe(runnable: Runnable) -> str:
    """Who takes a turn, and with which message."""
    if not isinstance(runnable, ActorCell):
        return type(runnable).__name__
    name = runnable.plan.name.rpartition(".")[2]
    if not runnable.mailbox:
        return name
    message = runnable.mailbox[0][0]
    return f"{name} {type(getattr(message, 'message', message)).__name__}"
