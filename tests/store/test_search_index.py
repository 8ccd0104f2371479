"""The search index follows the documents whatever is done to them, and is made anew while searches go on."""

import sqlite3
from collections.abc import Iterator

import pytest

from actors.documents import DocumentFilter, DocumentSpec
from runtime.store.reading.differences import Differences, compare_some
from runtime.store.reading.reader import StoreReader
from runtime.store.verbs import index, rebuild
from runtime.store.verbs.rebuild import BuildProgress
from tests.store.driver import StoreDriver, spec

ANY = DocumentFilter(limit=1000)


@pytest.fixture
def reader(store: StoreDriver) -> Iterator[StoreReader]:
    opened = StoreReader(store.path)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (index, rebuild):
        monkeypatch.setattr(module, "SLICE", 4)


def save(store: StoreDriver, *names: str, body: str = "word", **options: object) -> None:
    store.run_with(spec())
    (job,) = store.lease()
    documents = tuple(
        DocumentSpec("web", name, f"http://x/{name}", f"title {name}", body, **options)  # type: ignore[arg-type]
        for name in names
    )
    store.settle(store.attempt(job, documents=documents))


def index_all(store: StoreDriver) -> None:
    while store.file.index_documents():
        pass


def build_all(store: StoreDriver) -> list[BuildProgress]:
    """A whole build, slice by slice."""
    slices = [store.file.build_index(None)]
    while not slices[-1].done:
        slices.append(store.file.build_index(slices[-1].number))
    return slices


def found(reader: StoreReader, query: str) -> list[str]:
    return sorted(each["url"].removeprefix("http://x/") for each in reader.search(query, ANY))


def check(store: StoreDriver) -> None:
    """FTS5's own comparison of the index in use with the documents' text; it raises if they differ."""
    store.file.connection.execute(
        "INSERT INTO document_search (document_search, rank) VALUES ('integrity-check', 1)"
    )


def differences(reader: StoreReader) -> Differences:
    with reader.snapshot() as connection:
        whole = compare_some(connection, 0)
        assert whole.after is None
        return whole


def sql(store: StoreDriver, text: str) -> None:
    store.file.connection.execute(text)


def test_rows_changed_and_deleted_by_hand_leave_no_old_terms(store: StoreDriver, reader: StoreReader) -> None:
    """The reference's trap: plain updates and deletes, and a row that gets the number of a deleted one."""
    save(store, "a", body="whales")
    save(store, "b", body="birds")
    index_all(store)
    sql(store, "UPDATE document SET body = 'fish' WHERE source_id = 'a'")
    index_all(store)
    assert (found(reader, "whales"), found(reader, "fish")) == ([], ["a"])
    number = store.value("SELECT id FROM document WHERE source_id = 'b'")
    sql(store, "DELETE FROM document WHERE source_id = 'b'")
    columns = "(id, source_type, source_id, url, title, tags, created_at, updated_at, metadata, body)"
    values = f"({number}, 'web', 'c', 'http://x/c', 't', '[]', 1, 1, '{{}}', 'stones')"
    sql(store, f"INSERT INTO document {columns} VALUES {values}")
    index_all(store)
    assert (found(reader, "birds"), found(reader, "stones")) == ([], ["c"])
    check(store)


def test_a_deleted_document_is_found_no_more_even_before_the_index_comes_round(
    store: StoreDriver, reader: StoreReader
) -> None:
    save(store, "a", "b")
    index_all(store)
    sql(store, "DELETE FROM document WHERE source_id = 'b'")
    assert found(reader, "word") == ["a"]
    index_all(store)
    check(store)
    assert differences(reader) == Differences(1, (), (), (), None)


def test_documents_are_found_after_vacuum(store: StoreDriver, reader: StoreReader) -> None:
    save(store, "a", "b", "c")
    index_all(store)
    sql(store, "DELETE FROM document WHERE source_id = 'a'")
    index_all(store)
    sql(store, "VACUUM")
    assert found(reader, "title:c") == ["c"]
    check(store)


def test_tags_and_urls_are_searched_by_field_and_follow_changes(
    store: StoreDriver, reader: StoreReader
) -> None:
    save(store, "a", tags=("red", "docs-v2"))
    index_all(store)
    assert found(reader, "tag:docs-v2") == found(reader, "tag:red url:x") == ["a"]
    save(store, "a", tags=("blue",))
    index_all(store)
    assert (found(reader, "tag:red"), found(reader, "tag:blue")) == ([], ["a"])
    check(store)


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        ("<!DOCTYPE html><p>whales", ""),
        (" \n<HTML><p>whales", ""),
        ("<p>whales", "text/html"),
        ("<p>whales", "application/xhtml+xml"),
    ],
)
def test_of_html_everything_but_the_body_is_searched(
    store: StoreDriver, reader: StoreReader, body: str, media_type: str
) -> None:
    save(store, "a", body=body, media_type=media_type)
    index_all(store)
    assert (found(reader, "whales"), found(reader, "title:a")) == ([], ["a"])
    save(store, "a", body="whales")
    index_all(store)
    assert found(reader, "whales") == ["a"]
    save(store, "a", body=body, media_type=media_type)
    index_all(store)
    assert found(reader, "whales") == []
    check(store)


def test_a_large_document_is_a_slice_by_itself(
    store: StoreDriver, reader: StoreReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "SLICE_CHARACTERS", 100)
    save(store, "a", "b", "c", body="word " * 50)
    assert [store.file.index_documents() for _ in range(3)] == [True, True, False]
    assert found(reader, "word") == ["a", "b", "c"]


def test_a_build_finds_every_document_and_leaves_nothing_of_the_old_index(
    store: StoreDriver, reader: StoreReader
) -> None:
    names = [f"n{number:02}" for number in range(10)]
    save(store, *names)
    index_all(store)
    slices = build_all(store)
    assert [each.documents for each in slices] == [0, 4, 4, 2]
    assert found(reader, "word") == names
    check(store)
    index_all(store)
    tables = store.rows("SELECT name FROM sqlite_schema WHERE name LIKE 'document_search%'")
    assert {name for (name,) in tables} == {
        "document_search",
        *(f"document_search_{part}" for part in ("data", "idx", "docsize", "config")),
    }
    check(store)


def test_searches_are_answered_at_every_point_of_a_build(store: StoreDriver, reader: StoreReader) -> None:
    names = [f"n{number:02}" for number in range(10)]
    save(store, *names)
    index_all(store)
    progress = store.file.build_index(None)
    while not progress.done:
        assert found(reader, "word") == names
        progress = store.file.build_index(progress.number)
    assert found(reader, "word") == names
    while store.file.index_documents():
        assert found(reader, "word") == names


def test_what_happens_during_a_build_is_in_the_new_index(store: StoreDriver, reader: StoreReader) -> None:
    """Documents on both sides of the place the build has reached are changed, deleted, made; followed at any time."""
    for follow_at_once in (True, False):
        prefix = "x" if follow_at_once else "y"
        names = [f"{prefix}{number}" for number in range(12)]
        save(store, *names)
        index_all(store)
        progress = store.file.build_index(None)
        progress = store.file.build_index(progress.number)  # four of them are in
        save(store, names[0], names[8], body="changed")
        sql(store, f"DELETE FROM document WHERE source_id IN ('{names[1]}', '{names[9]}', '{names[11]}')")
        save(store, f"{prefix}new")
        if follow_at_once:
            index_all(store)
        progress = store.file.build_index(progress.number)
        save(store, names[2], names[10], body="changed")
        while not progress.done:
            progress = store.file.build_index(progress.number)
        index_all(store)
        check(store)
        changed = [names[0], names[2], names[8], names[10]]
        assert [each for each in found(reader, "changed") if each.startswith(prefix)] == sorted(changed)
        left = set(names) - {names[1], names[9], names[11], *changed} | {f"{prefix}new"}
        assert {each for each in found(reader, "word") if each.startswith(prefix)} == left
        whole = differences(reader)
        assert (whole.missing, whole.stale, whole.orphaned) == ((), (), ())


def test_a_second_build_joins_the_first_and_a_finished_one_stays_finished(store: StoreDriver) -> None:
    save(store, *(str(number) for number in range(6)))
    index_all(store)
    first = store.file.build_index(None)
    second = store.file.build_index(None)
    assert second.number == first.number
    assert second.documents == 4
    done = store.file.build_index(first.number)
    assert done.done
    assert store.file.build_index(first.number) == BuildProgress(first.number, done=True, documents=0)


def test_a_build_goes_on_after_its_runtime_died(store: StoreDriver, reader: StoreReader) -> None:
    save(store, *(str(number) for number in range(6)))
    index_all(store)
    first = store.file.build_index(None)
    store.file.build_index(first.number)
    store.die()
    again = StoreDriver(store.path, store.clock)
    store.file, store.oracle = again.file, again.oracle
    assert again.file.build_index(None) == BuildProgress(first.number, done=True, documents=2)
    assert len(found(reader, "word")) == 6
    check(again)


def test_damage_is_found_and_mended_by_a_build(store: StoreDriver, reader: StoreReader) -> None:
    save(store, *"abcdef")
    index_all(store)
    ids = dict(store.rows("SELECT source_id, id FROM document"))
    sql(store, "DROP TRIGGER document_changed")
    sql(store, "DROP TRIGGER document_gone")
    sql(store, "UPDATE document SET body = 'unheard' WHERE source_id = 'a'")
    sql(store, "DELETE FROM document WHERE source_id = 'b'")
    columns = "document_search, rowid, title, body, url, tags"
    values = f"'delete', {ids['c']}, 'title c', 'word', 'http://x/c', '[]'"
    sql(store, f"INSERT INTO document_search ({columns}) VALUES ({values})")
    save(store, "g")  # waits in the queue: no difference
    expected = Differences(6, (ids["c"],), (ids["a"],), (ids["b"],), None)
    assert differences(reader) == expected
    assert differences(reader) == expected
    with pytest.raises(sqlite3.DatabaseError):
        check(store)
    build_all(store)
    index_all(store)
    check(store)
    assert differences(reader) == Differences(6, (), (), (), None)
    assert found(reader, "unheard") == ["a"]


def test_an_index_that_was_emptied_is_missing_everything(store: StoreDriver, reader: StoreReader) -> None:
    save(store, *"abc")
    index_all(store)
    sql(store, "INSERT INTO document_search (document_search) VALUES ('delete-all')")
    assert len(differences(reader).missing) == 3
    build_all(store)
    assert found(reader, "word") == ["a", "b", "c"]


def test_differences_are_looked_for_in_slices(
    store: StoreDriver, reader: StoreReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    from runtime.store.reading import differences as module

    monkeypatch.setattr(module, "SLICE", 2)
    save(store, *"abcde")
    index_all(store)
    sql(store, "INSERT INTO document_search (document_search) VALUES ('delete-all')")
    seen: list[int] = []
    missing: list[int] = []
    after = 0
    while True:
        with reader.snapshot() as connection:
            part = compare_some(connection, after)
        seen.append(part.documents)
        missing += part.missing
        if part.after is None:
            break
        after = part.after
    assert (seen, len(missing)) == ([2, 2, 1], 5)
