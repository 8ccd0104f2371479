"""What the simulation is worth: it finds every one of these mistakes."""

import pytest

from tests.simulation.mutants import EVERY, mutated
from tests.simulation.seeds import Seeds

WITHIN = 1000
"""Seeds within which a mutant must be found."""


@pytest.mark.parametrize("sentence", EVERY)
def test_the_simulation_finds_out_when(sentence: str) -> None:
    with mutated(sentence), Seeds() as seeds:
        for seed in range(WITHIN):
            try:
                seeds.run(seed)
            except Exception:  # noqa: BLE001 (however it is noticed)
                return
    pytest.fail(f"{WITHIN} seeds did not notice: {sentence}")
