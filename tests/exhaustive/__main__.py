"""``make exhaustive``: every state of every small world with up to three jobs, two runtimes and one fault.

python -m tests.exhaustive [--jobs N] [--processes N]
"""

import argparse
import multiprocessing
import os
import sys
import time

from tests.exhaustive.scope import scopes
from tests.exhaustive.suite import explored, missing


def main() -> int:
    """Explore them; returns the exit code."""
    parser = argparse.ArgumentParser(prog="exhaustive", description=__doc__)
    parser.add_argument("--jobs", type=int, default=3, choices=(2, 3))
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    started = time.monotonic()
    asked = [(arguments.jobs, number) for number in range(len(scopes(arguments.jobs)))]
    everything, failures = [], 0
    with multiprocessing.get_context("spawn").Pool(arguments.processes) as pool:
        for found, failure in pool.imap_unordered(explored, asked):
            everything.append(found)
            if failure:
                failures += 1
                print(failure, file=sys.stderr)
            print(
                f"{found.name}: {found.states} states, {found.actions} actions, {found.ends} ends", flush=True
            )
    states, acts = sum(each.states for each in everything), sum(each.actions for each in everything)
    print(f"{states} states, {acts} actions in {time.monotonic() - started:.0f} s, {failures} failed")
    left = missing(everything)
    for line in left:
        print(f"never gone along: {line}", file=sys.stderr)
    return int(bool(failures or left))


if __name__ == "__main__":
    sys.exit(main())
