"""Reads a tutorial: the files that it writes and the commands that it gives, in its order."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

_BLOCK = re.compile(r"^```(\w+)(?: file=(\S+))?( append)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class WrittenFile(msgspec.Struct, frozen=True):
    """A block that is a file's content, or what is added to one."""

    name: str
    content: str
    append: bool


class Command(msgspec.Struct, frozen=True):
    """A command of a console block: what it prints, with "…" for anything, and its exit code."""

    line: str
    output: str
    code: int


def steps_of(page: Path) -> Iterator[WrittenFile | Command]:
    """What a reader does, from the page's top to its end.

    Raises:
        ValueError: a block says neither that it is a file nor that it is a console.
    """
    for language, name, append, content in _BLOCK.findall(page.read_text(encoding="utf-8")):
        if name:
            yield WrittenFile(name, content, bool(append))
        elif language == "console":
            yield from _commands(content)
        else:
            raise ValueError(f"{page.name}: a block of {language} says not which file it is:\n{content}")


def matches(pattern: str, text: str) -> bool:
    """Whether a text is what a page prints, with "…" for anything on a line."""
    return re.fullmatch(".*".join(map(re.escape, pattern.split("…"))), text) is not None


def _commands(content: str) -> Iterator[Command]:
    for block in re.split(r"^\$ ", content, flags=re.MULTILINE)[1:]:
        line, _, output = block.partition("\n")
        told = re.search(r"^\$\? (\d+)\n", output, re.MULTILINE)
        yield Command(
            line, output.replace(told.group(), "") if told else output, int(told.group(1)) if told else 0
        )
