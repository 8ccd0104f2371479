"""The sending process: takes open WebSockets from the server, and sends them what the store says.

It reads the store by itself and holds nothing that is not there. It lives as long as the server at the other end of its
connection: when that hangs up or dies, all clients are told to come back and it ends. SIGINT and SIGTERM are the
server's affair.
"""

import asyncio
import logging
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import msgspec
from websockets.exceptions import InvalidState
from websockets.frames import Frame, Opcode
from websockets.protocol import State
from websockets.server import ServerProtocol

from actors.seams import SystemClock
from runtime.events.hub import EventHub
from runtime.gateway.broadcast import Broadcast
from runtime.gateway.handing import MESSAGE_BYTES, RING, Handed, Orders, Report, encoder
from runtime.gateway.pictures import StoredPictures
from runtime.gateway.snapshot import again, beginning, message_of
from runtime.store.reading.reader import StoreReader
from runtime.store.reading.records import EventsPrunedError

logger = logging.getLogger("quaero.gateway")

GOING_AWAY = 1001
HEARD_BYTES = 1 << 16
"""Of one message of a client, which has nothing to say."""
PING_SECONDS = 20.0
"""A client that has answered no ping when the next one is due is gone."""
REPORT_SECONDS = 0.25
_handed = msgspec.msgpack.Decoder(Handed)


def main(connection_number: int, orders: str) -> None:
    """Serve until the server at the other end hangs up."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    connection = socket.socket(fileno=connection_number)
    connection.setblocking(False)
    asyncio.run(Sending(connection, msgspec.json.decode(orders, type=Orders)).run())


class Sending:
    """All there is in this process."""

    def __init__(self, connection: socket.socket, orders: Orders) -> None:
        self._connection = connection
        self._hub = EventHub()
        self.reader = StoreReader(Path(orders.store), busy_timeout_seconds=orders.busy_timeout_seconds)
        self.broadcast = Broadcast(
            lambda: self.reader, self._hub, SystemClock(), orders.source, StoredPictures
        )
        self._taken = 0
        self._asking = False
        self._told: Report | None = None
        self._tasks: dict[asyncio.Task[None], Client] = {}
        self._ended = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Sending(sockets={len(self._tasks)})>"

    async def run(self) -> None:
        """Until the other end is gone."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._connection, self._hear)
        reporting = asyncio.create_task(self._report())
        await self._ended.wait()
        reporting.cancel()
        await self.broadcast.close()
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=1.0)
        self.reader.close()

    def _hear(self) -> None:
        """A commit, a socket, or the end."""
        try:
            data, descriptors, _, _ = socket.recv_fds(self._connection, MESSAGE_BYTES, 1)
        except BlockingIOError:
            return
        except OSError:
            data, descriptors = b"", []
        if not data:
            asyncio.get_running_loop().remove_reader(self._connection)
            self._ended.set()
            return
        if data != RING:
            self._taken += 1
            if descriptors:  # else there was none left for it here, and it is closed
                client = Client(socket.socket(fileno=descriptors[0]))
                task = asyncio.create_task(client.serve(self, _handed.decode(data)))
                self._tasks[task] = client
                task.add_done_callback(self._tasks.pop)
        # Whatever it is: a ring that found no room behind it was not sent.
        self._hub.committed((), elsewhere=False)
        if not self._asking:
            self._asking = True
            asyncio.get_running_loop().call_later(self.broadcast.tick_seconds, self._ask)

    def _ask(self) -> None:
        """Ask for the next commit."""
        if self._say(listens=True):
            self._asking = False
        else:
            asyncio.get_running_loop().call_later(REPORT_SECONDS, self._ask)

    def _say(self, *, listens: bool) -> bool:
        """What there is, if it is news; returns whether there was room for it."""
        waiting = sum(each.waiting_bytes for each in self._tasks.values())
        report = Report(self._taken, len(self._tasks), waiting, listens)
        if listens or report != self._told:
            try:
                self._connection.send(encoder.encode(report))
            except OSError:  # also when the other end is gone, which is heard
                return False
            self._told = msgspec.structs.replace(report, listens=False)
        return True

    async def _report(self) -> None:
        """Say what there is when it is another than was said."""
        while True:
            self._say(listens=False)
            await asyncio.sleep(REPORT_SECONDS)


class Client(asyncio.Protocol):
    """One socket: at most one frame waits for it in this process."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._transport: asyncio.Transport | None = None
        self._protocol = ServerProtocol(max_size=HEARD_BYTES, state=State.OPEN)
        self._writable = asyncio.Event()
        self._writable.set()
        self._gone = asyncio.Event()
        self._answered = True

    def __repr__(self) -> str:
        return f"<Client(gone={self._gone.is_set()})>"

    @property
    def waiting_bytes(self) -> int:
        """What it was given and has not taken."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    async def serve(self, sending: Sending, handed: Handed) -> None:
        """Until the client is gone or the broadcast ends."""
        loop = asyncio.get_running_loop()
        self._connection.setblocking(False)
        await loop.connect_accepted_socket(lambda: self, self._connection)
        telling = asyncio.create_task(self._tell(sending, handed))
        pinging = asyncio.create_task(self._ping())
        leaving = asyncio.create_task(self._gone.wait())
        await asyncio.wait((telling, leaving), return_when=asyncio.FIRST_COMPLETED)
        for task in (telling, pinging, leaving):
            task.cancel()
        ended, *_ = await asyncio.gather(telling, pinging, leaving, return_exceptions=True)
        if isinstance(ended, Exception):
            logger.error("a client has to come back, it can not be told: %s", ended, exc_info=ended)
        with suppress(InvalidState):
            self._protocol.send_close(GOING_AWAY, "the gateway stops")
            self._flush()
        if self._transport is not None:
            self._transport.close()

    async def _tell(self, sending: Sending, handed: Handed) -> None:
        wanted, broadcast = handed.wanted, sending.broadcast
        cursor, shown = await asyncio.to_thread(beginning, sending.reader, wanted, handed.cursor)
        if shown is not None:
            await self._show(shown)
        listener = await broadcast.listen(cursor, wanted)
        try:
            while not broadcast.closed:
                try:
                    frame = await listener.next()
                except EventsPrunedError:
                    listener.cursor, anew = await asyncio.to_thread(again, sending.reader, wanted)
                    await self._show(anew)
                    continue
                if frame.events:
                    await self._send(frame.websocket)
        finally:
            listener.close()

    async def _show(self, shown: dict[str, Any]) -> None:
        self._protocol.send_text(message_of(shown))
        self._flush()
        await self._writable.wait()

    async def _send(self, frame: bytes) -> None:
        await self._writable.wait()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(frame)

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING_SECONDS)
            if not self._answered and self._transport is not None:
                self._transport.abort()
            self._answered = False
            with suppress(InvalidState):
                self._protocol.send_ping(b"")
                self._flush()

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if self._transport is not None and not self._transport.is_closing():
                if data:
                    self._transport.write(data)
                else:
                    self._transport.write_eof()

    # -- asyncio.Protocol ----------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop has it."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Clients have nothing to say; pings are answered, and a close is."""
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode is Opcode.PONG:
                self._answered = True
        self._flush()
        if self._protocol.state is not State.OPEN:
            self._gone.set()

    def eof_received(self) -> None:
        """It has hung up."""
        self._gone.set()

    def connection_lost(self, error: Exception | None) -> None:
        """It is gone."""
        self._gone.set()
        self._writable.set()

    def pause_writing(self) -> None:
        """It does not read."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It reads again."""
        self._writable.set()
