"""What processes run: seeds in batches, and mutants. They are started by spawn, and import this by its name."""

import traceback
from collections import Counter

from tests.simulation.mutants import mutated
from tests.simulation.seeds import Seeds

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


def find_mutant(sentence: str) -> tuple[str, int | None]:
    """The mutant, and the seed that has found it out; None if none has."""
    with mutated(sentence), Seeds() as seeds:
        for seed in range(WITHIN):
            try:
                seeds.run(seed)
            except Exception:  # noqa: BLE001 (however it is noticed)
                return sentence, seed
    return sentence, None
