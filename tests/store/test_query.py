"""What people write to search for, as FTS5 takes it; and what is told to them when it can not be."""

import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.store.reading.query import MAX_DEPTH, MAX_LENGTH, MAX_TERMS, SearchQueryError, fts_query

ALL = {
    1: ("Whales", "They sing in the deep sea", "http://sea.example.com/whales", '["animal","big-one"]'),
    2: ("Birds", "They sing and fly", "http://sky.example.com/birds", '["animal"]'),
    3: (
        "Café notes",
        "A naïve state-of-the-art résumé, don't panic",
        "http://x.example.com/cafe",
        '["text"]',
    ),
    4: ("検索エンジン", "全文検索は速い", "http://jp.example.com/", "[]"),
    5: ("C++", "std::vector of words AND or not", "http://x.example.com/c", '["code"]'),
}


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE VIRTUAL TABLE s USING fts5 (title, body, url, tags, tokenize = 'unicode61 remove_diacritics 2')"
    )
    for number, text in ALL.items():
        connection.execute(
            "INSERT INTO s (rowid, title, body, url, tags) VALUES (?, ?, ?, ?, ?)", (number, *text)
        )
    yield connection
    connection.close()


def found(index: sqlite3.Connection, query: str) -> list[int]:
    return [
        row[0]
        for row in index.execute("SELECT rowid FROM s WHERE s MATCH ? ORDER BY rowid", (fts_query(query),))
    ]


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("sing", [1, 2]),
        ("SING they", [1, 2]),
        ("sing sea", [1]),
        ('"sing in the"', [1]),
        ('"sing the in"', []),
        ("whal*", [1]),
        ('"deep se"*', [1]),
        ("whales OR birds", [1, 2]),
        ("sing AND fly", [2]),
        ("sing NOT fly", [1]),
        ("they NOT fly NOT sea", []),
        ("sing (sea OR fly)", [1, 2]),
        ("sing NOT (sea OR fly)", []),
        ("whales OR sing fly", [1, 2]),
        ("title:whales", [1]),
        ("title:sing", []),
        ("TITLE:Whales", [1]),
        ('body:"sing and"', [2]),
        ("title:(whales OR birds) sea", [1]),
        ("title:whal*", [1]),
        ("url:sky", [2]),
        ("sky", []),
        ("url:http://sea.example.com/whales", [1]),
        ("tag:animal sea", [1]),
        ("tag:big-one", [1]),
        ("tags:text", [3]),
        ("animal", []),
        ("cafe", [3]),
        ("CAFÉ", [3]),
        ("naive resume", [3]),
        ("re\u0301sume\u0301", [3]),
        ("state-of-the-art", [3]),
        ("state-of-art", []),
        ("don't", [3]),
        ("検索", [4]),
        ("全文", [4]),
        ("std::vector", [5]),
        ("c++", [5]),
        ("sing & sea", [1]),
        ("sing , OR . birds", [1, 2]),
        ('"or not"', [5]),
        ("or not", [5]),
        ("NEAR OR sea", [1]),
        ("sing AND NOT fly", [1]),
        ("() sea", [1]),
        ("^whales", [1]),
        ("sea\0", [1]),
        ("\ud800 sea", [1]),
        ('"a ""sing"" in', None),
    ],
)
def test_a_query_finds(index: sqlite3.Connection, query: str, hits: list[int] | None) -> None:
    if hits is None:
        with pytest.raises(SearchQueryError):
            fts_query(query)
    else:
        assert found(index, query) == hits


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("sing AND", "'AND' at character 6 needs something behind it"),
        ("OR sing", "'OR' at character 1 needs something before it"),
        ("sing OR OR sea", "'OR' at character 6 needs something behind it"),
        ("(sing AND) sea", "'AND' at character 7 needs something behind it"),
        ("NOT sing", "'NOT' at character 1 needs something before it"),
        ("sea OR NOT sing", "'OR' at character 5 needs something behind it"),
        ("sing NOT", "'NOT' at character 6 needs something behind it"),
        ("& NOT sing", "'NOT' at character 3 needs something before it that it takes away from"),
        ("sea (sing", "'(' at character 5 is not closed"),
        ("sea) sing", "')' at character 4 closes nothing"),
        ('sea "sing', "'\"sing' at character 5 has no closing quotation mark"),
        ("nobody:sea", "'nobody' at character 1 is no field; there are title:, body:, url: and tag:"),
        ("", "there is no word to search for in ''"),
        ("+ - *", "there is no word to search for in '+ - *'"),
    ],
)
def test_what_can_not_be_searched_for_is_told_with_its_place(query: str, sentence: str) -> None:
    with pytest.raises(SearchQueryError) as told:
        fts_query(query)
    assert str(told.value).startswith(sentence)


def test_queries_are_bounded(index: sqlite3.Connection) -> None:
    deep = "(" * MAX_DEPTH + "sea" + ")" * MAX_DEPTH
    assert found(index, deep) == [1]
    wide = " OR ".join(["sea"] * MAX_TERMS)
    assert found(index, wide) == [1]
    for query in (f"({deep})", f"{wide} OR sea", "s" * (MAX_LENGTH + 1)):
        with pytest.raises(SearchQueryError, match="most"):
            fts_query(query)


@given(
    st.lists(
        st.sampled_from(
            [
                "AND",
                "OR",
                "NOT",
                "(",
                ")",
                '"',
                "sea",
                "title:",
                "tag:",
                "*",
                "-",
                "é",
                "検",
                "\0",
                "NEAR",
                "{",
                ":",
                " ",
            ]
        ),
        max_size=30,
    ).map("".join)
    | st.text(max_size=40)
)
def test_no_text_makes_sqlite_complain(index: sqlite3.Connection, query: str) -> None:
    try:
        expression = fts_query(query)
    except SearchQueryError:
        return
    index.execute("SELECT rowid FROM s WHERE s MATCH ?", (expression,)).fetchall()
