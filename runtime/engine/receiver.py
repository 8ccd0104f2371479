"""What an address leads to: an actor's cell, a port that waits for one reply, or the inbox of the outside."""

from typing import ClassVar, Protocol

from runtime.engine.address import EngineAddress


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
