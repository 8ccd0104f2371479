"""What the simulation is worth: it finds mistakes. Some are tried here, ``make mutants`` tries all of them."""

import pytest

from tests.simulation.batches import find_mutant
from tests.simulation.mutants import ALL, mutated

QUICK = (
    "settle without token",
    "finish on counts kept only in memory",
    "event outside the transaction",
    "what was given back is in no lane",
)
"""Found by one of the first seeds."""


@pytest.mark.parametrize("sentence", QUICK)
def test_the_simulation_finds_out_when(sentence: str) -> None:
    assert find_mutant(sentence).seed is not None


@pytest.mark.parametrize("sentence", ALL)
def test_a_mutant_still_has_something_to_change(sentence: str) -> None:
    """The code that a mutant changes is there; else it would be no mutant, and be missed only by ``make mutants``."""
    with mutated(sentence):
        pass
