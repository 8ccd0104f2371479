"""Documents are identified by their source, and the search index follows them, old terms gone."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.documents import DocumentFilter, DocumentSpec
from runtime.store.reading.query import SearchQueryError
from runtime.store.reading.reader import StoreReader
from runtime.store.verbs import index
from tests.store.driver import StoreDriver, spec, specs

ANY = DocumentFilter()


def page(name: str, body: str, title: str = "Title", **options: object) -> DocumentSpec:
    return DocumentSpec("web", name, f"http://x/{name}", title, body, **options)  # type: ignore[arg-type]


def save(store: StoreDriver, *documents: DocumentSpec) -> int:
    """A run that saves these; returns its id."""
    run_id = store.run_with(spec())
    (job,) = store.lease()
    store.settle(store.attempt(job, documents=documents))
    return run_id


def index_all(store: StoreDriver) -> None:
    while store.file.index_documents():
        pass


def found(store: StoreDriver, query: str, wanted: DocumentFilter = ANY) -> list[str]:
    reader = StoreReader(store.path)
    try:
        return [each["url"].removeprefix("http://x/") for each in reader.search(query, wanted)]
    finally:
        reader.close()


def listed(store: StoreDriver, **wanted: object) -> list[str]:
    reader = StoreReader(store.path)
    try:
        return [each["url"].removeprefix("http://x/") for each in reader.documents(DocumentFilter(**wanted))]  # type: ignore[arg-type]
    finally:
        reader.close()


def test_a_document_is_new_then_changed_then_unchanged(store: StoreDriver) -> None:
    for body in ("one", "two", "two"):
        save(store, page("a", body))
    assert store.rows("SELECT change FROM document_save ORDER BY id") == [
        ("new",),
        ("changed",),
        ("unchanged",),
    ]
    assert store.rows("SELECT body FROM document") == [("two",)]


def test_metadata_is_patched_and_tags_are_replaced(store: StoreDriver) -> None:
    save(store, page("a", "b", tags=("x", "y"), metadata={"depth": 1, "kept": True, "gone": 1}))
    save(store, page("a", "b", tags=("z",), metadata={"depth": 2, "gone": None}))
    assert store.rows("SELECT tags, metadata FROM document") == [('["z"]', '{"depth":2,"kept":true}')]


def test_a_key_without_a_value_is_none_from_the_beginning(store: StoreDriver) -> None:
    save(store, page("a", "b", metadata={"kept": 1, "gone": None, "in": {"gone": None, "kept": 2}}))
    assert store.rows("SELECT metadata FROM document") == [('{"kept":1,"in":{"kept":2}}',)]


def test_a_document_that_is_to_stay_keeps_title_body_and_memo(store: StoreDriver) -> None:
    save(store, page("a", "text", "Title", metadata={"a": 1}, fingerprint="f", memo=b"m"))
    save(store, DocumentSpec("web", "a", "http://x/a", "", None, ("t",), {"b": 2}))
    assert store.rows("SELECT title, body, tags, metadata FROM document") == [
        ("Title", "text", '["t"]', '{"a":1,"b":2}')
    ]
    assert store.rows("SELECT fingerprint, memo FROM document_memo") == [("f", b"m")]
    assert store.rows("SELECT change FROM document_save ORDER BY id") == [("new",), ("unchanged",)]


def test_a_document_that_is_to_stay_and_is_not_there_is_not_made(store: StoreDriver) -> None:
    save(store, DocumentSpec("web", "a", "http://x/a", "T", None))
    assert store.value("SELECT count(*) FROM document") == 0
    assert store.value("SELECT count(*) FROM document_save") == 0


def test_another_fingerprint_is_a_change_of_the_same_text(store: StoreDriver) -> None:
    for fingerprint in ("f", "f", "g"):
        save(store, page("a", "", fingerprint=fingerprint))
    assert [row[0] for row in store.rows("SELECT change FROM document_save ORDER BY id")] == [
        "new",
        "unchanged",
        "changed",
    ]


def test_what_another_has_saved_is_remembered_no_more(store: StoreDriver) -> None:
    save(store, page("a", "text", fingerprint="f", memo=b"m"))
    save(store, page("a", "other"))
    assert store.value("SELECT count(*) FROM document_memo") == 0


def test_documents_are_searched_by_title_and_body(store: StoreDriver) -> None:
    save(store, page("a", "Whales sing."), page("b", "Birds sing.", "Whales and birds"), page("c", "Stones."))
    assert found(store, "whales") == []
    index_all(store)
    assert found(store, "whales") == ["b", "a"]
    assert found(store, "title:whales") == ["b"]
    assert found(store, "sing NOT birds") == ["a"]
    assert found(store, '"whales sing"') == ["a"]
    assert found(store, "ston*") == ["c"]


def test_the_index_follows_a_change_and_forgets_the_old_terms(store: StoreDriver) -> None:
    save(store, page("a", "Whales sing.", "Oceans"))
    index_all(store)
    save(store, page("a", "Birds fly.", "Skies"))
    index_all(store)
    assert found(store, "whales") == found(store, "oceans") == []
    assert found(store, "birds") == found(store, "skies") == ["a"]
    check_index(store)


def test_several_changes_before_the_index_comes_round_leave_only_the_last(store: StoreDriver) -> None:
    save(store, page("a", "first"))
    save(store, page("a", "second"))
    index_all(store)
    for body in ("third", "fourth", "second", "fifth"):
        save(store, page("a", body))
    index_all(store)
    for word in ("first", "second", "third", "fourth"):
        assert found(store, word) == []
    assert found(store, "fifth") == ["a"]
    check_index(store)


def test_two_saves_in_one_attempt_and_one_commit_are_indexed_once(store: StoreDriver) -> None:
    save(store, page("a", "early"), page("a", "late"))
    index_all(store)
    assert (found(store, "early"), found(store, "late")) == ([], ["a"])
    check_index(store)


def test_the_queue_is_worked_off_a_slice_at_a_time(
    store: StoreDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index, "SLICE", 4)
    save(store, *(page(str(number), "word") for number in range(10)))
    assert [store.file.index_documents() for _ in range(3)] == [True, True, False]
    assert len(found(store, "word", DocumentFilter(limit=100))) == 10


def check_index(store: StoreDriver) -> None:
    """FTS5's own comparison of the index with the documents' text; it raises if they differ."""
    store.file.connection.execute(
        "INSERT INTO document_search (document_search, rank) VALUES ('integrity-check', 1)"
    )


def test_documents_of_a_failed_attempt_are_not_saved(store: StoreDriver) -> None:
    store.run_with(spec())
    (job,) = store.lease()
    store.settle(store.attempt(job, documents=(page("a", "\ud800"),)))
    assert (
        store.value("SELECT count(*) FROM document") == store.value("SELECT count(*) FROM search_queue") == 0
    )


def test_documents_are_listed_by_run_tag_and_type(store: StoreDriver) -> None:
    first = save(store, page("a", "1", tags=("red", "round")), page("b", "2", tags=("red",)))
    second = save(store, page("b", "2", tags=("red",)), page("c", "3"))
    assert listed(store) == ["a", "b", "c"]
    assert listed(store, run_id=first) == ["a", "b"]
    assert listed(store, run_id=second) == ["b", "c"]
    assert listed(store, tags=("round",)) == ["a"]
    assert listed(store, tags=("round", "red")) == ["a"]
    assert listed(store, source_types=("web",), limit=2) == ["a", "b"]
    assert listed(store, source_types=("mail",)) == []


def test_a_listed_document_has_what_design_says_and_a_found_one_snippet_and_score_too(
    store: StoreDriver,
) -> None:
    run_id = save(store, page("a", "Whales sing in the deep.", tags=("sea",), metadata={"depth": 3}))
    index_all(store)
    reader = StoreReader(store.path)
    (listed_one,) = reader.documents(ANY)
    (found_one,) = reader.search("sing", ANY)
    ((document_id,),) = store.rows("SELECT id FROM document")
    whole = reader.document(document_id)
    reader.close()
    keys = {"id", "url", "title", "source_type", "tags", "run_id", "job_id", "saved_at"}
    assert listed_one.keys() == keys
    assert listed_one["tags"] == ["sea"]
    assert listed_one["saved_at"] == store.clock.wall_ms()
    assert found_one.keys() == keys | {"snippet", "score"}
    assert found_one["snippet"] == "Whales [sing] in the deep."
    assert found_one["score"] >= 0
    assert whole is not None
    assert (whole["body"], whole["metadata"]) == ("Whales sing in the deep.", {"depth": 3})
    assert store.value("SELECT count(*) FROM job WHERE id = ?", run_id) == 1


def test_the_last_save_of_a_document_is_shown(store: StoreDriver) -> None:
    save(store, page("a", "1"))
    store.clock.advance(5)
    save(store, page("a", "1"))
    reader = StoreReader(store.path)
    (shown,) = reader.documents(ANY)
    reader.close()
    assert shown["saved_at"] == store.clock.wall_ms()


@pytest.mark.parametrize("query", ["", "   ", "***", '""', "()", "-"])
def test_a_query_without_a_word_is_refused(store: StoreDriver, query: str) -> None:
    with pytest.raises(SearchQueryError, match="there is no word to search for"):
        found(store, query)


def test_any_text_is_searched_for_or_refused(store: StoreDriver) -> None:
    save(store, page("a", "whales sing"))
    index_all(store)
    reader = StoreReader(store.path)

    @given(
        st.text(alphabet=st.sampled_from("ab\"*():^-+{}[]NEARORANDT \x00é,.'"), max_size=20)
        | st.text(max_size=20)
    )
    def search(query: str) -> None:
        with suppress(SearchQueryError):
            assert [each["url"] for each in reader.search(query, ANY)] in ([], ["http://x/a"])

    search()
    reader.close()


def test_a_runs_documents_are_counted_by_what_it_saved(store: StoreDriver) -> None:
    store.run_with(*specs(3))
    jobs = store.lease()
    store.settle(*(store.attempt(job, documents=(page("a", "x"), page(str(job.id), "y"))) for job in jobs))
    reader = StoreReader(store.path)
    shown = reader.run(jobs[0].root_id)
    reader.close()
    assert shown is not None
    assert shown["documents"] == 4
