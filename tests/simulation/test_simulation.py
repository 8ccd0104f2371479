"""Whole runtimes under faults, each run drawn from a seed: every promise holds after every commit, and all ends."""

import subprocess
import sys

import pytest

from tests.simulation.seeds import Seeds

SHORT = 120
"""Seeds of the suite; `make simulate SEEDS=8000` runs many more."""
BATCH = 30


@pytest.mark.parametrize("first", range(0, SHORT, BATCH))
def test_whatever_happens_every_promise_holds_and_everything_ends(first: int) -> None:
    with Seeds() as seeds:
        for seed in range(first, first + BATCH):
            seeds.run(seed)


def test_a_seed_is_repeated_exactly_also_by_another_process() -> None:
    code = (
        "import sys; from tests.simulation.seeds import Seeds\n"
        "with Seeds() as seeds: print([seeds.run(seed).trace for seed in (3, 4, 5)])"
    )
    traces = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": hash_seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert traces[0] == traces[1] != ""
    with Seeds() as seeds:
        assert str([seeds.run(seed).trace for seed in (3, 4, 5)]) == traces[0].strip()
