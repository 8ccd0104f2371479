"""Who is there: the runtimes on the store, which of them live, what each offers; and what time it is."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

from actors.scheduler import tend_seconds
from actors.seams import Clock
from runtime.store.explaining.reason import seconds_text
from runtime.store.offers import Offer, offer_of
from runtime.store.owner import is_held

LATE_MS = 2000
"""Beyond two heartbeats a living runtime is silent: it is frozen, or can not commit."""


class RuntimeSeen(msgspec.Struct, frozen=True):
    """One owner on record."""

    id: int
    pid: int
    host: str
    lives: bool
    silent_ms: int = 0  # since its last heartbeat, if that is too long ago
    offer: Offer | None = None

    @property
    def name(self) -> str:
        """As people find it."""
        return f"runtime {self.id} (process {self.pid} on {self.host})"

    @property
    def works(self) -> bool:
        """Whether it takes work at all."""
        return self.lives and self.offer is not None and not self.offer.draining

    def slots(self, job_type: str) -> int:
        """Jobs of the type that it takes at once."""
        return self.offer.slots.get(job_type, 0) if self.offer is not None else 0


class Scene(msgspec.Struct, frozen=True):
    """One look at a store."""

    connection: sqlite3.Connection
    runtimes: tuple[RuntimeSeen, ...]
    now_ms: int
    boottime_ms: int
    boot_id: str

    @property
    def working(self) -> list[RuntimeSeen]:
        """The runtimes that take work."""
        return [each for each in self.runtimes if each.works]

    def owner(self, number: int | None) -> RuntimeSeen | None:
        """The owner of that number, if it is on record."""
        return next((each for each in self.runtimes if each.id == number), None)

    def wait_text(self, at_ms: int) -> str:
        """When that time (Unix ms) is, from now."""
        wait = at_ms - self.now_ms
        return f"in {seconds_text(wait)}" if wait > 0 else "now due"


def look(connection: sqlite3.Connection, path: Path, clock: Clock) -> Scene:
    """See who is there. Whether an owner lives is seen by its lock, as every runtime sees it."""
    now_ms, boottime_ms, boot_id = clock.wall_ms(), clock.boottime_ms(), clock.boot_id()
    rows = connection.execute(
        "SELECT id, pid, host, boot_id, heartbeat, offers FROM owner ORDER BY id"
    ).fetchall()
    runtimes: Sequence[RuntimeSeen] = [
        RuntimeSeen(number, pid, host, lives, silent, offer)
        for number, pid, host, boot, heartbeat, text in rows
        for offer in [offer_of(text)]
        for lives in [boot == boot_id and is_held(path, number)]
        for silent in [_silent_ms(boottime_ms - heartbeat, offer) if lives else 0]
    ]
    return Scene(connection, tuple(runtimes), now_ms, boottime_ms, boot_id)


def _silent_ms(since_ms: int, offer: Offer | None) -> int:
    if offer is None:
        return 0
    allowed = 2000 * tend_seconds(offer.lease_ms / 1000) + LATE_MS
    return since_ms if since_ms > allowed else 0
