"""Documents as a service looks for them, for threads and for asyncio. Read as the last commit has them."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from actors.documents import DocumentFilter
from runtime.operating import identity
from runtime.store.reading.reader import StoreReader
from runtime.store.reading.search import DEFAULT_LIMIT


class Library(ABC):
    """What the runs have saved; a ``Runtime`` is one."""

    @property
    @abstractmethod
    def reader(self) -> StoreReader:
        """Reads the store."""

    def search(
        self,
        query: str,
        *,
        tags: Sequence[str] = (),
        source_types: Sequence[str] = (),
        run_id: int | str | None = None,
        limit: int | None = DEFAULT_LIMIT,
    ) -> list[dict[str, Any]]:
        """Documents that match a query, the best first: the objects of ``quaero search --json``.

        A document is found a moment after the commit that saved it.

        Args:
            query: words, "phrases", AND, OR, NOT, (…), prefix*, ``title:``, ``tag:`` and so on; see docs/search.md.
            tags: only documents that have all of these.
            source_types: only documents of one of these.
            run_id: only what this run saved, as a number or as its text.
            limit: at most so many; None = all.

        Raises:
            SearchQueryError: the query is none; the message names the place.
            UnknownIdError: the run's text is no id.
        """
        return self.reader.search(query, _wanted(tags, source_types, run_id, limit))

    async def search_async(
        self,
        query: str,
        *,
        tags: Sequence[str] = (),
        source_types: Sequence[str] = (),
        run_id: int | str | None = None,
        limit: int | None = DEFAULT_LIMIT,
    ) -> list[dict[str, Any]]:
        """``search`` for asyncio."""
        return await asyncio.to_thread(self.reader.search, query, _wanted(tags, source_types, run_id, limit))


def _wanted(
    tags: Sequence[str], source_types: Sequence[str], run_id: int | str | None, limit: int | None
) -> DocumentFilter:
    for name, values in (("tags", tags), ("source_types", source_types)):
        if isinstance(values, str):
            raise TypeError(f"{name} is a list: write {name}=[{values!r}]")
    return DocumentFilter(
        run_id=None if run_id is None else identity(run_id),
        tags=tuple(tags),
        source_types=tuple(source_types),
        limit=-1 if limit is None else limit,
    )
