"""Whole runtimes under faults, each run drawn from a seed: every promise holds after every commit, and all ends."""

import subprocess
import sys

import pytest

from tests.simulation.mutants import mutated
from tests.simulation.seeds import Seeds
from tests.simulation.world import TAIL

SHORT = 80
"""Seeds of the suite; `make simulate SEEDS=8000` runs many more."""
BATCH = 20


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


def test_a_seed_does_not_depend_on_those_that_were_run_before_it() -> None:
    with Seeds() as seeds:
        forwards = [seeds.run(seed).trace for seed in range(10, 15)]
    with Seeds() as seeds:
        backwards = [seeds.run(seed).trace for seed in reversed(range(10, 15))]

    assert forwards == backwards[::-1]
    assert len(set(forwards)) == 5


def test_a_failing_seed_tells_itself_and_its_last_turns_and_fails_again_alike() -> None:
    with mutated("what was given back is in no lane"):
        seed, told = _first_failure(0)
        again = _first_failure(seed)

    assert again == (seed, told)
    *turns, last = told.splitlines()[-TAIL - 1 :]
    assert last.startswith(f"seed {seed}, step ")
    assert len(turns) == TAIL
    assert [int(turn.split()[0]) for turn in turns] == sorted(int(turn.split()[0]) for turn in turns)


def _first_failure(first: int) -> tuple[int, str]:
    """The first seed that fails from that one on, and what it tells."""
    with Seeds() as seeds:
        for seed in range(first, first + 100):
            try:
                seeds.run(seed)
            except Exception as error:  # noqa: BLE001 (however it is noticed)
                return seed, "\n".join((str(error), *error.__notes__))
    raise AssertionError("no seed has failed")
