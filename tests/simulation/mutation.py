"""How a mutant is made: a piece of a function's source, or of a constant, is replaced by another while it lives.

The function's code is compiled anew and put in the place of the old one, so that whoever has imported the function has
the mutant too.
"""

import inspect
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Patch = Callable[[], Any]
"""Makes a context manager."""


@contextmanager
def replaced(function: Any, old: str, new: str) -> Iterator[None]:
    """The function with that piece of its source replaced."""
    source = textwrap.dedent(inspect.getsource(function))
    if source.startswith("@property"):
        source = source.removeprefix("@property\n")
    if source.count(old) != 1:
        raise LookupError(f"{function.__qualname__} has {old!r} {source.count(old)} times: mend the mutant")
    place: dict[str, Any] = {}
    exec(
        compile(source.replace(old, new), f"<mutant of {function.__name__}>", "exec"),
        function.__globals__,
        place,
    )
    before = function.__code__
    function.__code__ = place[function.__name__].__code__
    try:
        yield
    finally:
        function.__code__ = before


@contextmanager
def set_to(holder: Any, attribute: str, value: Any) -> Iterator[None]:
    """The attribute with another value."""
    before = getattr(holder, attribute)
    setattr(holder, attribute, value)
    try:
        yield
    finally:
        setattr(holder, attribute, before)


def text_of(holder: Any, attribute: str, old: str, new: str) -> Patch:
    """A constant with a piece replaced."""
    text = getattr(holder, attribute)
    if old not in text:
        raise LookupError(f"{attribute} has no {old!r}: mend the mutant")
    return lambda: set_to(holder, attribute, text.replace(old, new))


def source_of(function: Any, old: str, new: str) -> Patch:
    """See ``replaced``."""
    return lambda: replaced(function, old, new)


def texts_of(holder: Any, attribute: str, old: str, new: str) -> Patch:
    """A mapping to constants with a piece of each replaced."""
    texts = getattr(holder, attribute)
    if not all(old in text for text in texts.values()):
        raise LookupError(f"{attribute} has no {old!r}: mend the mutant")
    return lambda: set_to(holder, attribute, {key: text.replace(old, new) for key, text in texts.items()})
