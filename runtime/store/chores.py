"""Chores of the StoreActor: small transactions of their own between those of the work, one after the other.

They are the search index and what goes from the store. Each is a message that the actor sends itself, so that requests
come between; what fails is tried again.
"""

import logging

from actors.extras import Timers
from actors.messages import IndexDocuments, Prune
from runtime.store.commit import Commit
from runtime.store.file import StoreFile
from runtime.store.pruning import PAUSE_SECONDS

logger = logging.getLogger("quaero.store")

INDEX_DELAY_SECONDS = 0.2
"""After a commit that saved documents, so that a burst is indexed together."""
RETRY_SECONDS = 5.0


class Chores:
    """When the next of them is due."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._indexing = False
        self._pruning = False

    def __repr__(self) -> str:
        return f"<Chores(indexing={self._indexing}, pruning={self._pruning})>"

    def begin(self) -> None:
        """The store was opened: what a runtime that died had still to index is indexed now."""
        self._indexing = True
        self._timers.start("index", INDEX_DELAY_SECONDS, IndexDocuments())

    def committed(self, done: Commit) -> None:
        """A commit left something to do."""
        if done.indexable and not self._indexing:
            self._indexing = True
            self._timers.start("index", INDEX_DELAY_SECONDS, IndexDocuments())
        if done.deletions and not self._pruning:
            self._prune_in(0.0)

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
