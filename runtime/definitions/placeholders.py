r"""``{key}`` and ``{ns:key}`` in the texts of a definition file: variables from outside of it. Pure.

A text that is nothing but one placeholder takes the variable's value with its type; within a longer text it takes the
value's text. What is not known stays as it is and is reported, so that a person sees it. A value that was put in is not
looked at again.

Braces that mean something else stay what they are: ``{2,3}`` and ``{2}`` of a regular expression (a name has a letter),
``\p{Greek}`` and ``\x{1F600}`` (nothing after a backslash and a letter is a placeholder), ``{config.x}``.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from runtime.toml.diagnostic import Path

_NAME = r"[A-Za-z0-9_-]{1,100}"
_PLACEHOLDER = re.compile(rf"(?<!\\[A-Za-z])\{{(?=[^}}]*[A-Za-z])({_NAME}(?::{_NAME})?)\}}")


class Variables(msgspec.Struct, frozen=True):
    """What placeholders stand for. ``of_file`` has values by ``key`` and by ``ns:key``, ``environment`` texts.

    The environment goes before the file under a variable's very name, and after it under the name as environments
    usually write it: ``{api-key}`` is ``api-key``, then the file's, then ``API_KEY``.
    """

    of_file: Mapping[str, Any] = {}
    environment: Mapping[str, str] = {}

    def __repr__(self) -> str:
        return f"<Variables({sorted(self.of_file)})>"  # never the values: some are secrets

    def find(self, name: str) -> tuple[Any] | None:
        """The value in a tuple of its own; None = there is none."""
        if name in self.environment:
            return (_storable(self.environment[name]),)
        if name in self.of_file:
            return (self.of_file[name],)
        usual = re.sub("[-:]", "_", name).upper()
        return (_storable(self.environment[usual]),) if usual in self.environment else None


NO_VARIABLES = Variables()


class Filled(msgspec.Struct, frozen=True):
    """A value with its placeholders filled."""

    value: Any
    missing: tuple[tuple[Path, str], ...] = ()  # where a variable was named that is not there
    texts: frozenset[Path] = frozenset()  # where a whole text came from a variable's text


def fill(value: Any, find: Callable[[str], tuple[Any] | None], leave: Callable[[Path], bool]) -> Filled:
    """Fill the placeholders of a value.

    Args:
        value: as ``tomllib`` gives it.
        find: the value of a name, in a tuple; None = there is none.
        leave: whether what is at that path is left as it is.
    """
    filling = _Filling(find, leave)
    filled = filling.value(value, ())
    return Filled(filled, tuple(filling.missing), frozenset(filling.texts))


class _Filling:
    def __init__(self, find: Callable[[str], tuple[Any] | None], leave: Callable[[Path], bool]) -> None:
        self.find = find
        self.leave = leave
        self.missing: list[tuple[Path, str]] = []
        self.texts: set[Path] = set()

    def value(self, value: Any, path: Path) -> Any:
        if self.leave(path):
            return value
        if isinstance(value, dict):
            return {key: self.value(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.value(item, (*path, index)) for index, item in enumerate(value)]
        return self.text(value, path) if isinstance(value, str) and "{" in value else value

    def text(self, text: str, path: Path) -> Any:
        whole = _PLACEHOLDER.fullmatch(text)
        if whole is not None:
            found = self.find(whole.group(1))
            if found is None:
                self.missing.append((path, whole.group(1)))
                return text
            if isinstance(found[0], str):
                self.texts.add(path)
            return found[0]

        def filled(match: re.Match[str]) -> str:
            found = self.find(match.group(1))
            if found is None:
                self.missing.append((path, match.group(1)))
                return match.group()
            return text_of(found[0])

        return _PLACEHOLDER.sub(filled, text)


def text_of(value: Any) -> str:
    """A variable's value within a longer text: texts as they are, anything else as JSON writes it."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _storable(text: str) -> str:
    """An environment's bytes that are no UTF-8 are lone surrogates in Python, which nothing can store."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
