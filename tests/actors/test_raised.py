"""What an exception says of itself, whatever its own methods do."""

from collections.abc import Callable

import pytest

from actors.raised import message_of, traceback_of, type_of


def nameless_error() -> Exception:
    """An error of a class that does not give its name."""

    class Unnamed(type):
        @property
        def __name__(cls) -> str:  # type: ignore[override]
            raise RuntimeError("no name")

    class NamelessError(Exception, metaclass=Unnamed):
        pass

    return NamelessError()


class SpeechlessError(Exception):
    """An error that can not be printed, for a reason that can not be printed."""

    def __str__(self) -> str:
        raise SpeechlessError


class CauselessError(Exception):
    """An error whose cause can not be asked for."""

    def __getattribute__(self, name: str) -> object:
        raise RuntimeError("no answer")


def test_an_error_is_told_by_its_class_its_message_and_where_it_came_from() -> None:
    try:
        raise ValueError("caf\udce9")
    except ValueError as error:
        caught = error
    assert type_of(caught) == "ValueError"
    assert message_of(caught, 100) == "caf\\udce9"
    assert message_of(caught, 3) == "caf"
    assert traceback_of(caught, 10_000).startswith("Traceback")
    assert traceback_of(ValueError("x"), 3) == " x\n"


@pytest.mark.parametrize("make", [nameless_error, SpeechlessError, CauselessError])
def test_an_error_that_can_not_be_looked_at_is_still_told(make: Callable[[], Exception]) -> None:
    error = make()
    assert type_of(error).endswith("lessError")
    message_of(error, 100)
    traceback_of(error, 10_000)
    assert message_of(SpeechlessError(), 100) == "(its message can not be shown: SpeechlessError)"
    assert traceback_of(CauselessError(), 100) == "(its traceback can not be shown: RuntimeError)"
