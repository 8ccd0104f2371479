"""Broadcast: the store's events for all who listen, read once, encoded once and framed once.

A listener has a cursor and no buffer of its own: it takes what is there when it can send, so one that stops reading
holds nothing up and costs nothing. The last events are kept in memory; whoever is further behind reads the store. No
retained event is skipped. Progress is not stored: of each parent the last picture is kept.

The first event after a quiet time goes out at once, those that follow as a frame a tick: what a hundred listeners cost
is a hundred sends a tick, however many jobs there are, and ticks are fewer for many listeners. Those that are at the
same place get the same frame. All of it is done in small pieces with rests between them: who keeps the interpreter from
the runtime's own threads for a millisecond delays every step of every job by that.
"""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from actors.messages import Event
from actors.seams import Clock
from runtime.events.cloud_events import Encoded, encoded
from runtime.events.hub import EventHub
from runtime.gateway.frame import Frame, Wanted, latest
from runtime.gateway.pictures import BREATH_SECONDS, Pictures
from runtime.refusal import RuntimeStateError
from runtime.store.reading.reader import StoreReader
from runtime.store.reading.records import EventFilter

KEPT = 20_000
"""Encoded events in memory."""

BATCH = 1000
"""Events of one batch at most."""

TICK_SECONDS = 0.02
LONGEST_TICK_SECONDS = 0.25
TICK_SECONDS_EACH = 0.0025
"""Between two frames: so long for each listener, within these bounds."""

AT_ONCE = 4
"""Events encoded between two rests."""

PROGRESS_SECONDS = 0.25
"""Between two pictures of one parent at least; the last one is always sent."""


class Broadcast:
    """One per gateway. It reads while somebody listens."""

    def __init__(
        self, reader_of: Callable[[], StoreReader], hub: EventHub, clock: Clock, source: str
    ) -> None:
        self._reader_of = reader_of
        self._hub = hub
        self._clock = clock
        self._source = source
        self._events: list[Encoded] = []
        self._floor = 0  # every later event up to ``_last`` is in memory, but for those that nobody wanted
        self._of_parents_only = False  # nobody wants those of single jobs, which are many
        self._last = 0
        self._pictures = Pictures(reader_of, hub, clock, source)
        self._announced = (0, 0)  # what listeners were told to look at
        self._frames: dict[tuple[int, int, Wanted], tuple[Frame, int, int]] = {}  # of this tick, by place
        self._waiting: list[asyncio.Future[None]] = []  # listeners that have seen all there is
        self._bell = asyncio.Event()
        self._rung = False
        self._task: asyncio.Task[None] | None = None
        self._leave: Callable[[], None] = _nothing
        self.listeners = 0
        self.closed = False

    def __repr__(self) -> str:
        return f"<Broadcast(listeners={self.listeners}, kept={len(self._events)})>"

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """As long as a server serves: at its end all listeners end."""
        try:
            yield
        finally:
            await self.close()

    async def close(self) -> None:
        """Let all listeners end."""
        self._end()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def listen(self, cursor: int, wanted: Wanted) -> "Listener":
        """Listen from behind that event on; ``Listener.close`` ends it."""
        self.listeners += 1
        try:
            if self._task is None or self._task.done():
                await self._begin(wanted)
            elif self._of_parents_only and not wanted.of_parents_only:
                self._events.clear()
                self._floor, self._of_parents_only = self._last, False
        except BaseException:
            self.left()
            raise
        return Listener(self, cursor, wanted)

    def left(self) -> None:
        """A listener is gone; after the last one nothing is read."""
        self.listeners -= 1
        if not self.listeners and self._task is not None:
            self._end()
            self._task.cancel()
            self._task = None

    async def _begin(self, wanted: Wanted) -> None:
        """Go on with the store as it is."""
        loop = asyncio.get_running_loop()
        self._task = asyncio.create_task(self._read(), name="quaero-broadcast")
        self.closed = False
        self._bell = asyncio.Event()
        self._events.clear()
        self._of_parents_only = wanted.of_parents_only
        self._last = self._floor = await asyncio.to_thread(self._reader_of().last_event)
        self._pictures.skip()
        self._announced = self._last, self._pictures.version
        self._rung = False
        self._frames.clear()
        self._leave = self._hub.on_commit(lambda: self._ring(loop))
        self._bell.set()

    def _end(self) -> None:
        self.closed = True
        self._leave()
        self._leave = _nothing
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()

    async def _read(self) -> None:
        """Take what is committed, until nobody listens or the runtime is closed."""
        loop, pictured = asyncio.get_running_loop(), 0.0
        try:
            while True:
                await self._bell.wait()
                self._bell.clear()
                self._rung = False
                # No further than what there is now: with jobs that come steadily there is always something more.
                until = await asyncio.to_thread(self._reader_of().last_event)
                while self._last < until and await self._take():
                    pass
                # Pictures come with every commit; bars that move four times a second are enough.
                if (left := pictured + PROGRESS_SECONDS - loop.time()) <= 0:
                    await self._pictures.take()
                    pictured = loop.time()
                else:
                    loop.call_later(left, self._bell.set)
                begun = loop.time()
                await self._announce()
                await asyncio.sleep(max(begun + self._tick_seconds - loop.time(), BREATH_SECONDS))
        except RuntimeStateError:
            self._end()

    @property
    def version(self) -> int:
        """Of the last picture there is."""
        return self._pictures.version

    @property
    def _tick_seconds(self) -> float:
        return min(max(TICK_SECONDS, self.listeners * TICK_SECONDS_EACH), LONGEST_TICK_SECONDS)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        """A commit; called by the thread of the actors, which wakes the loop once for all of a tick."""
        if not self._rung:
            self._rung = True
            loop.call_soon_threadsafe(self._bell.set)

    async def _take(self) -> bool:
        of_parents_only = self._of_parents_only
        wanted = EventFilter(of_parents_only=of_parents_only)
        events, reached = await asyncio.to_thread(self._reader_of().events, self._last, wanted, limit=BATCH)
        if reached == self._last:
            return False
        found: list[Encoded] = []
        for place in range(0, len(events), AT_ONCE):
            found += map(self._encoded, events[place : place + AT_ONCE])
            await asyncio.sleep(BREATH_SECONDS)
        if of_parents_only and not self._of_parents_only:
            # Somebody came meanwhile who wants all: it reads these by itself.
            self._floor = self._last = reached
            return True
        self._events += found
        if len(self._events) > KEPT + BATCH:
            self._floor = self._events[-KEPT - 1].seq
            del self._events[:-KEPT]
        self._last = reached
        return True

    async def _announce(self) -> None:
        """Wake those who wait for news, a few at a time, so that all of them take most of a tick."""
        if (self._last, self._pictures.version) == self._announced:
            return
        self._announced = self._last, self._pictures.version
        self._frames.clear()
        waiting, self._waiting = self._waiting, []
        at_once = -(-len(waiting) * BREATH_SECONDS // (self._tick_seconds * 0.8))
        for number, waiter in enumerate(waiting, 1):
            if not waiter.done():
                waiter.set_result(None)
            if not number % at_once:
                await asyncio.sleep(BREATH_SECONDS)

    # -- for listeners -------------------------------------------------------------------------------------------

    async def news(self, cursor: int, version: int) -> None:
        """Wait until there is something behind that event, or a later picture than that version."""
        while self._announced[0] <= cursor and self._announced[1] <= version and not self.closed:
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await waiter

    async def frame(self, cursor: int, version: int, wanted: Wanted) -> tuple[Frame, int, int]:
        """What there is behind that event and picture, and where it leads; the same frame for all at one place.

        Raises:
            EventsPrunedError: some of it is kept no longer.
        """
        place = cursor, version, wanted
        found = self._frames.get(place)
        if found is None:
            events, cursor = await self.behind(cursor, wanted)
            version, pictures = self._pictures.after(version)
            events += [each for each in pictures if wanted.takes(each)]
            found = Frame(latest(events) if wanted.latest else events), cursor, version
            self._frames[place] = found
        return found

    async def behind(self, cursor: int, wanted: Wanted) -> tuple[list[Encoded], int]:
        """Up to a batch of what is behind that event, and the number to go on from.

        Raises:
            EventsPrunedError: some of it is kept no longer.
        """
        if cursor >= self._floor:
            start = bisect_right(self._events, cursor, key=_number)
            found = self._events[start : start + BATCH]
            reached = found[-1].seq if len(found) == BATCH else max(self._last, cursor)
            return [each for each in found if wanted.takes(each)], reached
        return await self.stored(cursor, wanted)

    async def stored(self, cursor: int, wanted: Wanted) -> tuple[list[Encoded], int]:
        """As ``behind``, from the store itself.

        Raises:
            EventsPrunedError: some of it is kept no longer.
        """
        events, reached = await asyncio.to_thread(
            self._reader_of().events,
            cursor,
            EventFilter(wanted.run_id, of_parents_only=wanted.of_parents_only),
            limit=BATCH,
        )
        return [each for each in map(self._encoded, events) if wanted.takes(each)], reached

    def _encoded(self, event: Event) -> Encoded:
        return encoded(event, self._source)


class Listener:
    """One stream's place in the sequence."""

    def __init__(self, broadcast: Broadcast, cursor: int, wanted: Wanted) -> None:
        self.cursor = cursor
        self._broadcast = broadcast
        self._wanted = wanted
        self._version = broadcast.version
        self._closed = False

    def __repr__(self) -> str:
        return f"<Listener(cursor={self.cursor})>"

    async def next(self) -> Frame:
        """What came since the last call, in order, pictures last; empty only when the gateway closes.

        Raises:
            EventsPrunedError: some of it is kept no longer.
        """
        while not self._broadcast.closed:
            frame, self.cursor, self._version = await self._broadcast.frame(
                self.cursor, self._version, self._wanted
            )
            if frame.events:
                return frame
            await self._broadcast.news(self.cursor, self._version)
        return Frame([])

    def close(self) -> None:
        """Listen no more."""
        if not self._closed:
            self._closed = True
            self._broadcast.left()


def _number(event: Encoded) -> int:
    return event.seq


def _nothing() -> None:
    """There is nobody to take leave of."""
