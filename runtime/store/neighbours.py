"""Neighbours: the other runtimes on one store, as one of them sees them: whether they live, and how to wake them."""

import logging
from collections.abc import Sequence
from pathlib import Path

from runtime.store.concern import Concern
from runtime.store.doorbell import Doorbell
from runtime.store.owner import OwnerLock, announced, is_held, take_lock
from runtime.store.shared import sharing_risk

logger = logging.getLogger("quaero.store")


class Neighbours:
    """What is known of the other owners on record. Used by one thread at a time."""

    def __init__(self, path: Path, doorbell: Doorbell) -> None:
        self._path = path
        self._doorbell = doorbell
        self._bells: dict[int, str] = {}  # of each, "" of one that has none
        self._unseen: set[int] = set()  # whose lock files could not be looked at; told once
        self._risk = sharing_risk(path)  # told once, when others write too

    def __repr__(self) -> str:
        return f"<Neighbours({sorted(self._bells)})>"

    @property
    def there(self) -> bool:
        """Whether there are any."""
        return bool(self._bells)

    def found(self, owners: Sequence[int]) -> None:
        """Those are the other owners now; where the bell of one is does not change once it is known."""
        if self._risk and any(is_held(self._path, each) for each in owners):
            logger.warning(self._risk)
            self._risk = ""
        self._bells = {each: self._bells.get(each) or announced(self._path, each) for each in owners}

    def ring(self, concern: Concern) -> None:
        """Wake all of them for that; nobody is woken for nothing."""
        if concern:
            for address in self._bells.values():
                if address:
                    self._doorbell.ring(address, concern)

    def dead(self, owners: Sequence[int]) -> list[tuple[int, OwnerLock]]:
        """Those of the owners whose locks could be taken. One whose lock file can not be looked at may live."""
        dead: list[tuple[int, OwnerLock]] = []
        for owner in owners:
            try:
                lock = take_lock(self._path, owner)
            except OSError as error:
                if owner not in self._unseen:
                    self._unseen.add(owner)
                    logger.warning(
                        "whether runtime %d lives can not be seen (%s); its leases come back when they run out",
                        owner,
                        error,
                    )
                continue
            self._unseen.discard(owner)
            if lock is not None:
                dead.append((owner, lock))
        return dead
