"""What became of mutants, now and before: none need be tried twice, and the test that found most is asked first."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from tests.mutation.mutant import Mutant


class Verdict(msgspec.Struct):
    """What became of a mutant."""

    key: str
    title: str
    caught_by: str | None
    """The test or seed, or why it is none; None if it lives."""
    tests: int
    """Up to which of its tests it came."""
    seconds: float
    """Of processor time."""
    source: str = ""
    """The digest of the file with the mistake."""


def digest(mutant: Mutant) -> str:
    """Of the file with the mistake: another one after each change of the file."""
    return hashlib.sha256(mutant.source.encode()).hexdigest()[:16]


class Record:
    """A file of verdicts, a line each; the last one of a mutant counts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._last: dict[tuple[str, str], Verdict] = {}
        self._found: Counter[tuple[str, str]] = Counter()  # by the mutated file and the test
        if path.exists():
            for line in path.read_bytes().splitlines():
                self._remember(msgspec.json.decode(line, type=Verdict))

    def __repr__(self) -> str:
        return f"<Record({len(self._last)})>"

    def add(self, verdict: Verdict) -> None:
        """Keep it."""
        self._remember(verdict)
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(verdict) + b"\n")

    def _remember(self, verdict: Verdict) -> None:
        self._last[verdict.key, verdict.source] = verdict
        if verdict.caught_by:
            self._found[_file_of(verdict.title), verdict.caught_by.rpartition(" in ")[2]] += 1

    def verdict_of(self, mutant: Mutant) -> Verdict | None:
        """What became of it, if it was tried with the rest of its file as it is now."""
        return self._last.get((mutant.key, digest(mutant)))

    def best_first(self, mutant: Mutant, tests: Iterable[str], seconds: Mapping[str, float]) -> list[str]:
        """These tests: first those that found most of the same file for the time they take; others as they were."""
        return sorted(
            tests, key=lambda test: -self._found[mutant.path, test] / (OVERHEAD_SECONDS + seconds[test])
        )


OVERHEAD_SECONDS = 0.02
"""What the quickest test takes with all that is around it."""


def _file_of(title: str) -> str:
    return title.split()[1].partition(":")[0]
