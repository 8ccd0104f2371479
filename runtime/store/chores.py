"""Chores of the StoreActor: small transactions of their own between those of the work, one after the other.

They are deliveries to webhooks, the search index, what goes from the store, and the upkeep that somebody asks for. All
but the last are messages that the actor sends itself, so that requests come between; what fails is tried again.
"""

import logging
import sqlite3
from abc import abstractmethod
from collections.abc import Callable
from typing import TypeVar

from actors.extras import Timers
from actors.messages import (
    AnnounceEvents,
    BuildSearchIndex,
    GetHealth,
    IndexDocuments,
    MaintainStore,
    Prune,
    Refused,
    SearchIndexBuilt,
    StoreHealth,
    StoreMaintained,
)
from actors.receive import Address, TypedActor
from runtime.store.commit import Commit
from runtime.store.database import StoreError
from runtime.store.failure import StoreUnavailableError
from runtime.store.file import StoreFile
from runtime.store.pruning import PAUSE_SECONDS

logger = logging.getLogger("quaero.store")

T = TypeVar("T")

INDEX_DELAY_SECONDS = 0.2
"""After a commit that saved documents, so that a burst is indexed together."""
ANNOUNCE_DELAY_SECONDS = 0.1
"""After a commit with events, so that those of a burst are delivered by one run."""
RETRY_SECONDS = 5.0


class Chores:
    """When the next of them is due."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._announcing = False
        self._indexing = False
        self._pruning = False

    def __repr__(self) -> str:
        return f"<Chores(announcing={self._announcing}, indexing={self._indexing}, pruning={self._pruning})>"

    def begin(self) -> None:
        """The store was opened: what a runtime that died had still to index is indexed now."""
        self._indexing = True
        self._timers.start("index", INDEX_DELAY_SECONDS, IndexDocuments())

    def committed(self, done: Commit) -> None:
        """A commit left something to do."""
        if done.announceable:
            self.announce_soon()
        if done.indexable and not self._indexing:
            self._indexing = True
            self._timers.start("index", INDEX_DELAY_SECONDS, IndexDocuments())
        if done.deletions and not self._pruning:
            self._prune_in(0.0)

    def announce_soon(self) -> None:
        """There are events, and webhooks that may want them."""
        if not self._announcing:
            self._announce_in(ANNOUNCE_DELAY_SECONDS)

    def announce(self, store: StoreFile) -> list[Commit]:
        """Deliveries of some events; returns the commits it took."""
        self._announcing = False
        if not store.webhooks_behind():
            return []
        try:
            commits, done = store.announce()
        except Exception:
            logger.warning("events wait to be delivered to webhooks", exc_info=True)
            self._announce_in(RETRY_SECONDS)
            return []
        for sentence in done.found:
            logger.warning(sentence)
        if done.more:
            self._announce_in(0.0)
        return commits

    def _announce_in(self, seconds: float) -> None:
        self._announcing = True
        self._timers.start("announce", seconds, AnnounceEvents())

    def index(self, store: StoreFile) -> None:
        """One small transaction of the search index."""
        try:
            self._indexing = store.index_documents()
            if self._indexing:
                self._timers.start("index", 0.0, IndexDocuments())
        except Exception:
            logger.warning("the search index waits", exc_info=True)
            self._timers.start("index", RETRY_SECONDS, IndexDocuments())

    def prune(self, store: StoreFile, *, begin: bool) -> list[Commit]:
        """One slice of what goes; returns the commits it took."""
        if begin:
            store.pruning.begin()
        try:
            commits, more = store.pruning.slice()
        except Exception:
            logger.warning("what was deleted is not erased yet", exc_info=True)
            self._prune_in(RETRY_SECONDS)
            return []
        self._pruning = False
        if more:
            self._prune_in(PAUSE_SECONDS)
        return commits

    def _prune_in(self, seconds: float) -> None:
        self._pruning = True
        self._timers.start("prune", seconds, Prune(begin=False))


class ChoreActor(TypedActor):
    """The side of the StoreActor that does chores: it has the file, and knows whether anything can be committed."""

    dispatcher = "store"

    def __init__(self) -> None:
        super().__init__()
        self._file: StoreFile | None = None
        self._unavailable = ""  # why nothing can be committed now
        self._chores: Chores  # made with the file: an actor has no timers before its first message

    @property
    def _store(self) -> StoreFile:
        if self._file is None:
            raise StoreError("the store is not open")
        return self._file

    @abstractmethod
    def _commit(self) -> None:
        """Commit what waits."""

    @abstractmethod
    def _after(self, done: Commit, senders: list[Address]) -> None:
        """Tell everybody what became durable."""

    @abstractmethod
    def _wake(self) -> None:
        """Have a commit made soon: there may be something to lease."""

    def receiveMsg_AnnounceEvents(self, message: AnnounceEvents, sender: Address) -> None:
        """One small transaction that makes deliveries of events."""
        if self._file is not None:
            for done in self._chores.announce(self._file):
                self._after(done, [])
            self._wake()

    def receiveMsg_GetHealth(self, message: GetHealth, sender: Address) -> None:
        """Tell whether commits come about."""
        self.reply(StoreHealth(self._unavailable))

    def receiveMsg_IndexDocuments(self, message: IndexDocuments, sender: Address) -> None:
        """One small transaction of the search index."""
        if self._file is not None:
            self._chores.index(self._file)

    def receiveMsg_BuildSearchIndex(self, message: BuildSearchIndex, sender: Address) -> None:
        """One small transaction of a new search index; the old one is erased afterwards."""
        progress = self._upkeep(lambda store: store.build_index(message.number))
        if progress is not None:
            self.reply(SearchIndexBuilt(progress.number, progress.done, progress.documents))
            if progress.done:
                self._chores.begin()

    def receiveMsg_MaintainStore(self, message: MaintainStore, sender: Address) -> None:
        """Everybody waits, for as long as that takes."""
        self._commit()
        note = self._upkeep(lambda store: store.maintain(message.operation, message.part))
        if note is not None:
            self.reply(StoreMaintained(note))

    def _upkeep(self, work: Callable[[StoreFile], T]) -> T | None:
        """Do that; None if it was refused, which is told to whoever asked."""
        if self._file is None or self._unavailable:
            self.reply(Refused(f"the store can not commit now: {self._unavailable or 'it is closed'}"))
            return None
        try:
            return work(self._file)
        except (sqlite3.Error, StoreUnavailableError, ValueError) as error:
            self.reply(Refused(str(error)))
            return None

    def receiveMsg_Prune(self, message: Prune, sender: Address) -> None:
        """One small transaction of what goes from the store."""
        if self._file is not None:
            for done in self._chores.prune(self._file, begin=message.begin):
                self._after(done, [])
