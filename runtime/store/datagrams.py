"""SocketDoorbell: a Unix datagram socket per runtime, in a directory that only its user can enter.

A datagram is one byte, the ``Concern``. The sockets' names are a hash of the store's path and inode, with the owner's
number; each owner writes the address of its own into its file in ``<store>.d/``, so that processes with different
runtime directories find each other. Sockets of the dead are removed by whoever finds that nobody listens.
"""

import logging
import os
import socket
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from threading import Lock, Thread

from runtime.store.concern import EVERYTHING, Concern

logger = logging.getLogger("quaero.store")

LONGEST_ADDRESS = 107
"""Bytes of a Unix socket's path, without the NUL."""
ABANDONED_SECONDS = 60.0
"""A socket nobody listens at is removed when it is that much older than one's own: a younger one may be just made."""


class SocketDoorbell:
    """See ``Doorbell``."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._pending = Concern(0)
        self._listening: socket.socket | None = None
        self._thread: Thread | None = None
        self._path = ""
        self._sending: socket.socket | None = None

    def __repr__(self) -> str:
        return f"<SocketDoorbell({self._path or 'not listening'})>"

    def listen(self, store: Path, owner: int, rung: Callable[[], object]) -> str:
        """Bind a socket and hear it on a thread; returns its path, "" with a warning if there is no place for one."""
        self.close()
        name = bell_name(store, owner)
        reasons = []
        for directory in directories():
            path = str(directory / name)
            if len(os.fsencode(path)) > LONGEST_ADDRESS:
                reasons.append(f"{directory} is too long for a socket's path")
                continue
            try:
                _make_private(directory)
                self._listening = _bound(path)
            except OSError as error:
                reasons.append(str(error))
                continue
            self._path = path
            _remove_abandoned(Path(path))
            self._thread = Thread(
                target=self._hear, args=(self._listening, rung), name="quaero-doorbell", daemon=True
            )
            self._thread.start()
            return path
        logger.warning("no doorbell, other runtimes are noticed by looking: %s", "; ".join(reasons))
        return ""

    def heard(self) -> Concern:
        """What was rung for since the last call."""
        if not self._pending:
            return self._pending
        with self._lock:
            pending, self._pending = self._pending, Concern(0)
        return pending

    def ring(self, address: str, concern: Concern) -> None:
        """Send the byte, or drop it."""
        with self._lock:
            sending = self._sending = self._sending or _socket()
        try:
            sending.sendto(bytes((concern,)), socket.MSG_DONTWAIT, address)
        except ConnectionRefusedError:
            self.remove(address)
        except OSError:
            pass  # it is full, or gone: whoever it belongs to looks by itself

    def remove(self, address: str) -> None:
        """Unlink a dead owner's socket."""
        with suppress(OSError):
            left = Path(address)
            if stat.S_ISSOCK(left.lstat().st_mode):
                left.unlink()

    def close(self) -> None:
        """End the thread and unlink the socket."""
        listening, self._listening = self._listening, None
        if listening is not None:
            self.remove(self._path)
            with suppress(OSError):
                listening.shutdown(socket.SHUT_RD)  # the thread's recv returns
            if self._thread is not None:
                self._thread.join()
            listening.close()
        self._thread, self._path, self._pending = None, "", Concern(0)
        sending, self._sending = self._sending, None
        if sending is not None:
            sending.close()

    def _hear(self, listening: socket.socket, rung: Callable[[], object]) -> None:
        while True:
            try:
                datagram = listening.recv(16)
            except OSError:
                return
            if not datagram:
                return
            with self._lock:
                first = not self._pending
                self._pending |= EVERYTHING & datagram[0]
            if first:
                rung()


def bell_name(store: Path, owner: int) -> str:
    """The file name of that owner's socket: the same for every path that leads to the store."""
    place = store.stat()
    text = f"{os.path.realpath(store)}\0{place.st_dev}\0{place.st_ino}"
    return f"{sha256(os.fsencode(text)).hexdigest()[:16]}-{owner}"


def directories() -> Iterator[Path]:
    """Where a socket may be, best first."""
    given = os.environ.get("XDG_RUNTIME_DIR")
    if given:
        yield Path(given) / "quaero"
    yield Path(tempfile.gettempdir()) / f"quaero-{os.geteuid()}"


def _make_private(directory: Path) -> None:
    """Make the directory, or see that the one that is there belongs to this user alone.

    Raises:
        OSError: it can not be made, or it is somebody else's.
    """
    with suppress(FileExistsError):
        directory.mkdir(mode=0o700)
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
        raise PermissionError(f"{directory} is not a directory of this user alone (mode 0700)")


def _socket() -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.settimeout(None)  # whatever the host's default is
    return made


def _bound(path: str) -> socket.socket:
    """A socket at the path; what is there was left by a dead owner of the same number, of a store that was removed."""
    made = _socket()
    try:
        Path(path).unlink(missing_ok=True)
        made.bind(path)
    except BaseException:
        made.close()
        raise
    return made


def _remove_abandoned(own: Path) -> None:
    """Take away old sockets that nobody listens at: their stores are gone, or nobody has opened them since."""
    with _socket() as probe, suppress(OSError):
        youngest = own.lstat().st_mtime - ABANDONED_SECONDS
        for each in own.parent.iterdir():
            found = each.lstat()
            if each == own or found.st_mtime > youngest or not stat.S_ISSOCK(found.st_mode):
                continue
            try:
                probe.connect(str(each))
            except ConnectionRefusedError:
                each.unlink()
            except OSError:
                continue
