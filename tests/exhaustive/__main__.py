"""``make exhaustive``: every state of every small world with up to three jobs, two runtimes and one fault.

python -m tests.exhaustive [--only TEXT] [--processes N]
"""

import argparse
import multiprocessing
import os
import sys
import time

from tests.exhaustive.explore import Found
from tests.exhaustive.scope import long, short
from tests.exhaustive.suite import explored_aloud, missing


def main() -> int:
    """Explore them; returns the exit code."""
    parser = argparse.ArgumentParser(prog="exhaustive", description=__doc__)
    parser.add_argument("--only", default="", help="the worlds that have this in their names")
    parser.add_argument("--short", action="store_true", help="those of the suite, with two jobs")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    arguments = parser.parse_args()
    worlds = [each for each in (short() if arguments.short else long()) if arguments.only in each.name]
    started = time.monotonic()
    everything, failures = [], 0
    with multiprocessing.get_context("spawn").Pool(arguments.processes) as pool:
        for number, (found, failure) in enumerate(pool.imap_unordered(explored_aloud, worlds), 1):
            everything.append(found)
            if failure:
                failures += 1
                print(failure, file=sys.stderr)
            print(f"{number}/{len(worlds)} {_line(found)}", flush=True)
    states, acts = sum(each.states for each in everything), sum(each.actions for each in everything)
    seconds = sum(each.seconds for each in everything)
    took = f"{time.monotonic() - started:.0f} s, {seconds:.0f} s of processor time"
    print(f"{states} states, {acts} actions in {took}, {failures} failed")
    left = [] if arguments.only else missing(everything)
    for line in left:
        print(f"never gone along: {line}", file=sys.stderr)
    return int(bool(failures or left))


def _line(found: Found) -> str:
    each = f"{1000 * found.seconds / max(found.actions, 1):.2f} ms each"
    return f"{found.name}: {found.states} states, {found.actions} actions ({each}), {found.ends} ends"


if __name__ == "__main__":
    sys.exit(main())
