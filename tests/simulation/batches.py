"""Seeds in batches, for processes: they are started by spawn, and import what they run by its name."""

import traceback
from collections import Counter

from tests.simulation.seeds import Seeds


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
