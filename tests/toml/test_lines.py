import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.toml.diagnostic import Path
from runtime.toml.lines import DEEPEST, LONGEST_KEY, MOST_VALUES, scan

EVERY_FORM = '''# a comment with "quotes" and [brackets]
id = "docs"
"quoted key" = 'x = 1'
dotted.key.deep = 1
long = """
first = 1
second \\""" = 2
""""
literal = \'\'\'
[not.a.table]
\'\'\'
list = [
  "a", # one
  # two

  ["b", "c"],
  { x = 1, y.z = [
    2] },
]
when = 1979-05-27 07:32:00
inline = { a = 1, "b c" = { d = 2 } }

[step.crawl]
action = "crawl"
[[steps]]
name = "one"
[steps.config]
depth = 1
[[steps]]
name = "two"
  [[steps.inner]]
  q = 1
  [[steps.inner]]
  q = 2
'''

LINES: dict[Path, int] = {
    ("id",): 2,
    ("quoted key",): 3,
    ("dotted",): 4,
    ("dotted", "key", "deep"): 4,
    ("long",): 5,
    ("literal",): 9,
    ("list",): 12,
    ("list", 0): 13,
    ("list", 1): 16,
    ("list", 1, 1): 16,
    ("list", 2): 17,
    ("list", 2, "x"): 17,
    ("list", 2, "y", "z"): 17,
    ("list", 2, "y", "z", 0): 18,
    ("when",): 20,
    ("inline", "b c", "d"): 21,
    ("step", "crawl"): 23,
    ("step", "crawl", "action"): 24,
    ("steps", 0): 25,
    ("steps", 0, "name"): 26,
    ("steps", 0, "config"): 27,
    ("steps", 0, "config", "depth"): 28,
    ("steps", 1): 29,
    ("steps", 1, "name"): 30,
    ("steps", 1, "inner", 0, "q"): 32,
    ("steps", 1, "inner", 1, "q"): 34,
}


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_key_and_element_has_its_line_in_every_form_of_toml(line_end: str) -> None:
    lines = scan(EVERY_FORM.replace("\n", line_end))

    assert lines.stopped is None
    assert {path: lines.of.get(path) for path in LINES} == LINES


def test_a_key_that_is_not_there_has_the_line_of_the_table_around_it() -> None:
    lines = scan(EVERY_FORM)

    assert lines.line(("step", "crawl", "max_depth")) == 23
    assert lines.line(("list", 2, "nothing")) == 17
    assert lines.line(("nothing",)) is None


@pytest.mark.parametrize(
    ("text", "line", "path", "first"),
    [
        ("a = 1\nb = 2\na = 3\n", 3, ("a",), 1),
        ("[step.x]\na = 1\n\n[step.x]\n", 4, ("step", "x"), 1),
        ("t = { a = 1, a = 2 }\n", 1, ("t", "a"), 1),
        ("[a]\n[[a]]\n", 2, ("a",), 1),
        ("[[a]]\nb = 1\n[a]\n", 3, ("a",), 1),
    ],
)
def test_a_second_definition_is_found_with_the_line_of_the_first(
    text: str, line: int, path: Path, first: int
) -> None:
    assert scan(text).repeated[line] == (path, first)


def test_tables_of_different_elements_are_no_second_definition() -> None:
    assert scan("[[a]]\nx = 1\n[a.b]\ny = 1\n[[a]]\nx = 1\n[a.b]\ny = 1\n").repeated == {}


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("a = 1\nb = [1,\n2\nc = 3\n", 2, "the list that begins here is not closed"),
        ("a = 1\nb = { x = 1\nc = 3\n", 2, "the inline table that begins here is not closed"),
        ('a = """\nnever closed\n', 1, "the text that begins here is not closed"),
        ("\n\nhello\n", 3, "not followed by ="),
        ("[[a]\n", 1, "brackets"),
        ("a = \n", 1, "a value is missing"),
    ],
)
def test_a_scan_stops_where_the_text_stops_to_be_toml(text: str, line: int, sentence: str) -> None:
    stopped = scan(text).stopped

    assert stopped is not None
    assert stopped[0] == line
    assert sentence in stopped[1]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a." * (DEEPEST + 1) + "b = 1", "more than 32 parts"),
        ("[" + "a." * (DEEPEST + 1) + "b]", "more than 32 parts"),
        ("k" * (LONGEST_KEY + 1) + " = 1", "longer than 1024"),
        ("a = " + "[" * 100_000, "nested deeper than 32"),
        ("a = " + "{a=" * 100_000, "nested deeper than 32"),
        ("a = [" + "1," * (MOST_VALUES + 1) + "]", "more than 50000 keys"),
    ],
)
def test_a_text_beyond_the_limits_is_named_before_it_is_parsed(text: str, sentence: str) -> None:
    lines = scan(f"first = 1\n{text}\n")

    assert lines.too_large is not None
    assert lines.too_large[0] == 2
    assert sentence in lines.too_large[1]


KEYS = st.sampled_from(["a", "b", "c-d", '"e f"', "'g.h'", "1", '"\\u0041"'])
DOTTED = st.lists(KEYS, min_size=1, max_size=3).map(" . ".join)
SCALARS = st.sampled_from(
    [
        "1",
        "-0.5",
        "true",
        '"x, ] } # y"',
        "'lit[eral'",
        '"""\nm""l"""',
        "'''\n'''''",
        "1979-05-27 07:32:00",
        "inf",
    ]
)
GAPS = st.sampled_from(["", " ", "\n", " # c ] }\n", "\n\n\t"])


def _list(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    parts = st.tuples(st.lists(st.tuples(GAPS, items, GAPS), max_size=4), st.sampled_from(["", ","]))
    return parts.map(
        lambda found: (
            "[" + ",".join("".join(each) for each in found[0]) + (found[1] if found[0] else "") + "]"
        )
    )


def _inline(items: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.lists(st.tuples(DOTTED, items), max_size=3)
    return pairs.map(lambda found: "{ " + ", ".join(f"{key} = {value}" for key, value in found) + " }")


VALUES = st.recursive(SCALARS, lambda inner: _list(inner) | _inline(inner), max_leaves=8)
STATEMENTS = (
    st.tuples(DOTTED, VALUES).map(lambda found: f"{found[0]} = {found[1]}")
    | DOTTED.map(lambda key: f"[{key}]")
    | DOTTED.map(lambda key: f"[[ {key} ]]")
    | st.just("# a comment")
)


def _paths(value: Any, path: Path = ()) -> list[Path]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in below for found in _paths(item, (*path, key)))]


@given(st.lists(STATEMENTS, max_size=8).map("\n".join))
def test_whatever_tomllib_accepts_is_scanned_to_its_end_with_a_line_for_every_value(text: str) -> None:
    lines = scan(text)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return

    assert lines.stopped is None
    assert lines.repeated == {}
    assert set(_paths(table)) - {()} <= set(lines.of)


@given(st.lists(STATEMENTS, max_size=6).map("\n".join), st.data())
def test_any_damaged_text_ends_a_scan_without_an_error(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 3))
    put = data.draw(st.text("[]{}\"'=.,#\n\\ab1", max_size=3))
    damaged = text[:at] + put + text[at + cut :]
    lines = scan(damaged)
    try:
        tomllib.loads(damaged)
    except tomllib.TOMLDecodeError:
        return

    assert lines.stopped is None
