"""Every state that a small world can reach is sound, and from each of them everything can end."""

from functools import cache

import pytest

from tests.exhaustive.explore import Found
from tests.exhaustive.mutants import EVERY, planted
from tests.exhaustive.scope import short
from tests.exhaustive.suite import explored, missing

WORLDS = {scope.name: scope for scope in short()}


@cache
def once(name: str) -> tuple[Found, str]:
    return explored(WORLDS[name])


@pytest.mark.timeout(600)  # a matter of seconds, but of processor time
@pytest.mark.parametrize("name", WORLDS)
def test_every_state_of_a_small_world_is_sound_and_leads_to_an_end(name: str) -> None:
    found, broken = once(name)
    assert not broken
    assert found.states > found.ends > 0


@pytest.mark.timeout(600)  # if it comes first, it explores all
def test_every_line_of_the_table_is_gone_along() -> None:
    assert missing(once(name)[0] for name in WORLDS) == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize(("sentence", "where"), EVERY.items())
def test_it_finds_out_when(sentence: str, where: str) -> None:
    with planted(sentence):
        _, broken = explored(WORLDS[where])
    assert broken
