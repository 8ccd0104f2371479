"""Broadcast: the store's events for all who listen, read once and encoded once.

A listener has a cursor and no buffer of its own: it takes what is there when it can send, so one that stops reading
holds nothing up and costs nothing. The last events are kept in memory; whoever is further behind reads the store. No
retained event is skipped. Progress is not stored: of each parent the last picture is kept.
"""

import asyncio
from bisect import bisect_right
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from itertools import islice

import msgspec

from actors.job import JobKind
from actors.messages import Event
from actors.seams import Clock
from runtime.events.cloud_events import Encoded, Progress, encoded, encoded_progress
from runtime.events.hub import EventHub
from runtime.refusal import RuntimeStateError
from runtime.store.reading.reader import StoreReader
from runtime.store.reading.records import EventFilter

KEPT = 20_000
"""Encoded events in memory."""

BATCH = 1000
"""Events of one batch at most."""

PROGRESS_SECONDS = 0.25
"""Between two pictures of one parent at least; the last one is always sent."""


class Wanted(msgspec.Struct, frozen=True):
    """What a listener wants. ``latest``: of each job and type only the last, when several wait."""

    run_id: int | None = None
    types: frozenset[str] = frozenset()  # none = all
    latest: bool = False
    of_parents_only: bool = False  # nothing of single jobs

    def takes(self, event: Encoded) -> bool:
        """Whether it wants that one."""
        return (
            (self.run_id is None or event.run_id == self.run_id)
            and (not self.types or event.type in self.types)
            and not (self.of_parents_only and event.of_job)
        )


class Broadcast:
    """One per gateway. It reads while somebody listens."""

    def __init__(
        self, reader_of: Callable[[], StoreReader], hub: EventHub, clock: Clock, source: str
    ) -> None:
        self._reader_of = reader_of
        self._hub = hub
        self._clock = clock
        self._source = source
        self._events: deque[Encoded] = deque()
        self._floor = 0  # every later event up to ``_last`` is in memory, but for those that nobody wanted
        self._of_parents_only = False  # nobody wants those of single jobs, which are many
        self._last = 0
        self._progress: dict[int, tuple[int, Encoded]] = {}  # by parent: version, picture
        self._version = 0
        self._news = asyncio.Event()
        self._bell = asyncio.Event()
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
        self._news, self._bell = asyncio.Event(), asyncio.Event()
        self._events.clear()
        self._of_parents_only = wanted.of_parents_only
        self._last = self._floor = await asyncio.to_thread(self._reader_of().last_event)
        self._version, _ = self._hub.pictures_after(self._version)
        self._leave = self._hub.on_commit(lambda: loop.call_soon_threadsafe(self._bell.set))
        self._bell.set()

    def _end(self) -> None:
        self.closed = True
        self._leave()
        self._leave = _nothing
        self._news.set()

    async def _read(self) -> None:
        """Take what is committed, until nobody listens or the runtime is closed."""
        try:
            while True:
                await self._bell.wait()
                self._bell.clear()
                while await self._take():
                    pass
                # Pictures come with every commit; bars that move four times a second are enough.
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._bell.wait(), PROGRESS_SECONDS)
                await self._take_pictures()
        except RuntimeStateError:
            self._end()

    async def _take(self) -> bool:
        of_parents_only = self._of_parents_only
        found, reached = await asyncio.to_thread(self._encode, self._last, of_parents_only)
        if reached == self._last:
            return False
        if of_parents_only and not self._of_parents_only:
            self._floor = self._last = (
                reached  # somebody came meanwhile who wants all: it reads these by itself
            )
            self._announce()
            return True
        self._events.extend(found)
        while len(self._events) > KEPT:
            self._floor = self._events.popleft().seq
        self._last = reached
        self._announce()
        return True

    def _encode(self, after: int, of_parents_only: bool) -> tuple[list[Encoded], int]:
        wanted = EventFilter(of_parents_only=of_parents_only)
        found, reached = self._reader_of().events(after, wanted, limit=BATCH)
        return [encoded(event, self._source) for event in found], reached

    async def _take_pictures(self) -> None:
        version, pictures = self._hub.pictures_after(self._version)
        if not pictures:
            return
        steps = [picture for _, picture in pictures if picture.id != picture.run_id]
        runs = await asyncio.to_thread(self._run_progress, {picture.run_id for _, picture in pictures})
        progress = [
            Progress(step.id, step.run_id, step.state, step.counts, step.named and not step.counts.open)
            for step in steps
        ]
        now = self._clock.wall_ms()
        for each in (*progress, *runs):
            self._progress.pop(each.job_id, None)
            self._progress[each.job_id] = version, encoded_progress(each, self._source, now)
        while len(self._progress) > KEPT:
            del self._progress[next(iter(self._progress))]
        self._version = version
        self._announce()

    def _run_progress(self, run_ids: set[int]) -> list[Progress]:
        """A run's own picture counts its steps; people want the jobs below them."""
        reader = self._reader_of()
        found: list[Progress] = []
        for run_id in run_ids:
            state = reader.run_state(run_id)
            if state is not None:
                counts = reader.counts(run_id, JobKind.RUN)
                found.append(Progress(run_id, run_id, state, counts, state.terminal))
        return found

    def _announce(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    # -- for listeners -------------------------------------------------------------------------------------------

    async def news(self, cursor: int, version: int) -> None:
        """Wait until there is something behind that event, or a later picture than that version."""
        while self._last <= cursor and self._version <= version and not self.closed:
            await self._news.wait()

    def pictures(self, version: int) -> tuple[int, list[Encoded]]:
        """The pictures later than that version, and the version they lead to."""
        if version >= self._version:
            return version, []
        return self._version, [each for number, each in self._progress.values() if number > version]

    async def behind(self, cursor: int, wanted: Wanted) -> tuple[list[Encoded], int]:
        """Up to a batch of what is behind that event, and the number to go on from.

        Raises:
            EventsPrunedError: some of it is kept no longer.
        """
        if cursor >= self._floor:
            start = bisect_right(self._events, cursor, key=_number)
            found = list(islice(self._events, start, start + BATCH))
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
        self._version, _ = broadcast.pictures(-1)
        self._closed = False

    def __repr__(self) -> str:
        return f"<Listener(cursor={self.cursor})>"

    async def next(self) -> list[Encoded]:
        """What came since the last call, in order, pictures last; empty only when the gateway closes.

        Raises:
            EventsPrunedError: some of it is kept no longer.
        """
        while not self._broadcast.closed:
            found, self.cursor = await self._broadcast.behind(self.cursor, self._wanted)
            self._version, pictures = self._broadcast.pictures(self._version)
            found += [each for each in pictures if self._wanted.takes(each)]
            if found:
                return latest(found) if self._wanted.latest else found
            await self._broadcast.news(self.cursor, self._version)
        return []

    def close(self) -> None:
        """Listen no more."""
        if not self._closed:
            self._closed = True
            self._broadcast.left()


def latest(events: list[Encoded]) -> list[Encoded]:
    """Of each type and job the last, in the order of those. Pure."""
    last = {(each.type, each.job_id): each for each in events}
    chosen = {id(each) for each in last.values()}
    return [each for each in events if id(each) in chosen]


def _number(event: Encoded) -> int:
    return event.seq


def _nothing() -> None:
    """There is nobody to take leave of."""
