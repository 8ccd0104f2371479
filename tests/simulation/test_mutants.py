"""What the simulation is worth: it finds mistakes. Some are tried here, ``make mutants`` tries all of them."""

from pathlib import Path

import pytest

from tests.simulation.batches import WITHIN, find_mutant, known_seeds
from tests.simulation.mutants import ALL, BY_TEST, mutated

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


@pytest.mark.parametrize("sentence", sorted(ALL.keys() - BY_TEST.keys()))
def test_a_mutant_was_found_by_one_of_the_seeds_within_which_it_must_be(sentence: str) -> None:
    """``python -m tests.simulation --mutants --record`` writes down by which; ``make mutants`` finds it again."""
    (seed,) = known_seeds(sentence)
    assert 0 <= seed < WITHIN


@pytest.mark.parametrize("sentence", BY_TEST)
def test_a_mutant_that_no_seed_can_find_names_a_test(sentence: str) -> None:
    path, _, name = BY_TEST[sentence].partition("::")
    assert f"def {name}(" in Path(path).read_text()
