"""Handing over: WebSockets that this server has let in are sent to by a process of their own.

A hundred sockets that see everything take a good part of a core, in pieces that would delay every step of every job
beside them in this process. So once a socket is open it goes to the sending process (``sending``), which reads the
store by itself; here is only said that there was a commit. The process is started with the first socket and ended when
it has had none for a while. If it dies its sockets are closed, as when a server dies: clients come back with their
cursors, and the next socket starts another. Where it can not be started, the server sends by itself.
"""

import asyncio
import logging
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from threading import Lock

import msgspec

from runtime.events.hub import EventHub
from runtime.gateway.frame import Wanted
from runtime.processes.command import command_of

logger = logging.getLogger("quaero.gateway")

RING = b"\x00"
"""There was a commit. No message with a socket begins with it."""
MESSAGE_BYTES = 1 << 16
UNUSED_SECONDS = 20.0
"""A process without sockets is kept so long."""
END_SECONDS = 2.0
"""It has that long to say goodbye to its clients."""


class Orders(msgspec.Struct, frozen=True):
    """What a sending process is started with."""

    store: str
    busy_timeout_seconds: float
    source: str


class Handed(msgspec.Struct, frozen=True):
    """A socket's listener: from behind that event on; None begins with a snapshot."""

    cursor: int | None
    wanted: Wanted


class Report(msgspec.Struct, frozen=True):
    """What the process has: sockets taken over since its start, those that are open, and what waits in it for them.

    ``listens``: it wants to be told of the next commit.
    """

    taken: int
    sockets: int
    waiting_bytes: int
    listens: bool


encoder = msgspec.msgpack.Encoder()
_reports = msgspec.msgpack.Decoder(Report)


class SendingProcess:
    """One per gateway, for its loop's thread; ``waiting_bytes`` from any."""

    def __init__(self, orders: Orders, hub: EventHub, is_open: Callable[[], bool]) -> None:
        self._orders = msgspec.json.encode(orders).decode()
        self._hub = hub
        self._is_open = is_open
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._ending: asyncio.Future[None] | None = None
        self._leave: Callable[[], None] = _nothing
        self._lock = Lock()  # guards both:
        self._asked = False  # the process wants to be told of the next commit
        self._missed = False  # there was one that it was not told of
        self._handed = 0
        self._report = Report(0, 0, 0, listens=False)
        self._unused: asyncio.TimerHandle | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"<SendingProcess(sockets={self._report.sockets})>"

    @property
    def waiting_bytes(self) -> int:
        """What its clients have not taken, as it last said."""
        return self._report.waiting_bytes

    @property
    def pid(self) -> int | None:
        """Its number while it runs."""
        return None if self._process is None else self._process.pid

    def take(self, descriptor: int, handed: Handed) -> None:
        """Give it the socket of that descriptor, of which it gets one of its own.

        Raises:
            OSError: there is no such process, or it takes no more just now.
        """
        control = self._socket or self._start()
        socket.send_fds(control, [encoder.encode(handed)], [descriptor])
        self._handed += 1
        if self._unused is not None:
            self._unused.cancel()
            self._unused = None

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """As long as a server serves."""
        self._closed = False
        try:
            yield
        finally:
            await self.close()

    async def close(self) -> None:
        """End it: its clients are told that the server goes away. The next socket would start another."""
        self._closed = True
        self._let_go()
        if self._ending is not None:
            await self._ending

    def _start(self) -> socket.socket:
        if self._closed:
            raise OSError("the gateway stops")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = command_of("runtime.gateway.sending", theirs.fileno(), self._orders)
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 (this interpreter, and our own code)
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                )
        except BaseException:
            ours.close()
            raise
        ours.setblocking(False)
        self._socket = ours
        self._handed = 0
        self._report = Report(0, 0, 0, listens=True)
        self._asked, self._missed = True, False
        asyncio.get_running_loop().add_reader(ours, self._hear, ours)
        self._leave = self._hub.on_commit(self._ring)
        return ours

    def _ring(self) -> None:
        """A commit; called by the thread of the actors. One is told, the others when the process asks again."""
        with self._lock:
            self._missed = not self._asked
            told, self._asked = self._asked, False
        control = self._socket
        if told and control is not None:
            with suppress(OSError):  # no room: what is there before it makes the process look as well
                control.send(RING)

    def _hear(self, control: socket.socket) -> None:
        """What the process says."""
        try:
            data = control.recv(MESSAGE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            logger.warning(
                "the process that sends events to WebSockets has ended; its clients have to come back"
            )
            self._let_go()
            return
        self._report = _reports.decode(data)
        if self._report.listens:
            with self._lock:
                self._asked, missed = True, self._missed
            if missed:
                self._ring()
        if not self._is_open():
            self._let_go()
        elif not self._report.sockets and self._report.taken == self._handed and self._unused is None:
            self._unused = asyncio.get_running_loop().call_later(UNUSED_SECONDS, self._let_go)

    def _let_go(self) -> None:
        """Hang up, which ends it."""
        process, self._process = self._process, None
        control, self._socket = self._socket, None
        self._leave()
        self._leave = _nothing
        if self._unused is not None:
            self._unused.cancel()
            self._unused = None
        loop = asyncio.get_running_loop()
        if control is not None:
            loop.remove_reader(control)
            control.close()
        if process is not None:
            self._ending = loop.run_in_executor(None, _end, process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """See that it has ended."""
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _nothing() -> None:
    """There is nobody to take leave of."""
