"""Pictures: how far runs and steps are, for all who listen. Not stored: of each parent the last is kept, by version."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable

from actors.seams import Clock
from runtime.events.cloud_events import Encoded, Progress, encoded_progress
from runtime.events.hub import EventHub
from runtime.store.events import StoredBatch
from runtime.store.reading.jobs import StoredProgress
from runtime.store.reading.reader import StoreReader

KEPT = 20_000
"""Pictures in memory; the oldest goes first."""

AT_ONCE = 10
"""Of them made between two rests."""

BREATH_SECONDS = 0.001
"""The loop's thread rests that long between two pieces of what a tick costs."""


class Pictures:
    """Taken from the hub, written out once."""

    def __init__(
        self, reader_of: Callable[[], StoreReader], hub: EventHub, clock: Clock, source: str
    ) -> None:
        self._reader_of = reader_of
        self._hub = hub
        self._clock = clock
        self._source = source
        self._progress: OrderedDict[int, tuple[int, Encoded]] = OrderedDict()  # by parent; the oldest first
        self.version = 0

    def __repr__(self) -> str:
        return f"<Pictures(kept={len(self._progress)}, version={self.version})>"

    def skip(self) -> None:
        """Those there are now are nobody's news."""
        self.version, _ = self._hub.pictures_after(self.version)

    def committed(self, batches: list[StoredBatch]) -> None:
        """These commits were read."""

    async def take(self) -> None:
        """Those that came since the last time.

        Raises:
            RuntimeStateError: the runtime is closed.
        """
        version, progress = await self._moved()
        now = self._clock.wall_ms()
        for number, each in enumerate(progress, 1):
            self._progress[each.job_id] = version, encoded_progress(each, self._source, now)
            self._progress.move_to_end(each.job_id)
            if not number % AT_ONCE:
                await asyncio.sleep(BREATH_SECONDS)
        while len(self._progress) > KEPT:
            self._progress.popitem(last=False)
        self.version = version

    async def _moved(self) -> tuple[int, list[Progress]]:
        version, pictures = self._hub.pictures_after(self.version)
        runs = list({picture.run_id for _, picture in pictures})
        progress = [
            Progress(each.id, each.run_id, each.state, each.counts, each.named and not each.counts.open)
            for _, each in pictures
            if each.id != each.run_id
        ]
        if runs:
            found = await asyncio.to_thread(self._reader_of().run_counts, runs)
            # A run's own picture counts its steps; people want the jobs below them.
            progress += [Progress(run, run, state, counts, state.terminal) for run, state, counts in found]
        return version, progress

    def after(self, version: int) -> tuple[int, list[Encoded]]:
        """The pictures later than that version, and the version they lead to."""
        found: list[Encoded] = []
        if version < self.version:
            for number, each in reversed(self._progress.values()):
                if number <= version:
                    break
                if number <= self.version:
                    found.append(each)
        return self.version, found[::-1]


class StoredPictures(Pictures):
    """For a process that has no orchestrators: those of the runs of which commits tell, as the rows have them."""

    def __init__(
        self, reader_of: Callable[[], StoreReader], hub: EventHub, clock: Clock, source: str
    ) -> None:
        super().__init__(reader_of, hub, clock, source)
        self._runs: set[int] = set()  # of which something was told since the last time
        self._seen: OrderedDict[int, StoredProgress] = OrderedDict()

    def skip(self) -> None:
        """Nothing is kept of what nobody was there to see."""
        self._runs.clear()

    def committed(self, batches: list[StoredBatch]) -> None:
        """Their runs may have moved."""
        for each in batches:
            self._runs |= each.run_ids

    async def _moved(self) -> tuple[int, list[Progress]]:
        runs, self._runs = list(self._runs - {0}), set()
        if not runs:
            return self.version, []
        found = await asyncio.to_thread(self._reader_of().progress, runs)
        moved = [each for each in found if self._seen.get(each.id) != each]
        for each in moved:
            self._seen[each.id] = each
        while len(self._seen) > KEPT:
            self._seen.popitem(last=False)
        return self.version + bool(moved), [
            Progress(
                each.id,
                each.run_id,
                each.state,
                each.counts,
                each.state.terminal if each.id == each.run_id else each.named and not each.counts.open,
            )
            for each in moved
        ]
