"""What an address leads to: an actor's cell, a port that waits for one reply, or the inbox of the outside."""

from typing import TYPE_CHECKING, ClassVar, Protocol

from runtime.engine.address import EngineAddress

if TYPE_CHECKING:
    from runtime.engine.pool import Pool
    from runtime.engine.watchdog import Watchdog


class Receiver(Protocol):
    """Takes messages, from any thread."""

    is_port: ClassVar[bool]
    address: EngineAddress

    @property
    def engine_name(self) -> str:
        """Names the engine, uniquely in the process."""
        ...

    def post(self, message: object, sender: EngineAddress | None) -> None:
        """Take a message; returns at once."""
        ...

    def missing(self, reason: str) -> None:
        """The message this receiver sent was not delivered or will not be answered."""
        ...


class Runnable(Protocol):
    """What dispatchers run: a turn of an actor, or a body."""

    def run_turn(self) -> None:
        """Run in this thread."""
        ...

    async def run_on_loop(self) -> None:
        """Run as a task of the asyncio loop."""
        ...


class ReadyQueue(Protocol):
    """Which ready runnable goes next. A deque is one: first in, first out."""

    def append(self, runnable: Runnable, /) -> None:
        """One more is ready."""
        ...

    def popleft(self) -> Runnable:
        """Take the next one; IndexError if there is none."""
        ...

    def __len__(self) -> int: ...


class Dispatcher(Protocol):
    """Runs runnables, each in one thread at a time."""

    def enqueue(self, runnable: Runnable) -> None:
        """Run it soon; from any thread."""
        ...

    def close(self) -> None:
        """Stop taking; what runs is told to end."""
        ...

    def join(self, deadline: float) -> list[str]:
        """Wait for the threads until that monotonic time; the names of those that still run."""
        ...


class CoreDispatcher(Dispatcher, Protocol):
    """The dispatcher whose thread also looks after the timers."""

    def wake(self) -> None:
        """A timer was started, or the clock moved."""
        ...


class DispatcherSet(Protocol):
    """The dispatchers of an engine."""

    stepped: bool
    pool: "Pool | None"
    cpu: "Pool | None"
    watchdog: "Watchdog | None"

    @property
    def core(self) -> CoreDispatcher:
        """The one for actors that never block."""
        ...

    def named(self, name: str, user: object) -> Dispatcher:
        """The dispatcher that ``user`` named; raises UnknownDispatcherError."""
        ...

    def room(self, dispatcher: str, sharing: int) -> int:
        """How many bodies of a step are worth having there; as ``actors.pace`` has it."""
        ...

    def step(self) -> bool:
        """Run one ready turn, if this is how they work; False if there is none."""
        ...

    def next_due(self) -> float | None:
        """When something is to be done that is not ready yet, if this is how they work."""
        ...

    def interrupt(self) -> None:
        """Cancel coroutines that wait: their actors are to end."""
        ...

    def close(self) -> None:
        """Let all threads end."""
        ...

    def join(self, deadline: float) -> list[str]:
        """Wait for all threads until that monotonic time; the names of those that still run."""
        ...
