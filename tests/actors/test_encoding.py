"""Messages as bytes."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.encoding import MessageEncodingError, carried, decode_message, encode_message
from actors.receive import Address
from runtime.engine import close_system, open_system
from tests.engine.contract import Worker


class Inner(msgspec.Struct, frozen=True):
    value: int


class Outer(msgspec.Struct, frozen=True, tag=True):
    anything: Any = None
    numbers: tuple[int, ...] = ()
    inner: Inner | None = None
    number: float = 0.0


class Letter(msgspec.Struct, frozen=True, tag=True):
    to: Address
    copies: dict[str, Address]
    answer_to: Address | None = None


class Changing(msgspec.Struct):
    value: int


def test_addresses_travel_beside_the_bytes_and_come_back_as_themselves() -> None:
    system = open_system()
    one, two = system.createActor(Worker), system.createActor(Worker)
    letter = Letter(one, {"second": two}, answer_to=one)
    data, addresses = encode_message(letter)
    assert [each is one or each is two for each in addresses] == [True, True, True]
    received = decode_message(Letter, data, addresses)
    assert received == letter
    assert received.copies["second"] is two
    close_system(system)


@given(
    st.builds(
        Outer,
        st.none() | st.integers(0, 9) | st.text(),
        st.lists(st.integers(0, 2**60)).map(tuple),
        st.none() | st.builds(Inner, st.integers(-9, 9)),
        st.floats(),
    )
)
def test_a_message_that_fits_its_annotations_survives(message: Outer) -> None:
    copy = carried(message)
    assert copy is not message
    assert repr(copy) == repr(message)


@pytest.mark.parametrize(
    "message,complaint",
    [
        (Outer(Inner(1)), r"Outer\.anything does not survive: Inner\(value=1\) comes back as \{'value': 1\}"),
        (Outer((1,)), r"Outer\.anything does not survive: \(1,\) comes back as \[1\]"),
        (Outer(object()), r"Outer\.anything can not be encoded: a object can not be encoded"),
        (Outer(None, [1]), r"Outer\.numbers does not survive: \[1\] comes back as \(1,\)"),  # type: ignore[arg-type]
        (Outer(None, ("x",)), r"Outer does not survive: Expected `int`, got `str` - at `\$\.numbers\[0\]`"),  # type: ignore[arg-type]
        (
            Outer([{"sizes": [1, (2, 3)]}]),
            r"Outer\.anything\[0\]\['sizes'\]\[1\] does not survive: \(2, 3\) comes back as \[2, 3\]",
        ),
        (Changing(1), r"Changing is not frozen; declare it with frozen=True"),
    ],
)
def test_what_would_not_survive_is_named_with_its_type_and_field(message: Any, complaint: str) -> None:
    with pytest.raises(MessageEncodingError, match=complaint):
        carried(message)


def test_what_is_no_struct_is_left_alone() -> None:
    message = object()
    assert carried(message) is message
