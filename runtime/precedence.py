"""Precedence: lets one thread go before others at the interpreter lock.

The store's thread gives the interpreter lock away in every statement, and a thread that computes keeps it from coming
back for up to the switch interval (5 ms), over and over: with both always busy the store spent half its time waiting.
So the core thread looks, before each of its turns, whether the store's thread is at work in Python, and steps aside
until that begins a long statement, which needs no interpreter lock, or is done. Measured in
docs/decisions/0007-precedence.md.
"""

from threading import Lock
from types import TracebackType


class Precedence:
    """Held as a context manager by the thread that goes first; others call ``step_aside`` between their turns.

    The holder waits for nobody: it says that it is there, and opens the gates of those that wait when it leaves.
    """

    def __init__(self) -> None:
        self.held = False
        """Whether somebody is to be let go first, now."""
        self._waiting: list[Lock] = []
        self.gap = _Gap(self)
        """A context manager for the holder: the others may go on inside it."""

    def __repr__(self) -> str:
        return f"<Precedence(held={self.held})>"

    def step_aside(self) -> None:
        """Wait until nobody holds it."""
        gate = Lock()
        gate.acquire()
        self._waiting.append(gate)
        # If it was let go just before, nobody is left to open this gate.
        if self.held:
            gate.acquire()

    def take(self) -> None:
        """Go first from now on."""
        self.held = True

    def leave(self) -> None:
        """Let the others go on."""
        self.held = False
        waiting = self._waiting
        while waiting:
            waiting.pop().release()

    def __enter__(self) -> None:
        self.held = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()


class _Gap:
    """The holder does what needs no interpreter lock."""

    def __init__(self, precedence: Precedence) -> None:
        self._precedence = precedence

    def __enter__(self) -> None:
        self._precedence.leave()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._precedence.take()
