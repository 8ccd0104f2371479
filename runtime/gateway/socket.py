"""``/ws``: events by WebSocket, in envelopes ``{type, payload}``; several that wait go as one ``batch``.

A client that does not read is no brake: its frames wait in nobody's memory but the connection's own buffer.
"""

import asyncio
from contextlib import suppress
from typing import Any

import msgspec
from litestar import WebSocket, websocket
from litestar.exceptions import WebSocketDisconnect

from runtime.embedding import Runtime
from runtime.gateway.broadcast import Broadcast, Listener
from runtime.gateway.frame import Wanted
from runtime.gateway.framing import frames_of
from runtime.gateway.given import TheBroadcast, TheRuntime
from runtime.gateway.problem import BadRequestError
from runtime.gateway.snapshot import snapshot
from runtime.gateway.stream import cursor_of, wanted_of
from runtime.store.reading.records import EventsPrunedError

UNSUPPORTED = 1008
GOING_AWAY = 1001


@websocket("/ws")
async def events_socket(
    socket: WebSocket[Any, Any, Any], runtime: TheRuntime, broadcast: TheBroadcast
) -> None:
    """The query has what ``/api/events`` takes: ``run_id``, ``type``, ``mode``, ``level``, ``after``."""
    query = socket.query_params
    try:
        mode, level = query.get("mode", "all"), query.get("level", "jobs")
        wanted = wanted_of(query.get("run_id"), query.getall("type", []), mode, level)
        cursor = cursor_of(query.get("after"))
    except BadRequestError as error:
        await socket.close(UNSUPPORTED, str(error)[:120])
        return
    await socket.accept()
    if cursor is None:
        cursor = await _send_snapshot(socket, runtime, wanted, reset=False)
    listener = await broadcast.listen(cursor, wanted)
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
            listener.cursor = await _send_snapshot(socket, runtime, wanted, reset=True)
            continue
        if not found.events:
            continue
        if send_frame is None:
            await socket.send_text(found.text)
        else:
            await send_frame(found.websocket)


async def _send_snapshot(
    socket: WebSocket[Any, Any, Any], runtime: Runtime, wanted: Wanted, *, reset: bool
) -> int:
    cursor, shown = await asyncio.to_thread(snapshot, runtime.reader, wanted)
    payload = {**shown, "reset": True} if reset else shown
    await socket.send_text(msgspec.json.encode({"type": "snapshot", "payload": payload}).decode())
    return cursor
