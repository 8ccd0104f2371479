"""Runs one test of the suite with a mutant, in a process of its own: the test must fail, and pass without the mutant.

python -m tests.simulation.under_mutant SENTENCE TEST
"""

import subprocess
import sys
from contextlib import nullcontext

import pytest

from tests.simulation.mutants import mutated

NONE = "none"
"""Instead of a mutant."""


def fails_under(sentence: str, test: str) -> bool:
    """Whether the mutant, and nothing else, makes the test fail. A test that is not there finds nothing out."""
    return (
        _outcome(NONE, test) == pytest.ExitCode.OK
        and _outcome(sentence, test) == pytest.ExitCode.TESTS_FAILED
    )


def _outcome(sentence: str, test: str) -> int:
    command = [sys.executable, "-m", __name__, sentence, test]
    return subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    ).returncode


def main(sentence: str, test: str) -> int:
    """Run it; returns pytest's exit code."""
    with nullcontext() if sentence == NONE else mutated(sentence):
        # The runtime is imported by now: it is what was changed. Its own pytest plugin need not be rewritten.
        without = [part for each in ("cacheprovider", "randomly", "xdist") for part in ("-p", f"no:{each}")]
        return pytest.main(["-q", "-x", *without, "-W", "ignore::pytest.PytestAssertRewriteWarning", test])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
