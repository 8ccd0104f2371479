"""ThespianWatch: a plain actor's wish to be told when files can be read, kept by one thread with a selector.

A wish holds for one return of ``receiveMessage``: the next message the actor handles replaces it.
"""

import selectors
import socket
from contextlib import suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING

from thespian.actors import WatchMessage

from runtime.engine.joining import join_threads

if TYPE_CHECKING:
    from runtime.engine.cell import ActorCell


class FileWatcher:
    """The thread starts with the first wish."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._wishes: dict[ActorCell, list[int]] = {}
        self._lock = Lock()
        self._thread: Thread | None = None
        self._closed = False
        self._bell: socket.socket | None = None

    def watch(self, cell: "ActorCell", filenos: list[int] | None) -> None:
        """This actor's wish from now on."""
        if not filenos and cell not in self._wishes:
            return
        with self._lock:
            if self._closed:
                return
            if filenos:
                self._wishes[cell] = list(filenos)
            else:
                self._wishes.pop(cell, None)
            if self._thread is None:
                self._bell, bell = socket.socketpair()
                self._thread = Thread(target=self._work, args=(bell,), name=f"{self.name}-files", daemon=True)
                self._thread.start()
        self._ring()

    def _ring(self) -> None:
        if self._bell is not None:
            self._bell.send(b"!")

    def _work(self, bell: socket.socket) -> None:
        with bell:
            while not self._closed:
                with selectors.DefaultSelector() as selector:
                    selector.register(bell, selectors.EVENT_READ)
                    with self._lock:
                        wishes = dict(self._wishes)
                    wanted = {each for filenos in wishes.values() for each in filenos}
                    for fileno in wanted:
                        # One that is closed already can not be watched, nor anything else be done about it.
                        with suppress(KeyError, ValueError, OSError):
                            selector.register(fileno, selectors.EVENT_READ)
                    ready = {key.fd for key, _ in selector.select()}
                if bell.fileno() in ready:
                    bell.recv(4096)
                self._report(wishes, ready)

    def _report(self, wishes: "dict[ActorCell, list[int]]", ready: set[int]) -> None:
        for cell, filenos in wishes.items():
            hits = [each for each in filenos if each in ready]
            with self._lock:
                if not hits or self._wishes.get(cell) is not filenos:
                    continue
                del self._wishes[cell]
            cell.post(WatchMessage(hits), cell.address)

    def close(self) -> None:
        """Let the thread end."""
        with self._lock:
            self._closed = True
            self._wishes.clear()
        self._ring()

    def join(self, deadline: float) -> list[str]:
        """Wait for the thread until that monotonic time; its name if it still runs."""
        names = [] if self._thread is None else join_threads([self._thread], deadline)
        if self._bell is not None and not names:
            self._bell.close()
            self._bell = None
        return names
