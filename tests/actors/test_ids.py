"""Ids grow whatever the clock does, are unique across nodes, and sort alike as numbers and as text."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.ids import MAX_BLOCK, IdSource, UnknownIdError, id_text, parse_id
from actors.seams import ManualClock

ids = st.integers(0, (1 << 63) - 1)


@given(ids)
def test_an_id_survives_being_written_and_read(job_id: int) -> None:
    text = id_text(job_id)
    assert len(text) == 13
    assert parse_id(text) == parse_id(text.upper()) == job_id


@given(ids, ids)
def test_texts_sort_as_the_ids_do(one: int, other: int) -> None:
    assert (id_text(one) < id_text(other)) == (one < other)


def test_letters_that_people_mistake_for_digits_are_read_as_those() -> None:
    assert parse_id("0000000000il1") == parse_id("0000000000111")
    assert parse_id("000000000000O") == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "0" * 12,
        "0" * 14,
        "u" * 13,
        "g000000000000",
        "000000000000 ",
        "00000-0000000",
        "0" * 12 + "é",
        "7" * 100_000,
    ],
)
def test_what_is_no_id_is_refused_with_what_to_do(text: str) -> None:
    with pytest.raises(UnknownIdError, match="is not a job id; ids have 13 letters and digits") as caught:
        parse_id(text)
    assert len(str(caught.value)) < 200


@given(st.text(max_size=20))
def test_any_text_is_an_id_or_refused(text: str) -> None:
    with suppress(UnknownIdError):
        assert 0 <= parse_id(text) < 1 << 63


@given(st.lists(st.tuples(st.integers(-5000, 5000), st.integers(1, MAX_BLOCK)), min_size=2, max_size=20))
def test_ids_grow_and_never_repeat_though_the_clock_jumps(steps: list[tuple[int, int]]) -> None:
    clock = ManualClock()
    source = IdSource(clock, node=3)
    last = -1
    for jump, count in steps:
        clock.set_wall_ms(clock.wall_ms() + jump)
        block = source.block(count)
        assert len(block) == count
        assert block[0] > last
        last = block[-1]


def test_a_block_that_does_not_fit_the_millisecond_begins_the_next() -> None:
    source = IdSource(ManualClock(), node=1)
    first = source.block(MAX_BLOCK - 1)
    second = source.block(2)
    assert second[0] >> 22 == (first[0] >> 22) + 1
    assert {each >> 12 & 1023 for each in (*first, *second)} == {1}


def test_nodes_make_different_ids_in_the_same_millisecond() -> None:
    clock = ManualClock()
    blocks = [set(IdSource(clock, node).block(MAX_BLOCK)) for node in (0, 1, 1023)]
    assert len(set.union(*blocks)) == 3 * MAX_BLOCK


def test_an_id_tells_the_millisecond_it_was_made_in() -> None:
    clock = ManualClock()
    assert IdSource(clock, 1).next() >> 22 == clock.wall_ms()


@pytest.mark.parametrize("count", [0, -1, MAX_BLOCK + 1])
def test_a_block_of_an_impossible_size_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"1 to {MAX_BLOCK} ids, got {count}"):
        IdSource(ManualClock(), 1).block(count)


def test_threads_never_share_an_id() -> None:
    source = IdSource(ManualClock(), 1)
    with ThreadPoolExecutor(4) as pool:
        made = [each for block in pool.map(lambda _: source.block(7), range(2000)) for each in block]
    assert len(set(made)) == len(made) == 14_000
