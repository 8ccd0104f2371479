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
    """Held as a context manager by the thread that goes first; others call ``step_aside`` between their turns."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.held = self._lock.locked
        """Whether somebody is to be let go first, now."""
        self.gap = _Gap(self._lock)
        """A context manager for the holder: the others may go on inside it."""

    def __repr__(self) -> str:
        return f"<Precedence(held={self.held()})>"

    def step_aside(self) -> None:
        """Wait until nobody holds it."""
        self._lock.acquire()
        self._lock.release()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()


class _Gap:
    """The holder does what needs no interpreter lock."""

    def __init__(self, lock: Lock) -> None:
        self._lock = lock

    def __enter__(self) -> None:
        self._lock.release()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.acquire()
