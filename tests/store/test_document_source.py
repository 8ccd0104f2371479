"""Stored documents as managers and workers read them: pages with a cursor, whole documents, from many threads."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from actors.documents import CursorError, DocumentFilter, DocumentPage, DocumentSpec, StoredDocument
from runtime.store.database import StoreError
from runtime.store.reading.document_source import CONNECTIONS, StoredDocuments
from tests.store.driver import StoreDriver, spec

ANY = DocumentFilter()


@pytest.fixture
def source(store: StoreDriver) -> Iterator[StoredDocuments]:
    documents = StoredDocuments(store.path)
    yield documents
    documents.close()


def save(store: StoreDriver, *names: str, source_type: str = "web", tags: tuple[str, ...] = ()) -> int:
    """A run that saves documents of these names; its id."""
    run_id = store.run_with(spec())
    (job,) = store.lease()
    documents = tuple(
        DocumentSpec(source_type, name, f"http://x/{name}", name.upper(), f"body {name}", tags, {"n": name})
        for name in names
    )
    store.settle(store.attempt(job, documents=documents))
    return run_id


def names(page: DocumentPage) -> list[str]:
    return [each.source_id for each in page.documents]


def every(source: StoredDocuments, wanted: DocumentFilter, limit: int) -> list[list[str]]:
    """All pages."""
    page = source.find(wanted, limit=limit)
    pages = [names(page)]
    while page.next_cursor is not None:
        page = source.find(wanted, page.next_cursor, limit=limit)
        pages.append(names(page))
    return pages


def test_a_document_is_read_whole(store: StoreDriver, source: StoredDocuments) -> None:
    save(store, "a", tags=("red", "round"))
    (brief,) = source.find(ANY).documents
    now = store.clock.wall_ms()
    assert source.read(brief.id) == StoredDocument(
        brief.id, "web", "a", "http://x/a", "A", ("red", "round"), "", now, now, "body a", {"n": "a"}
    )
    assert source.read(brief.id + 1) is None


def test_pages_follow_each_other_without_loss_or_repeat(store: StoreDriver, source: StoredDocuments) -> None:
    save(store, *"abcdefg")
    assert every(source, ANY, 3) == [["a", "b", "c"], ["d", "e", "f"], ["g"]]
    assert every(source, ANY, 7) == [[*"abcdefg"]]
    assert every(source, DocumentFilter(source_types=("mail",)), 3) == [[]]


def test_the_filters_limit_counts_over_all_pages(store: StoreDriver, source: StoredDocuments) -> None:
    save(store, *"abcdefg")
    assert every(source, DocumentFilter(limit=5), 2) == [["a", "b"], ["c", "d"], ["e"]]
    assert every(source, DocumentFilter(limit=4), 2) == [["a", "b"], ["c", "d"]]


def test_what_is_saved_after_the_first_page_is_on_none(store: StoreDriver, source: StoredDocuments) -> None:
    save(store, *"abc")
    first = source.find(ANY, limit=2)
    save(store, *"de")
    assert names(source.find(ANY, first.next_cursor, limit=2)) == ["c"]


def test_a_cursor_keeps_the_filter_it_began_with(store: StoreDriver, source: StoredDocuments) -> None:
    save(store, "a", "b", tags=("red",))
    save(store, "c", "d")
    first = source.find(DocumentFilter(tags=("red",)), limit=1)
    assert names(source.find(ANY, first.next_cursor, limit=10)) == ["b"]


def test_documents_are_found_by_what_the_filter_says(store: StoreDriver, source: StoredDocuments) -> None:
    first = save(store, "a", "b", tags=("red", "round"))
    store.clock.advance(10.0)
    between = store.clock.wall_ms() - 1
    save(store, "a", source_type="mail", tags=("red",))
    save(store, "b", tags=("red", "round"))

    def found(**wanted: object) -> list[str]:
        return names(source.find(DocumentFilter(**wanted)))  # type: ignore[arg-type]

    assert found(run_id=first) == ["a", "b"]
    assert found(source_types=("mail", "places")) == ["a"]
    assert found(tags=("red", "round")) == ["a", "b"]
    assert found(tags=("red", "round"), created_after=between) == []
    assert found(created_after=between) == ["a"]
    assert found(updated_after=between) == ["b", "a"]  # saved anew


@pytest.mark.parametrize("cursor", ["x", "[]", "[1,2,3]", '{"a":1}', "\ud800"])
def test_what_is_no_cursor_is_refused(source: StoredDocuments, cursor: str) -> None:
    with pytest.raises(CursorError, match="take it from the page before"):
        source.find(ANY, cursor)


def test_more_threads_than_connections_take_turns(store: StoreDriver, source: StoredDocuments) -> None:
    save(store, *(str(number) for number in range(50)))
    ids = [each.id for each in source.find(ANY).documents]
    with ThreadPoolExecutor(4 * CONNECTIONS) as pool:
        found = list(pool.map(source.read, ids * 10))
    assert [each.id for each in found if each is not None] == ids * 10


def test_coroutines_read_too(store: StoreDriver, source: StoredDocuments) -> None:
    save(store, "a")

    async def read() -> str:
        page = await source.find_async(ANY)
        document = await source.read_async(page.documents[0].id)
        assert document is not None
        return document.body

    assert asyncio.run(read()) == "body a"


def test_a_closed_source_is_refused(source: StoredDocuments) -> None:
    source.find(ANY)
    source.close()
    with pytest.raises(StoreError, match="closed"):
        source.find(ANY)
