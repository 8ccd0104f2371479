"""EventHub: the bell between the actors and the host's threads.

It carries no events: those are rows, and every reader takes them from the store with a cursor of its own. So a reader
that stops reading holds nothing up and costs nothing, and one that comes back misses nothing.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from threading import Lock

from actors.messages import ParentPicture

MAX_PICTURES = 10_000
"""Live pictures kept; the oldest goes first."""


class EventHub:
    """Callbacks by interest. They run on the actors' thread: they only set an event or wake a loop."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._readers: dict[int, Callable[[], object]] = {}
        self._waiters: dict[int, dict[int, Callable[[], object]]] = {}
        self._pictures: dict[
            int, tuple[int, ParentPicture]
        ] = {}  # by parent: version, picture; the oldest first
        self._version = 0
        self._next = 0

    def __repr__(self) -> str:
        return f"<EventHub(readers={len(self._readers)}, waiters={len(self._waiters)})>"

    def on_commit(self, ring: Callable[[], object]) -> Callable[[], None]:
        """Call ``ring`` after every commit with events and for every new picture; returns what ends that."""
        with self._lock:
            self._next += 1
            key = self._next
            self._readers[key] = ring
        return lambda: self._forget_reader(key)

    def on_end(self, run_id: int, ring: Callable[[], object]) -> Callable[[], None]:
        """Call ``ring`` when the run may have ended; returns what ends that."""
        with self._lock:
            self._next += 1
            key = self._next
            self._waiters.setdefault(run_id, {})[key] = ring
        return lambda: self._forget_waiter(run_id, key)

    def committed(self, ended_runs: tuple[int, ...], *, elsewhere: bool) -> None:
        """A commit happened; ``elsewhere``: in another process, so any run may have ended."""
        with self._lock:
            rings = list(self._readers.values())
            runs = list(self._waiters) if elsewhere else [run for run in ended_runs if run in self._waiters]
            for run_id in runs:
                rings.extend(self._waiters[run_id].values())
        _ring(rings)

    def pictured(self, picture: ParentPicture) -> None:
        """Keep the live picture of a parent, the last one."""
        with self._lock:
            self._pictures.pop(picture.id, None)
            self._version += 1
            self._pictures[picture.id] = self._version, picture
            if len(self._pictures) > MAX_PICTURES:
                del self._pictures[next(iter(self._pictures))]
            rings = list(self._readers.values())
        _ring(rings)

    def picture(self, parent_id: int) -> ParentPicture | None:
        """The last picture of a parent that this runtime works on."""
        with self._lock:
            found = self._pictures.get(parent_id)
        return None if found is None else found[1]

    def pictures_after(self, version: int) -> tuple[int, list[tuple[int, ParentPicture]]]:
        """The pictures that came after that version, each with its own, and the version they lead to."""
        found: list[tuple[int, ParentPicture]] = []
        with self._lock:
            for each in reversed(self._pictures.values()):
                if each[0] <= version:
                    break
                found.append(each)
            return self._version, found[::-1]

    def _forget_reader(self, key: int) -> None:
        with self._lock:
            self._readers.pop(key, None)

    def _forget_waiter(self, run_id: int, key: int) -> None:
        with self._lock:
            rings = self._waiters.get(run_id, {})
            rings.pop(key, None)
            if not rings:
                self._waiters.pop(run_id, None)


def _ring(rings: Iterable[Callable[[], object]]) -> None:
    for ring in rings:
        # The loop of one who was not told to leave may be closed; the others are still to hear.
        with suppress(RuntimeError):
            ring()
