"""``make simulate``: runs many seeds on all cores and says which of them broke a promise.

python -m tests.simulation [--seeds N] [--first N] [--processes N]
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter

from tests.simulation.batches import run_batch
from tests.simulation.marks import BODIES, FAULTS
from tests.simulation.transitions import UNREACHED, reached_nowhere

BATCH = 20
SHOWN = 5
"""Failures that are printed whole."""
ENOUGH = 2000
"""Seeds after which everything that can be met must have been met."""


def main() -> int:
    """Run them; returns the exit code."""
    parser = argparse.ArgumentParser(prog="simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    end = arguments.first + arguments.seeds
    batches = [range(first, min(first + BATCH, end)) for first in range(arguments.first, end, BATCH)]
    marks: Counter[str] = Counter()
    transitions: set[tuple[str, str, str]] = set()
    failures: list[str] = []
    started = time.monotonic()
    with multiprocessing.get_context("spawn").Pool(arguments.processes) as pool:
        for met, seen, failed in pool.imap_unordered(run_batch, batches):
            marks.update(met)
            transitions |= seen
            failures += failed
            for text in failed[: max(SHOWN - len(failures) + len(failed), 0)]:
                print(text, file=sys.stderr)
    seconds = time.monotonic() - started
    missing = [name for name in (*FAULTS, *(f"body_{name}" for name in BODIES)) if not marks[name]]
    missing += [f"{kind}: {before} → {after}" for kind, before, after in reached_nowhere(transitions)]
    print(f"{arguments.seeds} seeds in {seconds:.0f} s, {len(failures)} failed")
    print(", ".join(f"{name} {number}" for name, number in sorted(marks.items())))
    if missing and arguments.seeds >= ENOUGH:
        print(
            f"never reached: {', '.join(missing)} (besides {len(UNREACHED)} that can not be)", file=sys.stderr
        )
    return int(bool(failures) or (bool(missing) and arguments.seeds >= ENOUGH))


if __name__ == "__main__":
    sys.exit(main())
