"""``make mutate``: makes mistakes in our code, one at a time, and says which ones no test notices.

python -m tests.mutation measure [TEST...]   what each test runs; once, before anything is tried
python -m tests.mutation try [FILE...]       try the mutants of these files, or of all that carry durable work
python -m tests.mutation list [FILE...]      only name them
"""

import argparse
import os
import random
import sys
import warnings
from pathlib import Path

import pytest

from tests.mutation import equivalents, reach
from tests.mutation.making import mutants_of
from tests.mutation.mutant import ROOT, Mutant
from tests.mutation.record import Record, Verdict
from tests.mutation.trial import Recorder, Trials

PLACE = ROOT / "build" / "mutation"
TESTS = ("tests/store", "tests/orchestrator", "tests/actors")
VERBS = (
    *("begin", "cancel", "children", "damaged", "end", "lease", "name", "own", "pause", "recover", "reopen"),
    *("rerun", "retry", "settle", "stop", "submit", "sweep", "take", "tolerate", "wake"),
)
FILES = (
    *(f"runtime/store/verbs/{name}.py" for name in VERBS),
    *(f"runtime/store/{name}.py" for name in ("slots", "newcomers")),
    *(f"actors/orchestrator/{name}.py" for name in ("outcome", "plan", "reopen", "tolerance")),
    "actors/worker/backoff.py",
)
"""What settles, spawns, names, leases, cancels, retries and recovers; and what decides about it."""
# The runtime is imported by now: it is what is mutated. Its own pytest plugin need not be rewritten.
REWRITTEN = "ignore::pytest.PytestAssertRewriteWarning"
OPTIONS = ("-q", "-s", "-p", "no:terminalreporter", "-W", REWRITTEN)
UNUSED = ("randomly", "xdist", "cacheprovider", "faulthandler")


def main() -> int:
    """Do what is asked for; returns the exit code: 1 if a mutant was not caught that should be."""
    arguments = _arguments()
    warnings.simplefilter("ignore")  # a mutant that compares with a literal, say
    options = [*OPTIONS, *(part for each in UNUSED for part in ("-p", f"no:{each}"))]
    if arguments.what == "measure":
        arguments.place.mkdir(parents=True, exist_ok=True)
        chosen = ["-k", arguments.only] if arguments.only else []
        into = arguments.place / f"{arguments.name}.reach.json"
        return int(pytest.main([*options, *(arguments.paths or TESTS), *chosen], [Recorder(into)]))
    mutants = _chosen(arguments)
    if arguments.what == "list":
        print("\n".join(mutant.title for mutant in mutants))
        return 0
    known = reach.load(sorted(arguments.place.glob("*.reach.json")))
    if not known:
        print("nothing is known of the tests: python -m tests.mutation measure", file=sys.stderr)
        return 2
    record = Record(arguments.place / "verdicts.jsonl")
    done, todo = _divided(mutants, record, arguments.again)
    trials = Trials(
        todo,
        known,
        record,
        processes=arguments.processes,
        test_seconds=arguments.test_seconds,
        seeds=arguments.seeds,
    )
    os.environ["QUAERO_ENCODE_MESSAGES"] = "1"
    pytest.main([*options, *sorted({test.split("::")[0] for test in known})], [trials])
    return _report(done + trials.verdicts)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="mutation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("measure", "try", "list"))
    parser.add_argument("paths", nargs="*")
    parser.add_argument(
        "--only", default="", help="of the mutants, or tests, those whose title has this text"
    )
    parser.add_argument("--keys", default="", help="only the mutants with these keys, by commas")
    parser.add_argument("--skip", default="", help="no mutants of these operators, by commas")
    parser.add_argument("--sample", type=int, default=0, help="so many of them, drawn by --draw")
    parser.add_argument("--draw", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--test-seconds", type=float, default=20, help="of tests, measured, for one mutant")
    parser.add_argument("--seeds", type=int, default=40, help="of the simulation, for one mutant")
    parser.add_argument(
        "--again",
        choices=("none", "alive", "all"),
        default="alive",
        help="of those that were tried before, with the same file: which are tried once more; alive = no reason why",
    )
    parser.add_argument("--place", type=Path, default=PLACE, help="where what was measured and found is kept")
    parser.add_argument("--name", default="tests", help="what was measured is kept under this name")
    return parser.parse_args()


def _chosen(arguments: argparse.Namespace) -> list[Mutant]:
    keys, skipped = (set(filter(None, text.split(","))) for text in (arguments.keys, arguments.skip))
    mutants = [
        mutant
        for path in arguments.paths or FILES
        for mutant in mutants_of(path)
        if arguments.only in mutant.title
        and (not keys or mutant.key in keys)
        and mutant.operator not in skipped
    ]
    if arguments.sample:
        return random.Random(arguments.draw).sample(  # noqa: S311 (meant to be repeated)
            mutants, min(arguments.sample, len(mutants))
        )
    return mutants


def _divided(mutants: list[Mutant], record: Record, again: str) -> tuple[list[Verdict], list[Mutant]]:
    """What is known of mutants that are not tried again; and the others."""
    reasons, done, todo = equivalents.reasons(), [], []
    for mutant in mutants:
        verdict = record.verdict_of(mutant)
        unsure = verdict is not None and verdict.caught_by is None and mutant.key not in reasons
        if verdict is None or again == "all" or (again == "alive" and unsure):
            todo.append(mutant)
        else:
            done.append(verdict)
    return done, todo


def _report(verdicts: list[Verdict]) -> int:
    """What is not caught and has no reason; and reasons of mutants that were caught after all."""
    reasons = equivalents.reasons()
    alive = [verdict for verdict in verdicts if verdict.caught_by is None]
    missed = [verdict for verdict in alive if verdict.key not in reasons]
    for verdict in missed:
        print(verdict.title)
    for verdict in verdicts:
        if verdict.caught_by and verdict.key in reasons:
            print(f"caught by {verdict.caught_by}, though equivalent.toml has it: {verdict.title}")
    print(
        f"{len(verdicts)} mutants, {len(verdicts) - len(alive)} caught,"
        f" {len(alive) - len(missed)} known to change nothing that counts, {len(missed)} not caught"
    )
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
