"""What keeps a store in shape, as the workers that ask for it see it: maintenance, and the search index made anew.

What is behind ``StoreUpkeep`` is handed over by the composition root; nothing here knows a store. Whatever changes the
store goes to its owner as a message, between the requests of all others: they wait that long and none is refused.
"""

from enum import StrEnum
from typing import Protocol

import msgspec


class UpkeepError(Exception):
    """The operation could not be done now; the message says why. It may be asked for again."""


class BackupExistsError(Exception):
    """There is a file in the place of the backup: it was left as it is."""


class Operation(StrEnum):
    """What can be done to a store as a whole."""

    VACUUM = "vacuum"  # write it anew without the free pages
    ANALYZE = "analyze"  # renew the statistics that queries of documents, logs and events are planned by
    REINDEX = "reindex"  # write the indexes of the tables anew
    OPTIMIZE = "optimize"  # analyse what SQLite thinks is in need of it
    INTEGRITY_CHECK = "integrity_check"  # read all of it and find damage
    BACKUP = "backup"  # a whole copy, as of one moment
    CHECKPOINT = "checkpoint"  # bring the log into the file and cut it off


class StoreSize(msgspec.Struct, frozen=True):
    """How large a store is."""

    file_bytes: int
    log_bytes: int
    page_bytes: int  # of one page
    pages: int
    free_pages: int


class SearchBuild(msgspec.Struct, frozen=True):
    """How far a new search index is. ``number`` names it, None = it could not begin yet: ask again."""

    number: int | None
    done: bool
    documents: int  # that this call has indexed


class SearchDifferences(msgspec.Struct, frozen=True):
    """The ids of those among some documents that are not searched as they are."""

    documents: int  # that were looked at
    missing: tuple[int, ...]  # not in the index
    stale: tuple[int, ...]  # in it with another text
    orphaned: tuple[int, ...]  # in the index, and no document
    after: int | None  # ask for the next ones with it; None = these were the last


class StoreUpkeep(Protocol):
    """Blocks until it is done; from any thread but the loop's."""

    def size(self) -> StoreSize:
        """How large the store is now.

        Raises:
            UpkeepError: it can not be read now.
        """
        ...

    def parts(self, operation: Operation) -> tuple[str, ...]:
        """What the operation is done to, one after the other: tables, indexes, or the whole store ("").

        Raises:
            UpkeepError: the store can not be read now.
        """
        ...

    def maintain(self, operation: Operation, part: str) -> str:
        """Do a part of an operation that changes the store; returns what there is to tell of it, "" = nothing.

        Raises:
            UpkeepError: it was not done.
        """
        ...

    def find_damage(self) -> tuple[str, ...]:
        """Read the whole store; returns what is damaged, in words.

        Raises:
            UpkeepError: it could not be read.
        """
        ...

    def back_up(self, path: str, job_id: int) -> tuple[str, int]:
        """Write a copy of the store as of one moment; on disk when this returns. Never over a file.

        A copy that an earlier attempt of the same job has finished is found again, and counts.

        Args:
            path: the file; a directory, or what ends in a slash, gets one named by the time; "" = a directory beside
                the store. A relative one begins at the store's directory.
            job_id: the job that asks.

        Returns:
            The file and its size in bytes.

        Raises:
            BackupExistsError: there is such a file.
            UpkeepError: it could not be written.
        """
        ...

    def build_search(self, number: int | None) -> SearchBuild:
        """A slice of a new search index.

        Args:
            number: as the last answer said; None = begin one, or join the one under way.

        Raises:
            UpkeepError: it was not done.
        """
        ...

    def compare_search(self, after: int) -> SearchDifferences:
        """Compare the documents with ids above ``after`` with the search index, as many as a slice takes.

        Raises:
            UpkeepError: they could not be read.
        """
        ...
