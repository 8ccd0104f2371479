"""Every state that a small world can reach is sound, and from each of them everything can end."""

from functools import cache

import pytest

from tests.exhaustive.scope import scopes
from tests.exhaustive.suite import explored, missing
from tests.simulation.mutants import mutated

JOBS = 2
"""In the suite; `make exhaustive` has three."""
PLACES = {scope.name: place for place, scope in enumerate(scopes(JOBS))}

once = cache(explored)


@pytest.mark.timeout(600)  # a matter of seconds, but of processor time
@pytest.mark.parametrize("name", PLACES)
def test_every_state_of_a_small_world_is_sound_and_leads_to_an_end(name: str) -> None:
    found, broken = once((JOBS, PLACES[name]))
    assert not broken
    assert found.states > found.ends > 0


@pytest.mark.timeout(600)  # if it comes first, it explores all
def test_every_line_of_the_table_is_gone_along() -> None:
    assert missing(once((JOBS, place))[0] for place in PLACES.values()) == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("sentence", "where"),
    [
        ("settle without token", "every outcome, and every fault"),
        ("attempt counted after instead of before", "every outcome, and every fault"),
        ("requeue inside a cancelled tree", "cancels"),
        ("a settlement that comes twice counts twice", "every outcome, and every fault"),
        ("spawns under a closing step are made", "cancels"),
        ("a failed attempt in a cancelled tree is repeated", "cancels"),
        ("a page is recorded under any token", "pages of children, and every fault"),
        ("a page is recorded without its cursor", "pages of children, and every fault"),
        ("what a commit leased whose answer was lost is not given back", "every outcome, and every fault"),
        ("the waiting jobs of a closing step are not swept", "a tolerance that is used up"),
        ("a step that is over lets nobody behind it start", "retries"),
        ("event outside the transaction", "every outcome, and every fault"),
    ],
)
def test_it_finds_out_when(sentence: str, where: str) -> None:
    with mutated(sentence):
        _, broken = explored((JOBS, PLACES[where]))
    assert broken
