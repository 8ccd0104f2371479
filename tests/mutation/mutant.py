"""A mutant: one file of ours with one mistake in it, as a change of some bytes of its source."""

import hashlib
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
SHOWN = 150
"""Characters of a piece of source that a title shows."""


class Edit(msgspec.Struct, frozen=True):
    """These bytes of the source are replaced."""

    start: int
    end: int
    new: str


class Mutant(msgspec.Struct, frozen=True):
    """One mistake."""

    path: str
    """Of the file, from the root of the repository."""
    where: str
    """The function or method that is changed, ``Class.method``; "" for what is done at import."""
    operator: str
    line: int
    old: str
    new: str
    source: str
    """The file with the mistake."""
    nth: int = 0
    """Which one it is of those that change the same words of the same place to the same."""

    @property
    def words(self) -> tuple[str, ...]:
        """What makes it another than those beside it, wherever in the file they are."""
        return self.path, self.where, self.operator, self.old, self.new

    @property
    def key(self) -> str:
        """Stays the same when other places of the file change."""
        return hashlib.sha256("\0".join((*self.words, str(self.nth))).encode()).hexdigest()[:10]

    @property
    def title(self) -> str:
        """For people: where it is, and what becomes of what."""
        place = f"{self.path}:{self.line} {self.where}".rstrip()
        return f"{self.key} {place} [{self.operator}] {_short(self.old)} → {_short(self.new) or 'nothing'}"


def _short(text: str) -> str:
    return " ".join(text.split())[:SHOWN]
