"""What the simulation is worth: it finds mistakes. Some are tried here, ``make mutants`` tries all of them."""

from pathlib import Path

import pytest

from tests.simulation.batches import WITHIN, find_mutant, recorded
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


def test_what_is_on_record_is_of_mutants_and_of_seeds_within_which_they_must_be_found() -> None:
    """`make mutants` tries them first; `python -m tests.simulation --mutants --record` writes them down."""
    found = recorded()
    assert found.keys() <= ALL.keys() - BY_TEST.keys()
    assert all(0 <= seed < WITHIN for seed in found.values())


@pytest.mark.parametrize("sentence", BY_TEST)
def test_a_mutant_that_no_seed_can_find_names_a_test(sentence: str) -> None:
    path, _, name = BY_TEST[sentence].partition("::")
    assert f"def {name}(" in Path(path).read_text()


def test_the_test_that_a_mutant_names_fails_under_it() -> None:
    sentence = "leases of another boot are kept"
    assert find_mutant(sentence).test == BY_TEST[sentence]
