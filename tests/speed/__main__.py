"""Speed, judged: of two kinds of work, side by side.

    python -m tests.speed before COMMIT     no more than a tenth slower than that commit?
    python -m tests.speed growth            a million children within a quarter of the rate of ten thousand?
    python -m tests.speed sockets           what 110 WebSockets cost the latency of jobs that come at 200/s

Each measurement is a process of its own; those that are compared take turns, and their medians count, because a
machine's disk is faster at one minute than at the next. Exit 1 if it does not hold. For a quiet machine.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from tests.speed.sockets import difference

ROOT = Path(__file__).parents[2]
SLOWER = 0.9
GROWTH = 0.75
SOCKETS = 0.9


def tell(text: str) -> None:
    """A line on stdout, at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def rate(source: Path, children: int, scratch: Path) -> float:
    """Jobs per second of the source tree, by its own benchmark."""
    asked = ["--json", "--children", str(children), "--store", str(scratch / "quaero.db")]
    done = subprocess.run(
        [sys.executable, "-m", "runtime.cli", "bench", "fanout", *asked],
        cwd=source,
        env={**os.environ, "PYTHONPATH": str(source)},
        stdout=subprocess.PIPE,
        check=True,
    )
    return float(json.loads(done.stdout)["jobs_per_second"])


def compared(rounds: int, first: Callable[[], float], second: Callable[[], float], names: str) -> float:
    """The ratio of the medians of both, measured in turns."""
    found: list[tuple[float, float]] = []
    for number in range(rounds):
        found.append((first(), second()))
        tell(f"round {number + 1}: {names.format(*(f'{each:.0f}/s' for each in found[-1]))}")
    return median(each for each, _ in found) / median(each for _, each in found)


def before(commit: str, children: int, rounds: int, scratch: Path) -> float:
    """This tree's rate by that of the commit."""
    old = scratch / "before"
    subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(old), commit], cwd=ROOT, check=True)
    try:
        return compared(
            rounds,
            lambda: rate(ROOT, children, scratch),
            lambda: rate(old, children, scratch),
            f"now {{}}, {commit} {{}}",
        )
    finally:
        subprocess.run(["git", "worktree", "remove", "--force", str(old)], cwd=ROOT, check=True)


def growth(small: int, large: int, rounds: int, scratch: Path) -> float:
    """The rate of a large fan-out by that of a small one, the median of five each time."""
    return compared(
        rounds,
        lambda: rate(ROOT, large, scratch),
        lambda: median(rate(ROOT, small, scratch) for _ in range(5)),
        f"{large} children {{}}, {small} children {{}}",
    )


def sockets(rounds: int, seconds: float, scratch: Path) -> float:
    """The 99th percentile of the latency without listeners by that with them; 0 if they missed anything."""
    found = difference(scratch / "quaero.db", rounds, seconds, tell)
    tell(
        f"p99 {found.none_ms:.1f} ms without listeners, {found.with_ms:.1f} ms with them {found.faults or ''}"
    )
    return 0.0 if found.faults else found.none_ms / found.with_ms


def main() -> int:
    """Exit 0 if it holds."""
    parser = argparse.ArgumentParser(prog="python -m tests.speed", description=__doc__.partition("\n")[0])
    kinds = parser.add_subparsers(dest="kind", required=True)
    of_before, of_growth = kinds.add_parser("before"), kinds.add_parser("growth")
    of_before.add_argument("commit")
    of_before.add_argument("--children", type=int, default=100_000)
    of_growth.add_argument("--small", type=int, default=10_000)
    of_growth.add_argument("--large", type=int, default=1_000_000)
    of_sockets = kinds.add_parser("sockets")
    of_sockets.add_argument("--seconds", type=float, default=5.0)
    for each in (of_before, of_growth, of_sockets):
        each.add_argument("--rounds", type=int, default=3)
        each.add_argument("--directory", type=Path, help="where the stores are made")
    said = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="quaero-speed-", dir=said.directory) as scratch:
        if said.kind == "before":
            ratio, least = before(said.commit, said.children, said.rounds, Path(scratch)), SLOWER
        elif said.kind == "sockets":
            ratio, least = sockets(said.rounds, said.seconds, Path(scratch)), SOCKETS
        else:
            ratio, least = growth(said.small, said.large, said.rounds, Path(scratch)), GROWTH
    tell(f"{ratio:.2f}, at least {least} is asked for")
    return int(ratio < least)


if __name__ == "__main__":
    sys.exit(main())
