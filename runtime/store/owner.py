"""Who holds leases on a store: each runtime, by a row and an flock on a file of its own in ``<store>.d/``.

The lock is never on the database file. The kernel drops it when the process dies, however it dies, so whoever can
take another owner's lock knows that owner dead and may give its leases back at once. The file says where the owner's
doorbell is, if it has one.
"""

import fcntl
import os
from pathlib import Path


class OwnerLock:
    """The held lock of one owner. The descriptor is close-on-exec, as all of Python's are."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    def __repr__(self) -> str:
        return f"<OwnerLock({self.path.name})>"

    @property
    def held(self) -> bool:
        """Whether it was not given up yet."""
        return self._descriptor >= 0

    def announce(self, bell: str) -> None:
        """Write where this owner's doorbell is."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, os.fsencode(bell), 0)

    def drop(self) -> None:
        """Give the lock up and leave the file: the owner's row is still there."""
        os.close(self._descriptor)
        self._descriptor = -1

    def release(self) -> None:
        """Give the lock up and remove its file."""
        if self._descriptor >= 0:
            self.path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = -1


def lock_directory(store: Path) -> Path:
    """Where the owners' files of this store are."""
    return store.parent / f"{store.name}.d"


def take_lock(store: Path, owner: int) -> OwnerLock | None:
    """The lock of that owner, or None while a living process holds it."""
    path = lock_directory(store) / f"owner-{owner}"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return OwnerLock(path, descriptor)


def is_held(store: Path, owner: int) -> bool:
    """Whether that owner lives, without taking its lock; of one that can not be looked at it is assumed."""
    try:
        descriptor = os.open(lock_directory(store) / f"owner-{owner}", os.O_RDONLY)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        # Shared and for a moment: whoever wants to take a dead owner's lock just then takes it with the next look.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def announced(store: Path, owner: int) -> str:
    """Where that owner's doorbell is; "" if it has none, or is gone."""
    return _bell(lock_directory(store) / f"owner-{owner}")


def bells(store: Path) -> list[str]:
    """Where all the doorbells of this store are."""
    return [bell for path in lock_directory(store).glob("owner-*") if (bell := _bell(path))]


def _bell(file: Path) -> str:
    try:
        return os.fsdecode(file.read_bytes())
    except OSError:
        return ""
