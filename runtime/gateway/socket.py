"""``/ws``: events by WebSocket, in envelopes ``{type, payload}``; several that wait go as one ``batch``.

Our own server hands an open socket to the process that sends (``handing``); what is here serves those of other servers.
A client that does not read is no brake: its frames wait in nobody's memory but the connection's own buffer.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Any

from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect

from runtime.embedding import Runtime
from runtime.gateway.broadcast import Broadcast
from runtime.gateway.frame import Wanted
from runtime.gateway.framing import frames_of, give_of
from runtime.gateway.given import TheBroadcast, TheRuntime, TheSending
from runtime.gateway.handing import Handed, SendingProcess
from runtime.gateway.listener import Listener
from runtime.gateway.parameters import refuse_unknown
from runtime.gateway.problem import BadRequestError
from runtime.gateway.snapshot import again, beginning, message_of
from runtime.gateway.stream import cursor_of, wanted_of
from runtime.store.reading.records import EventsPrunedError

logger = logging.getLogger("quaero.gateway")

PARAMETERS = frozenset({"run_id", "type", "mode", "level", "after"})

UNSUPPORTED = 1008
GOING_AWAY = 1001


@websocket("/ws")
async def events_socket(
    socket: WebSocket[Any, Any, Any], runtime: TheRuntime, broadcast: TheBroadcast, sending: TheSending
) -> None:
    """The query has what ``/api/events`` takes, but for ``follow``: a socket always follows."""
    query = socket.query_params
    try:
        refuse_unknown(query, PARAMETERS, "/ws")
        mode, level = query.get("mode", "all"), query.get("level", "jobs")
        wanted = wanted_of(query.get("run_id"), query.getall("type", []), mode, level)
        cursor = cursor_of(query.get("after"))
    except BadRequestError as error:
        await socket.close(UNSUPPORTED, str(error)[:120])
        return
    await socket.accept()
    if _given(socket, sending, Handed(cursor, wanted)):
        return
    reached, shown = await asyncio.to_thread(beginning, runtime.reader, wanted, cursor)
    if shown is not None:
        await socket.send_text(message_of(shown).decode())
    listener = await broadcast.listen(reached, wanted)
    hearing = asyncio.create_task(_hear(socket))
    telling = asyncio.create_task(_tell(socket, runtime, broadcast, listener, wanted))
    try:
        await asyncio.wait((hearing, telling), return_when=asyncio.FIRST_COMPLETED)
    finally:
        listener.close()
        for task in (hearing, telling):
            task.cancel()
        await asyncio.gather(hearing, telling, return_exceptions=True)
    if broadcast.closed:
        with suppress(Exception):
            await socket.close(GOING_AWAY, "the gateway stops")


async def _hear(socket: WebSocket[Any, Any, Any]) -> None:
    """Clients have nothing to say; their going away is heard."""
    with suppress(WebSocketDisconnect):
        while True:
            await socket.receive_data(mode="text")


async def _tell(
    socket: WebSocket[Any, Any, Any],
    runtime: Runtime,
    broadcast: Broadcast,
    listener: Listener,
    wanted: Wanted,
) -> None:
    send_frame = frames_of(socket.scope)
    while not broadcast.closed:
        try:
            found = await listener.next()
        except EventsPrunedError:
            listener.cursor, shown = await asyncio.to_thread(again, runtime.reader, wanted)
            await socket.send_text(message_of(shown).decode())
            continue
        if not found.events:
            continue
        if send_frame is None:
            await socket.send_text(found.text)
        else:
            await send_frame(found.websocket)


def _given(socket: WebSocket[Any, Any, Any], sending: SendingProcess, handed: Handed) -> bool:
    """Hand the socket over to the process that sends; False where this server has to send by itself."""
    give = give_of(socket.scope)
    if give is None:
        return False
    try:
        return give(lambda descriptor: sending.take(descriptor, handed))
    except OSError as error:
        logger.warning("a WebSocket is served beside the jobs, which it may delay: %s", error)
        return False
