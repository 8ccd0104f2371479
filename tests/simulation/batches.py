"""What processes run: seeds in batches, and mutants. They are started by spawn, and import this by its name."""

import json
import traceback
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from tests.simulation.mutants import BY_TEST, mutated
from tests.simulation.seeds import Seeds
from tests.simulation.under_mutant import fails_under

RECORD = Path(__file__).with_name("found_by.json")
"""The seed that has found each mutant, so that it is tried first: a seed of another draw finds others."""
WITHIN = 1000
"""Seeds within which a mutant must be found."""


def run_batch(numbers: range) -> tuple[Counter[str], set[tuple[str, str, str]], list[str]]:
    """Run some seeds: what they met, which transitions were seen, and the failures as text."""
    marks: Counter[str] = Counter()
    transitions: set[tuple[str, str, str]] = set()
    failures = []
    with Seeds() as seeds:
        for seed in numbers:
            try:
                world = seeds.run(seed)
            except Exception:  # noqa: BLE001 (whatever breaks is the seed's result)
                failures.append(f"seed {seed} failed:\n{traceback.format_exc()}")
            else:
                marks.update(world.marks)
                transitions |= world.judge.transitions
    return marks, transitions, failures


class Found(NamedTuple):
    """What has found a mutant out: a seed, a test, or nothing."""

    sentence: str
    seed: int | None = None
    test: str = ""

    @property
    def how(self) -> str:
        """In words."""
        if self.test:
            return f"fails {self.test}"
        return f"not found within {WITHIN} seeds" if self.seed is None else f"found by seed {self.seed}"


def find_mutant(sentence: str) -> Found:
    """Run the seed that has found it before, and if it does not any more, each from the first on."""
    if sentence in BY_TEST:
        return Found(sentence, test=BY_TEST[sentence] if fails_under(sentence, BY_TEST[sentence]) else "")
    with mutated(sentence), Seeds() as seeds:
        for seed in (*known_seeds(sentence), *range(WITHIN)):
            try:
                seeds.run(seed)
            except Exception:  # noqa: BLE001 (however it is noticed)
                return Found(sentence, seed)
    return Found(sentence)


def recorded() -> dict[str, int]:
    """The seed that each mutant was found by when that was last written down."""
    found: dict[str, int] = json.loads(RECORD.read_text())
    return found


def known_seeds(sentence: str) -> tuple[int, ...]:
    """The seed on record for that mutant, if there is one."""
    found = recorded()
    return (found[sentence],) if sentence in found else ()


def record(found: Iterable[Found]) -> None:
    """Remember by which seeds they were found."""
    seeds = {each.sentence: each.seed for each in found if each.seed is not None}
    RECORD.write_text(json.dumps(dict(sorted(seeds.items())), indent=1, ensure_ascii=False) + "\n")
