"""The end of an engine: every actor, then every thread, then whoever still waits for a reply."""

from contextlib import suppress
from threading import Lock, current_thread
from typing import TYPE_CHECKING

from runtime.engine.control import Kill
from runtime.engine.joining import real_now

if TYPE_CHECKING:
    from runtime.engine.engine import Engine

LEAVE_SECONDS = 0.1
"""What threads that are not blocked get to end, even if all the time went to one that is."""


class Closing:
    """Closes one engine, once."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._lock = Lock()
        self._empty = Lock()  # held by whoever waits for the last actor to end

    def close(self, timeout_seconds: float) -> list[str]:
        """End everything; the names of threads that do not end in time. Other calls than the first do nothing."""
        engine = self._engine
        with self._lock:
            if engine.closing:
                return []
            engine.closing = True
        deadline = real_now() + timeout_seconds
        for cell in list(engine.cells):
            if cell.parent is None:
                cell.post_first(Kill())
        engine.dispatchers.interrupt()
        self._wait_for_actors(deadline)
        engine.closed = True
        engine.release_clock()
        engine.sources.close()
        engine.files.close()
        engine.dispatchers.close()
        for cell in list(engine.cells):
            for port in list(cell.interested.ports if cell.interested is not None else ()):
                port.missing(f"the engine was closed before {cell} answered")
        deadline = max(deadline, real_now() + LEAVE_SECONDS)
        return [*engine.files.join(deadline), *engine.dispatchers.join(deadline)]

    def is_own_thread(self) -> bool:
        """Whether the caller is a thread of this engine, which must not wait for itself."""
        return current_thread().name.startswith(f"{self._engine.name}-")

    def actor_ended(self) -> None:
        """One actor less."""
        if not self._engine.cells:
            with suppress(RuntimeError):
                self._empty.release()

    def _wait_for_actors(self, deadline: float) -> None:
        engine = self._engine
        if engine.dispatchers.stepped:
            while engine.cells and engine.dispatchers.step():
                pass
            return
        self._empty.acquire()
        if engine.cells:
            self._empty.acquire(timeout=max(0.0, deadline - real_now()))
