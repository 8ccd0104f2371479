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
import logging
from bisect import bisect_right
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import islice

from actors.messages import Event
from actors.seams import Clock
from runtime.events.cloud_events import Encoded, encoded
from runtime.events.hub import EventHub
from runtime.gateway.frame import Frame, Wanted, latest
from runtime.gateway.listener import Listener
from runtime.gateway.pictures import BREATH_SECONDS, Pictures
from runtime.refusal import RuntimeStateError
from runtime.store.reading.reader import StoreReader
from runtime.store.reading.records import EventFilter

logger = logging.getLogger("quaero.gateway")

KEPT = 20_000
"""Encoded events in memory."""

BATCH = 1000
"""Events of one batch at most."""

TICK_SECONDS = 0.02
LONGEST_TICK_SECONDS = 0.25
TICK_SECONDS_EACH = 0.0025
"""Between two frames: so long for each listener, within these bounds."""

SHARE = 0.9
"""Of a tick: in so much of it all listeners are woken, one after the other."""

AT_ONCE = 32
"""Events encoded between two rests."""

PROGRESS_SECONDS = 0.25
"""Between two pictures of one parent at least; the last one is always sent."""


class Broadcast:
    """One per gateway. It reads while somebody listens."""

    def __init__(
        self,
        reader_of: Callable[[], StoreReader],
        hub: EventHub,
        clock: Clock,
        source: str,
        pictures: type[Pictures] = Pictures,
    ) -> None:
        self._reader_of = reader_of
        self._hub = hub
        self._source = source
        self._events: list[Encoded] = []
        self._floor = 0  # every later event up to ``_last`` is in memory, but for those that nobody wanted
        self._of_parents_only = False  # nobody wants those of single jobs, which are many
        self._last = 0
        self._pictures = pictures(reader_of, hub, clock, source)
        self._announced = (0, 0)  # what listeners were told to look at
        self._frames: dict[tuple[int, int, Wanted], tuple[Frame, int, int]] = {}  # of this tick, by place
        self._waiting: list[asyncio.Future[None]] = []  # listeners that have seen all there is
        self._turns: list[asyncio.Future[None]] = []  # those that are woken in this tick
        self._bell = asyncio.Event()
        self._rung = False
        self._task: asyncio.Task[None] | None = None
        self._beginning: asyncio.Event | None = None  # set when the first listener knows where to begin
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

    async def listen(self, cursor: int, wanted: Wanted) -> Listener:
        """Listen from behind that event on; ``Listener.close`` ends it."""
        self.listeners += 1
        try:
            while self._beginning is not None:
                await self._beginning.wait()
            if self._task is None or self._task.done():
                self._beginning = begun = asyncio.Event()
                try:
                    await self._begin(wanted)
                finally:
                    self._beginning = None
                    begun.set()
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
        self._bell.set()  # for what came since it was asked for the last event
        self._task = asyncio.create_task(self._read(), name="quaero-broadcast")

    def _end(self) -> None:
        self.closed = True
        self._leave()
        self._leave = _nothing
        for waiter in self._turns + self._waiting:
            _wake(waiter)
        self._turns, self._waiting = [], []

    async def _read(self) -> None:
        """Take what is committed, until nobody listens or the runtime is closed."""
        loop, pictured = asyncio.get_running_loop(), 0.0
        try:
            while True:
                await self._bell.wait()
                self._bell.clear()
                self._rung = False
                begun = loop.time()
                # No further than what there is now: with jobs that come steadily there is always something more.
                until = await self._take()
                while self._last < until:
                    await self._take()
                # Pictures come with every commit; bars that move four times a second are enough.
                if (left := pictured + PROGRESS_SECONDS - loop.time()) <= 0:
                    await self._pictures.take()
                    pictured = loop.time()
                else:
                    loop.call_later(left, self._bell.set)
                self._announce()
                await asyncio.sleep(max(begun + self.tick_seconds - loop.time(), BREATH_SECONDS))
        except Exception as error:
            if not isinstance(error, RuntimeStateError):
                logger.exception("events can not be read; those who listen have to come back")
            self._end()

    @property
    def version(self) -> int:
        """Of the last picture there is."""
        return self._pictures.version

    @property
    def tick_seconds(self) -> float:
        """Between two frames of a listener, as many as there are."""
        return min(max(TICK_SECONDS, self.listeners * TICK_SECONDS_EACH), LONGEST_TICK_SECONDS)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        """A commit; called by the thread of the actors, which wakes the loop once for all of a tick."""
        if not self._rung:
            self._rung = True
            loop.call_soon_threadsafe(self._bell.set)

    async def _take(self) -> int:
        """Up to about a batch of what is behind the last event; returns the number of the last one there is."""
        of_parents_only, after = self._of_parents_only, self._last
        batches, last = await asyncio.to_thread(self._reader_of().batches, after, limit=BATCH)
        found: list[Encoded] = []
        stored = (event for each in batches for event in each.events(of_parents_only=of_parents_only))
        events = (event for event in stored if event.seq > after)
        while some := [self._encoded(each) for each in islice(events, AT_ONCE)]:
            found += some
            await asyncio.sleep(BREATH_SECONDS)
        self._pictures.committed(batches)
        if batches:
            self._last = batches[-1].last_seq
        if of_parents_only and not self._of_parents_only:
            self._floor = self._last  # somebody came meanwhile who wants all: it reads these by itself
            return last
        self._events += found
        if len(self._events) > KEPT + BATCH:
            self._floor = self._events[-KEPT - 1].seq
            del self._events[:-KEPT]
        return last

    def _announce(self) -> None:
        """Wake those who wait for news one after the other, so that all of them take a tick."""
        if (self._last, self._pictures.version) == self._announced:
            return
        self._announced = self._last, self._pictures.version
        self._frames.clear()
        self._turns, self._waiting = self._waiting, []
        loop = asyncio.get_running_loop()
        now, apart = loop.time(), SHARE * self.tick_seconds / max(len(self._turns), 1)
        for number, waiter in enumerate(self._turns):
            loop.call_at(now + number * apart, _wake, waiter)

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


def _number(event: Encoded) -> int:
    return event.seq


def _wake(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _nothing() -> None:
    """There is nobody to take leave of."""
