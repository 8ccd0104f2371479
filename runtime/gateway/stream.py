"""``/api/events``: server-sent events, resumed by ``Last-Event-ID``.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Any

import msgspec
from litestar import Controller, get
from litestar.params import HeaderParameter, QueryParameter
from litestar.response import Stream

from runtime.embedding import Runtime
from runtime.gateway.asking import id_parameter
from runtime.gateway.broadcast import Broadcast
from runtime.gateway.frame import Frame, Wanted, latest
from runtime.gateway.given import RunFilter, TheBroadcast, TheRuntime
from runtime.gateway.problem import BadRequestError
from runtime.gateway.snapshot import again, beginning
from runtime.store.reading.records import EventsPrunedError

HEARTBEAT_SECONDS = 15.0
"""A comment is sent when nothing else was for so long, so that proxies keep the connection."""

STILL_HERE = b": still here\n\n"
RETRY = b"retry: 1000\n\n"
_NUMBER = {"pattern": "^[0-9]{0,18}$"}


class EventsController(Controller):
    """``/api/events``."""

    path = "/api/events"
    tags = ("events",)

    @get(summary="Events as they are committed", media_type="text/event-stream")
    async def events(
        self,
        runtime: TheRuntime,
        broadcast: TheBroadcast,
        run_id: RunFilter = None,
        event_type: Annotated[
            list[str] | None, QueryParameter(name="type", description="only of these types")
        ] = None,
        mode: Annotated[
            str,
            QueryParameter(
                description="all, or latest: of each job and type the last",
                schema_extra={"enum": ["all", "latest"]},
            ),
        ] = "all",
        level: Annotated[
            str,
            QueryParameter(
                description="jobs = all; parents = only of runs and steps, which are few",
                schema_extra={"enum": ["jobs", "parents"]},
            ),
        ] = "jobs",
        after: Annotated[
            str | None,
            QueryParameter(description="the number of the last event that was seen", schema_extra=_NUMBER),
        ] = None,
        follow: Annotated[
            bool, QueryParameter(description="false: end with the last event there is now")
        ] = True,
        last_event_id: Annotated[
            str | None, HeaderParameter(name="Last-Event-ID", schema_extra=_NUMBER)
        ] = None,
    ) -> Stream:
        """CloudEvents, one after the other, without a gap from the event after ``Last-Event-ID`` on.

        Without a number the stream begins with a ``snapshot``, which tells its own; so it does when what was missed
        is kept no longer (``reset`` is true in it).
        """
        wanted = wanted_of(run_id, event_type, mode, level)
        cursor = cursor_of(last_event_id if last_event_id is not None else after)
        return Stream(
            _sent(runtime, broadcast, wanted, cursor)
            if follow
            else _there(runtime, broadcast, wanted, cursor),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )


def wanted_of(run_id: str | None, types: list[str] | None, mode: str, level: str) -> Wanted:
    """What a listener asks for.

    Raises:
        BadRequestError: the mode, the level or the id is none.
    """
    if mode not in {"all", "latest"}:
        raise BadRequestError(f"mode is all or latest, not {mode!r:.40}", "mode")
    if level not in {"jobs", "parents"}:
        raise BadRequestError(f"level is jobs or parents, not {level!r:.40}", "level")
    return Wanted(
        id_parameter(run_id, "run_id"),
        frozenset(types or ()),
        mode == "latest",
        level == "parents",
    )


def cursor_of(text: str | None) -> int | None:
    """The number that a client goes on after; None if it has none.

    Raises:
        BadRequestError: it is none.
    """
    if text is None or text == "":
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 19):
        raise BadRequestError(f"{text!r:.40} is not the number of an event", "Last-Event-ID")
    return int(text)


async def _sent(
    runtime: Runtime, broadcast: Broadcast, wanted: Wanted, cursor: int | None
) -> AsyncIterator[bytes]:
    yield RETRY
    reached, shown = await asyncio.to_thread(beginning, runtime.reader, wanted, cursor)
    if shown is not None:
        yield snapshot_frame(reached, shown)
    listener = await broadcast.listen(reached, wanted)
    try:
        while not broadcast.closed:
            sent = STILL_HERE
            try:
                with suppress(TimeoutError):
                    async with asyncio.timeout(HEARTBEAT_SECONDS):
                        sent = (await listener.next()).stream or sent
            except EventsPrunedError:
                listener.cursor, anew = await asyncio.to_thread(again, runtime.reader, wanted)
                yield snapshot_frame(listener.cursor, anew)
                continue
            yield sent
    finally:
        listener.close()


async def _there(
    runtime: Runtime, broadcast: Broadcast, wanted: Wanted, cursor: int | None
) -> AsyncIterator[bytes]:
    """As ``_sent``, up to the event that is the last one now."""
    last = await asyncio.to_thread(runtime.reader.last_event)
    reached, shown = await asyncio.to_thread(beginning, runtime.reader, wanted, cursor)
    if shown is not None:
        yield snapshot_frame(reached, shown)
    while reached < last:
        try:
            found, reached = await broadcast.stored(reached, wanted)
        except EventsPrunedError:
            reached, anew = await asyncio.to_thread(again, runtime.reader, wanted)
            yield snapshot_frame(reached, anew)
            continue
        yield Frame(latest(found) if wanted.latest else found).stream


def snapshot_frame(sequence: int, shown: dict[str, Any]) -> bytes:
    """A snapshot as the stream has it. Pure."""
    return b"id: %d\nevent: snapshot\ndata: %s\n\n" % (sequence, msgspec.json.encode(shown))
