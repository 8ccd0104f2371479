"""``make simulate`` and ``make mutants``: many seeds on all cores, and what they are worth.

python -m tests.simulation [--seeds N] [--first N] [--processes N]   which seeds break a promise; what was never met
python -m tests.simulation --mutants [--record] [--processes N]      which mistakes the seeds do not find; by which they
                                                                     were found is written down to be tried first
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections import Counter

from tests.simulation.batches import find_mutant, known_seeds, record, run_batch
from tests.simulation.marks import EVERY
from tests.simulation.mutants import ALL as MUTANTS
from tests.simulation.transitions import reached_nowhere

BATCH = 20
SHOWN = 5
"""Failures that are printed whole."""
ENOUGH = 2000
"""Seeds after which everything that can be met must have been met."""


def main() -> int:
    """Run what is asked for; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="simulate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--mutants", action="store_true")
    parser.add_argument("--record", action="store_true")
    arguments = parser.parse_args()
    started, used = time.monotonic(), _cpu_seconds()
    with multiprocessing.get_context("spawn").Pool(arguments.processes) as pool:
        code = (
            _mutants(pool, recording=arguments.record)
            if arguments.mutants
            else _seeds(pool, arguments.first, arguments.seeds)
        )
        pool.close()
        pool.join()
    seconds, cpu = time.monotonic() - started, _cpu_seconds() - used
    print(f"{seconds:.0f} s, {cpu:.0f} s of processor time")
    return code


def _seeds(pool: "multiprocessing.pool.Pool", first: int, number: int) -> int:
    end = first + number
    batches = [range(begin, min(begin + BATCH, end)) for begin in range(first, end, BATCH)]
    marks: Counter[str] = Counter()
    transitions: set[tuple[str, str, str]] = set()
    failures: list[str] = []
    for met, seen, failed in pool.imap_unordered(run_batch, batches):
        marks.update(met)
        transitions |= seen
        failures += failed
        for text in failed[: max(SHOWN - len(failures) + len(failed), 0)]:
            print(text, file=sys.stderr)
    missing = [name for name in EVERY if not marks[name]]
    missing += [
        f"{kind}: {before or 'nothing'} → {after}" for kind, before, after in reached_nowhere(transitions)
    ]
    print(", ".join(f"{name} {count}" for name, count in sorted(marks.items())))
    if missing:
        print(f"never met: {', '.join(missing)}", file=sys.stderr)
    print(f"{number} seeds, {len(failures)} failed, {len(missing)} of what can be met was not")
    return int(bool(failures) or (bool(missing) and number >= ENOUGH))


def _mutants(pool: "multiprocessing.pool.Pool", *, recording: bool) -> int:
    found = list(pool.imap_unordered(find_mutant, MUTANTS))
    for each in sorted(found, key=lambda each: (-1 if each.seed is None else each.seed, each.sentence)):
        print(f"{each.sentence}: {each.how}")
    hidden = [each.sentence for each in found if each.seed is None and not each.test]
    moved = [each for each in found if each.seed is not None and (each.seed,) != known_seeds(each.sentence)]
    if recording:
        record(found)
    elif moved:
        print(f"{len(moved)} were found by another seed than before: `--mutants --record` writes that down")
    print(f"{len(found)} mutants, {len(hidden)} not found")
    return int(bool(hidden))


def _cpu_seconds() -> float:
    """Of this process and those that have ended below it."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


if __name__ == "__main__":
    sys.exit(main())
